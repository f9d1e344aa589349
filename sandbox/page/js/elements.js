// Interactive elements of Block Kit. Each one is built from native controls,
// registers how its value is read, and reports use through context.act.
import { h, icon, uid } from './dom.js';
import { plain } from './mrkdwn.js';
import { openMenu } from './menu.js';
import { confirmFirst } from './confirm.js';
import { multiPick, choices, option, optionValue, picks } from './options.js';

// newForm collects the values of the elements of one message or view.
export function newForm() {
  const fields = [];
  return {
    fields,
    add: (field) => fields.push(field),
    state: () => {
      const values = {};
      for (const { block, action, read } of fields) (values[block] ||= {})[action] = read();
      return values;
    },
  };
}

const BUILDERS = {
  button, overflow, image,
  static_select: select, external_select: select, users_select: select,
  conversations_select: select, channels_select: select,
  multi_static_select: multi, multi_external_select: multi, multi_users_select: multi,
  multi_conversations_select: multi, multi_channels_select: multi,
  checkboxes, radio_buttons: radios,
  datepicker: dateInput, timepicker: timeInput, datetimepicker: dateTimeInput,
  plain_text_input: textInput, email_text_input: textInput, url_text_input: textInput,
  number_input: textInput, rich_text_input: textInput,
};

// element renders one interactive element. context: {block, form, act?, label?,
// env}. Without act it only holds a value, as in an input block.
export function element(el, context) {
  const build = BUILDERS[el.type];
  if (!build) return h('span.unsupported', {}, `“${el.type}” cannot be shown here`);
  return build(el, context);
}

function register(el, context, read, focus) {
  context.form.add({ block: context.block, action: el.action_id, type: el.type, read: () => ({ type: el.type, ...read() }), focus });
}

// act sends what was chosen, after the confirmation the app may have asked for.
async function act(el, context, node, value) {
  if (!context.act) return;
  if (el.confirm && !(await confirmFirst(el.confirm))) return;
  await context.act({ type: el.type, block_id: context.block, action_id: el.action_id, ...value }, node);
}

const marks = (el, context) => ({ data: { actionId: el.action_id || '', blockId: context.block || '' } });

function button(el, context) {
  const style = ['primary', 'danger'].includes(el.style) ? `.${el.style}` : '';
  const url = /^https?:\/\//i.test(el.url || '') ? el.url : null;
  const onclick = (event) => act(el, context, event.currentTarget, el.value === undefined ? {} : { value: el.value });
  if (url) {
    return h(`a.button${style}`, { ...marks(el, context), href: url, target: '_blank', rel: 'noopener noreferrer', 'aria-label': el.accessibility_label, onclick },
      plain(el.text?.text), h('span.out', { 'aria-hidden': 'true' }, ' ↗'));
  }
  return h(`button.button${style}`, { ...marks(el, context), type: 'button', 'aria-label': el.accessibility_label, onclick }, plain(el.text?.text));
}

