// data_visualization as plain SVG, with the same figures as a table for those
// who do not see it.
import { h, s } from './dom.js';

const HEIGHT = 220;
const PAD = { left: 44, right: 12, top: 12, bottom: 30 };
// A narrow window gets a narrow drawing, so that its letters stay as large as the text beside it.
const widthNow = () => (window.matchMedia('(max-width: 40rem)').matches ? 300 : 560);
const NUMBER = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 2, notation: 'compact' });

// chart renders one block.
export function chart(block) {
  const data = block.chart || {};
  const pie = data.type === 'pie';
  const series = pie ? [] : (data.series || []);
  const names = pie ? (data.segments || []).map((one) => one.label) : series.map((one) => one.name);
  const caption = block.title || 'Chart';
  return h('figure.chart', {},
    h('figcaption', {}, caption),
    data.axis_config?.y_label ? h('p.axis-label', {}, data.axis_config.y_label) : null,
    pie ? pieOf(data.segments || [], caption) : plotOf(data, caption),
    data.axis_config?.x_label ? h('p.axis-label.below', {}, data.axis_config.x_label) : null,
    names.length > 1 || pie ? legend(names) : null,
    tableOf(data, caption));
}

function legend(names) {
  return h('ul.legend', { 'aria-hidden': 'true' }, names.map((name, index) => h('li', {}, h(`span.key.c${index % 6}`), name)));
}

function categoriesOf(data) {
  return data.axis_config?.categories || (data.series?.[0]?.data || []).map((point) => point.label);
}

function valueAt(series, category) {
  return Number(series.data?.find((point) => point.label === category)?.value) || 0;
}

function plotOf(data, caption) {
  const categories = categoriesOf(data);
  const values = (data.series || []).flatMap((one) => categories.map((category) => valueAt(one, category)));
  const { low, high, ticks } = scaleOf(Math.min(0, ...values), Math.max(0, ...values));
  const WIDTH = widthNow();
  const inner = { w: WIDTH - PAD.left - PAD.right, h: HEIGHT - PAD.top - PAD.bottom };
  const y = (value) => PAD.top + inner.h * (1 - (value - low) / (high - low));
  const slot = inner.w / Math.max(1, categories.length);
  const x = (index) => PAD.left + slot * (index + 0.5);
  const longest = Math.max(1, ...categories.map((name) => name.length));
  const every = Math.max(1, Math.ceil((categories.length * (longest * 6.5 + 10)) / inner.w));
  const last = categories.length - 1;
  const draw = { bar: bars, line: lines, area: areas }[data.type] || bars;
  return s('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': `${caption}, ${data.type || 'bar'} chart` },
    ticks.map((tick) => [
      s('line', { x1: PAD.left, x2: WIDTH - PAD.right, y1: y(tick), y2: y(tick), class: tick === 0 ? 'axis' : 'grid' }),
      s('text', { x: PAD.left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, NUMBER.format(tick)),
    ]),
    categories.map((name, index) => ((last - index) % every ? null : s('text', { x: x(index), y: HEIGHT - 10, 'text-anchor': 'middle' }, name))),
    draw(data.series || [], categories, { x, y, slot }));
}

// scaleOf picks round steps that cover the values.
function scaleOf(min, max) {
  const rough = (max - min || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough);
  const low = Math.floor(min / step) * step;
  const high = Math.max(Math.ceil(max / step) * step, low + step);
  const ticks = [];
  for (let index = 0; low + index * step <= high + step / 2; index += 1) ticks.push(Number((low + index * step).toPrecision(12)));
  return { low, high, ticks };
}

function bars(series, categories, { x, y, slot }) {
  const width = Math.min(40, (slot * 0.7) / Math.max(1, series.length));
  return series.map((one, order) => categories.map((category, index) => {
    const value = valueAt(one, category);
    const left = x(index) + (order - series.length / 2) * width;
    return s('rect', { x: left + 1, y: Math.min(y(value), y(0)), width: Math.max(1, width - 2), height: Math.abs(y(value) - y(0)), rx: 2, class: `c${order % 6}` },
      s('title', {}, `${one.name}, ${category}: ${value}`));
  }));
}

function lines(series, categories, { x, y }) {
  return series.map((one, order) => {
    const points = categories.map((category, index) => `${x(index)},${y(valueAt(one, category))}`);
    return [
      s('polyline', { points: points.join(' '), class: `stroke c${order % 6} dash${order % 3}` }),
      points.map((point, index) => s('circle', { cx: point.split(',')[0], cy: point.split(',')[1], r: 3, class: `c${order % 6}` },
        s('title', {}, `${one.name}, ${categories[index]}: ${valueAt(one, categories[index])}`))),
    ];
  });
}

function areas(series, categories, scale) {
  const { x, y } = scale;
  const fills = series.map((one, order) => {
    const top = categories.map((category, index) => `${x(index)},${y(valueAt(one, category))}`);
    const base = [`${x(categories.length - 1)},${y(0)}`, `${x(0)},${y(0)}`];
    return s('polygon', { points: [...top, ...base].join(' '), class: `area c${order % 6}` });
  });
  return [fills, lines(series, categories, scale)];
}

function pieOf(segments, caption) {
  const total = segments.reduce((sum, one) => sum + (Number(one.value) || 0), 0) || 1;
  let turn = 0;
  const slices = segments.map((one, index) => {
    const share = (Number(one.value) || 0) / total;
    const label = s('title', {}, `${one.label}: ${one.value} (${Math.round(share * 100)} %)`);
    const [from, to] = [turn, turn + share];
    turn = to;
    if (share > 0.999) return s('circle', { cx: 100, cy: 100, r: 90, class: `c${index % 6}` }, label);
    const point = (at) => `${100 + 90 * Math.sin(2 * Math.PI * at)} ${100 - 90 * Math.cos(2 * Math.PI * at)}`;
    return s('path', { d: `M100 100L${point(from)}A90 90 0 ${share > 0.5 ? 1 : 0} 1 ${point(to)}Z`, class: `slice c${index % 6}` }, label);
  });
  return s('svg', { viewBox: '0 0 200 200', class: 'pie', role: 'img', 'aria-label': `${caption}, pie chart` }, slices);
}

function tableOf(data, caption) {
  const pie = data.type === 'pie';
  const series = data.series || [];
  const head = pie ? ['', 'Value'] : ['', ...series.map((one) => one.name)];
  const rows = pie ? (data.segments || []).map((one) => [one.label, one.value])
    : categoriesOf(data).map((category) => [category, ...series.map((one) => valueAt(one, category))]);
  return h('table.visually-hidden', {}, h('caption', {}, `${caption}, figures`),
    h('tr', {}, head.map((cell) => h('th', { scope: 'col' }, cell))),
    rows.map(([name, ...cells]) => h('tr', {}, h('th', { scope: 'row' }, name), cells.map((cell) => h('td', {}, cell)))));
}
