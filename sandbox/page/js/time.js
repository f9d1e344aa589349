// Times are shown short, and in full with their zone when hovered or focused.
import { h } from './dom.js';

const LOCALE = 'en-GB';
const format = (options) => new Intl.DateTimeFormat(LOCALE, options);
const SHORT = format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const SECONDS = format({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const FULL = format({
  weekday: 'short', day: 'numeric', month: 'short', year: 'numeric',
  hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZoneName: 'short',
});
const DAY = format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const ZONE = format({ timeZoneName: 'short' });

const DATE_FORMATS = {
  date_num: format({ year: 'numeric', month: '2-digit', day: '2-digit' }),
  date: format({ day: 'numeric', month: 'long', year: 'numeric' }),
  date_short: format({ day: 'numeric', month: 'short', year: 'numeric' }),
  date_long: DAY,
  time: SHORT,
  time_secs: SECONDS,
};

// fromTS turns a Slack timestamp ("1763763600.000100") into a Date.
export function fromTS(ts) {
  return new Date(parseFloat(ts) * 1000);
}

// full is the absolute time with seconds and zone.
export function full(date) {
  return FULL.format(date);
}

// short is hours and minutes.
export function short(date) {
  return SHORT.format(date);
}

// dayName is "Today", "Yesterday" or the date.
export function dayName(date) {
  const days = Math.round((startOfDay(new Date()) - startOfDay(date)) / 86400000);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return DAY.format(date);
}

// zone is the short name of the time zone in which the page shows times.
export function zone(date) {
  return ZONE.formatToParts(date).find((part) => part.type === 'timeZoneName')?.value || '';
}

function startOfDay(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}

// relative says how long ago or ahead a time is, in the largest fitting unit.
export function relative(date, now = new Date()) {
  const seconds = Math.round((date - now) / 1000);
  const units = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];
  const [unit, size] = units.find(([, span]) => Math.abs(seconds) >= span) || ['second', 1];
  return new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' }).format(Math.trunc(seconds / size), unit);
}

// timeElement shows a text for a time; its title, renewed when looked at, is
// the absolute time with zone and how long ago that is.
export function timeElement(date, text = short(date)) {
  if (Number.isNaN(date.getTime())) return h('span', {}, text);
  const node = h('time.time', { datetime: date.toISOString() }, text);
  const renew = () => { node.title = `${full(date)} · ${relative(date)}`; };
  renew();
  node.addEventListener('pointerenter', renew);
  return node;
}

// dateToken renders Slack's <!date^seconds^format^link|fallback>.
export function dateToken(seconds, pattern, fallback) {
  const date = new Date(Number(seconds) * 1000);
  if (!Number.isFinite(Number(seconds)) || Number.isNaN(date.getTime())) return h('span', {}, fallback);
  const text = String(pattern).replace(/\{(\w+)\}/g, (whole, name) => {
    if (name === 'ago') return relative(date);
    if (name.endsWith('_pretty') || name === 'day_divider_pretty') return pretty(date, name);
    return DATE_FORMATS[name] ? DATE_FORMATS[name].format(date) : whole;
  });
  return timeElement(date, text);
}

function pretty(date, name) {
  const day = dayName(date);
  if (day === 'Today' || day === 'Yesterday') return day.toLowerCase();
  return (DATE_FORMATS[name.replace('_pretty', '')] || DAY).format(date);
}