function overflow(el, context) {
  return h('button.button.icon-button', {
    ...marks(el, context), type: 'button', 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'aria-label': 'More choices',
    onclick: (event) => {
      const anchor = event.currentTarget;
      openMenu(anchor, 'More choices', (el.options || []).map((one) => ({
        label: plain(one.text?.text),
        data: { value: one.value || '' },
        onpick: () => {
          if (/^https?:\/\//i.test(one.url || '')) window.open(one.url, '_blank', 'noopener');
          act(el, context, anchor, { selected_option: optionValue(one) });
        },
      })));
    },
  }, icon('more'));
}

function image(el) {
  return h('img.accessory-image', { src: el.image_url || el.slack_file?.url || '', alt: el.alt_text || '', loading: 'lazy' });
}

function select(el, context) {
  const kind = choices(el, context.env);
  const placeholder = el.placeholder?.text || 'Choose…';
  const node = h('select.input', { ...marks(el, context), id: context.id, 'aria-label': context.id ? null : (context.label || placeholder) },
    h('option', { value: '' }, placeholder));
  for (const group of kind.groups) {
    const options = group.options.map((one) => option(one, kind.initial.includes(one.value)));
    node.append(...(group.label ? [h('optgroup', { label: group.label }, options)] : options));
  }
  const read = () => kind.read(kind.find([node.value]))[0];
  register(el, context, read, () => node.focus());
  node.addEventListener('change', () => { if (node.value || !context.act) act(el, context, node, read()); });
  return node;
}

function multi(el, context) {
  const kind = choices(el, context.env);
  const picker = multiPick(kind, { label: context.label || el.placeholder?.text || 'Choose', max: el.max_selected_items, marks: marks(el, context), id: context.id });
  const read = () => kind.read(kind.find(picker.chosen()))[1];
  register(el, context, read, picker.focus);
  picker.node.addEventListener('change', () => act(el, context, picker.node, read()));
  return picker.node;
}

function checkboxes(el, context) {
  const list = picks(el, 'checkbox', context.label, marks(el, context));
  const read = () => ({ selected_options: list.chosen().map(optionValue) });
  register(el, context, read, list.focus);
  list.node.addEventListener('change', () => act(el, context, list.node, read()));
  return list.node;
}

function radios(el, context) {
  const list = picks(el, 'radio', context.label, marks(el, context));
  const read = () => ({ selected_option: list.chosen().map(optionValue)[0] || null });
  register(el, context, read, list.focus);
  list.node.addEventListener('change', () => act(el, context, list.node, read()));
  return list.node;
}

function native(type, initial, read) {
  return (el, context) => {
    const node = h('input.input', { ...marks(el, context), id: context.id, type, value: initial(el), 'aria-label': context.id ? null : (context.label || el.placeholder?.text || type) });
    register(el, context, () => read(node.value), () => node.focus());
    node.addEventListener('change', () => { if (node.value) act(el, context, node, read(node.value)); });
    return node;
  };
}

function dateInput(el, context) {
  return native('date', () => el.initial_date || '', (value) => ({ selected_date: value || null }))(el, context);
}

function timeInput(el, context) {
  return native('time', () => el.initial_time || '', (value) => ({ selected_time: value || null }))(el, context);
}

function dateTimeInput(el, context) {
  return native('datetime-local', () => localDateTime(el.initial_date_time),
    (value) => ({ selected_date_time: value ? Math.floor(new Date(value).getTime() / 1000) : null }))(el, context);
}

function localDateTime(seconds) {
  if (!seconds) return '';
  const date = new Date(seconds * 1000);
  return new Date(seconds * 1000 - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

const INPUT_TYPES = { email_text_input: 'email', url_text_input: 'url', number_input: 'number' };

function textInput(el, context) {
  const multiline = el.multiline || el.type === 'rich_text_input';
  const node = h(multiline ? 'textarea.input' : 'input.input', {
    ...marks(el, context), id: context.id || uid('field'), 'aria-label': context.id ? null : (context.label || el.placeholder?.text),
    type: multiline ? null : (INPUT_TYPES[el.type] || 'text'), rows: multiline ? 4 : null,
    step: el.type === 'number_input' ? (el.is_decimal_allowed ? 'any' : '1') : null,
    min: el.min_value, max: el.max_value, maxlength: el.max_length, placeholder: el.placeholder?.text, autocomplete: 'off',
    value: initialText(el),
  });
  const read = () => (el.type === 'rich_text_input' ? { rich_text_value: asRichText(node.value) } : { value: node.value === '' ? null : node.value });
  register(el, context, read, () => node.focus());
  const on = el.dispatch_action_config?.trigger_actions_on || ['on_enter_pressed'];
  node.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !multiline && on.includes('on_enter_pressed')) act(el, context, node, read());
  });
  if (on.includes('on_character_entered')) node.addEventListener('input', oneByOne(() => act(el, context, node, read())));
  return node;
}

// oneByOne makes one call at a time: what came meanwhile makes one more, with the newest text.
function oneByOne(call) {
  let under = false;
  let again = false;
  return async () => {
    if (under) {
      again = true;
      return;
    }
    under = true;
    do {
      again = false;
      await call();
    } while (again);
    under = false;
  };
}

function initialText(el) {
  if (typeof el.initial_value !== 'object') return el.initial_value ?? '';
  return (el.initial_value?.elements || []).flatMap((part) => part.elements || []).map((leaf) => leaf.text || '').join('');
}

function asRichText(text) {
  if (!text) return null;
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text }] }] };
}
