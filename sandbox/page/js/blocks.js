// Block Kit blocks, one function each.
import { h, uid } from './dom.js';
import { chart } from './chart.js';
import { element } from './elements.js';
import { env } from './env.js';
import { markdown } from './markdown.js';
import { mrkdwn, plain } from './mrkdwn.js';
import { richText } from './richtext.js';

// textObject renders a text object of Block Kit.
export function textObject(object) {
  if (!object) return '';
  return object.type === 'plain_text' ? plain(object.text) : mrkdwn(object.text, env);
}

const RENDERERS = {
  section, actions, input, image, table, alert,
  header: (block) => h('p.block-header', { role: 'heading', 'aria-level': 4 }, plain(block.text?.text)),
  divider: () => h('hr'),
  context: (block) => h('div.context', {}, (block.elements || []).map(contextPart)),
  context_actions: actions,
  rich_text: (block) => h('div.rich', {}, richText(block.elements, env)),
  markdown: (block) => h('div.rich', {}, markdown(block.text, env)),
  data_visualization: chart,
  data_table: table,
  file: (block) => h('p.muted', {}, `File ${block.external_id || ''}`),
};

// blocks renders a list. surface: {form, act} of the message or view it is in.
export function blocks(list, surface) {
  return (list || []).map((block, index) => {
    const render = RENDERERS[block.type];
    const id = block.block_id || `block-${index}`;
    const content = render ? render({ ...block, block_id: id }, surface)
      : h('p.unsupported', {}, `A “${block.type}” block, which cannot be shown here.`);
    return h(`div.block.block-${cssName(block.type)}`, { data: { blockId: id } }, content, h('p.block-note', { role: 'status', hidden: true }));
  });
}

const cssName = (type) => String(type).replace(/[^a-z_]/g, '');

function section(block, surface) {
  const fields = block.fields?.length ? h('div.fields', {}, block.fields.map((field) => h('div.field', {}, textObject(field)))) : null;
  const body = h('div.section-body.rich', {}, block.text && textObject(block.text), fields);
  if (!block.accessory) return body;
  return h('div.section', {}, body, h('div.accessory', {}, element(block.accessory, { block: block.block_id, env, ...surface })));
}

function actions(block, surface) {
  return h('div.actions', { role: 'group' }, (block.elements || []).map((one) => element(one, { block: block.block_id, env, ...surface })));
}

function contextPart(part) {
  if (part.type === 'image') return h('img.context-image', { src: part.image_url || '', alt: part.alt_text || '' });
  return h('span.context-text', {}, textObject(part));
}

function image(block) {
  const source = block.image_url || block.slack_file?.url || '';
  const picture = h('img.block-image', { src: source, alt: block.alt_text || '', loading: 'lazy' });
  const missing = h('p.muted', { hidden: true }, `Image not loaded: ${block.alt_text || source}`);
  picture.addEventListener('error', () => { picture.hidden = true; missing.hidden = false; });
  return h('figure.figure', {}, block.title && h('figcaption', {}, plain(block.title.text)), picture, missing);
}

const LEVELS = { info: 'Note', warning: 'Warning', error: 'Error', success: 'Done' };

function alert(block) {
  const level = LEVELS[block.level] ? block.level : 'info';
  return h(`div.alert.alert-${level}.rich`, { role: 'note' }, h('strong', {}, `${LEVELS[level]}. `), textObject(block.text));
}

function table(block) {
  const align = (index) => {
    const wanted = block.column_settings?.[index]?.align;
    return ['center', 'right'].includes(wanted) ? `align-${wanted}` : null;
  };
  const cell = (tag, props) => (content, index) => h(tag, { ...props, class: align(index) }, cellOf(content));
  const [head = [], ...rows] = block.rows || [];
  return h('div.table-wrap', { tabindex: 0, role: 'region', 'aria-label': block.caption || 'Table' }, h('table', {},
    h('thead', {}, h('tr', {}, head.map(cell('th', { scope: 'col' })))),
    h('tbody', {}, rows.map((row) => h('tr', {}, row.map(cell('td')))))));
}

function cellOf(content) {
  if (!content) return '';
  if (content.type === 'rich_text') return richText(content.elements, env);
  return plain(content.text ?? String(content.value ?? ''));
}

// input renders a labelled field. Its error line is filled by the modal.
function input(block, surface) {
  const id = uid('input');
  const label = block.label?.text || '';
  const el = block.element || {};
  const grouped = /^(checkboxes|radio_buttons|multi_)/.test(el.type || '');
  const field = element(el, { block: block.block_id, env, form: surface.form, act: block.dispatch_action ? surface.act : null, label, id: grouped ? null : id });
  const hint = block.hint ? h('p.hint', { id: `${id}-hint` }, textObject(block.hint)) : null;
  const error = h('p.field-error', { id: `${id}-error`, hidden: true });
  const control = field.matches('input,select,textarea,[role]') ? field : field.querySelector('input');
  control?.setAttribute('aria-describedby', [hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(' '));
  if (!block.optional) control?.setAttribute('aria-required', 'true');
  const caption = [plain(label), block.optional && h('span.optional', {}, ' (optional)')];
  return [grouped ? h('p.label', {}, caption) : h('label.label', { for: id }, caption), field, error, hint].filter(Boolean);
}

// noteAt shows a line of feedback under the block that an element is in.
export function noteAt(node, text, kind) {
  const line = node.closest('.block')?.querySelector(':scope > .block-note');
  if (!line) return;
  line.className = `block-note note-${kind}`;
  line.textContent = text;
  line.hidden = !text;
}
