// Options of selects, checkboxes and radio buttons: where they come from, how
// they look, and how a choice is written down for the app.
import { h, uid } from './dom.js';
import { mrkdwn, plain } from './mrkdwn.js';

// optionValue is what an app receives of a chosen option.
export function optionValue(one) {
  const { description, ...rest } = one;
  return description ? { ...rest, description } : rest;
}

// option is one entry of a native select.
export function option(one, selected) {
  return h('option', { value: one.value, selected }, one.label);
}

const fromOption = (one) => ({ value: one.value ?? '', label: one.text?.text || one.value || '', source: one });

// choices describes the options of any kind of select: groups to show, what is
// chosen at first, and read(list) giving the value of a [single, multi] choice.
export function choices(el, env) {
  const kind = el.type.replace('multi_', '');
  if (kind === 'users_select') {
    return described(el, env.people().map((user) => ({ value: user.id, label: user.real_name || user.name, source: user.id })), 'user', 'users');
  }
  if (kind === 'conversations_select' || kind === 'channels_select') {
    const name = kind.split('s_')[0];
    return described(el, env.channels().map((one) => ({ value: one.id, label: `#${one.name}`, source: one.id })), name, `${name}s`);
  }
  const groups = el.option_groups
    ? el.option_groups.map((group) => ({ label: group.label?.text || '', options: (group.options || []).map(fromOption) }))
    : [{ options: (el.options || []).map(fromOption) }];
  const initial = [el.initial_option, ...(el.initial_options || [])].filter(Boolean);
  const missing = initial.filter((one) => !groups.some((group) => group.options.some((known) => known.value === one.value)));
  if (missing.length) groups.push({ options: missing.map(fromOption) });
  return {
    groups, initial: initial.map((one) => one.value),
    find: finder(groups),
    read: (list) => [{ selected_option: list[0] ? optionValue(list[0]) : null }, { selected_options: list.map(optionValue) }],
  };
}

function described(el, options, one, many) {
  const groups = [{ options }];
  return {
    groups, initial: [el[`initial_${one}`], ...(el[`initial_${many}`] || [])].filter(Boolean),
    find: finder(groups),
    read: (list) => [{ [`selected_${one}`]: list[0] || null }, { [`selected_${many}`]: list }],
  };
}

function finder(groups) {
  const all = groups.flatMap((group) => group.options);
  return (values) => values.map((value) => all.find((known) => known.value === value)?.source).filter(Boolean);
}

// multiPick is a list to tick several options of, with a filter once it is long.
export function multiPick(kind, { label, max, marks, id }) {
  const all = kind.groups.flatMap((group) => group.options);
  const rows = all.map((one) => row('checkbox', uid('pick'), plain(one.label), null, kind.initial.includes(one.value), one.value));
  const filter = all.length > 7 ? h('input.input.filter', { type: 'search', placeholder: 'Filter…', 'aria-label': `Filter ${label}`, id }) : null;
  filter?.addEventListener('input', () => {
    const wanted = filter.value.toLowerCase();
    rows.forEach((one) => { one.hidden = !one.textContent.toLowerCase().includes(wanted); });
  });
  filter?.addEventListener('change', (event) => event.stopPropagation());
  const node = h('div.picks.picks-box', { ...marks, role: 'group', 'aria-label': label }, filter, h('div.picks-scroll', {}, rows));
  const boxes = rows.map((one) => one.querySelector('input'));
  const limit = () => {
    const full = max && boxes.filter((box) => box.checked).length >= max;
    boxes.forEach((box) => { box.disabled = Boolean(full && !box.checked); });
  };
  node.addEventListener('change', limit);
  limit();
  return { node, chosen: () => boxes.filter((box) => box.checked).map((box) => box.value), focus: () => (filter || boxes[0])?.focus() };
}

// picks is a column of checkboxes or radio buttons.
export function picks(el, type, label, marks) {
  const initial = [el.initial_option, ...(el.initial_options || [])].filter(Boolean).map((one) => one.value);
  const name = uid('group');
  const options = el.options || [];
  const rows = options.map((one) => row(type, name, textOf(one.text), one.description && textOf(one.description), initial.includes(one.value), one.value));
  const boxes = rows.map((one) => one.querySelector('input'));
  const node = h('div.picks', { ...marks, role: type === 'radio' ? 'radiogroup' : 'group', 'aria-label': label || 'Options' }, rows);
  return { node, chosen: () => options.filter((_, index) => boxes[index].checked), focus: () => (boxes.find((box) => box.checked) || boxes[0])?.focus() };
}

const BARE = { mention: (id) => h('span', {}, `@${id}`), channelLink: (id) => h('span', {}, `#${id}`) };

function textOf(object) {
  return object?.type === 'mrkdwn' ? mrkdwn(object.text, BARE) : plain(object?.text);
}

function row(type, name, text, description, checked, value) {
  const box = h('input', { type, name, value, checked });
  return h('label.pick', {}, box, h('span.pick-text', {}, h('span', {}, text), description && h('span.pick-more', {}, description)));
}
