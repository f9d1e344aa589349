// Modals: a stack of up to three views in one dialog, the top one shown.
import { fill, h, icon, uid } from './dom.js';
import { explain, post } from './api.js';
import { viewSurface } from './actions.js';
import { blocks } from './blocks.js';
import { closeMenu } from './menu.js';
import { plain } from './mrkdwn.js';
import { person, state } from './state.js';
import { carryOver } from './carry.js';
import { showErrors, missing } from './validate.js';

const DEEPEST = 3;
let stack = [];
let dialog = null;
let opener = null;

// openView starts a new stack with one view, or adds it when one is open.
export function openView(view) {
  if (stack.some((entry) => entry.view.id === view.id)) return updateView(view);
  stack = [...stack.slice(0, DEEPEST - 1), newEntry(view)];
  return show(true);
}

// updateView replaces a view that is open; what was typed stays where the
// blocks are the same.
export function updateView(view) {
  const at = stack.findIndex((entry) => entry.view.id === view.id);
  if (at < 0) return openView(view);
  const old = stack[at];
  const focus = old.node.contains(document.activeElement) ? document.activeElement.dataset : null;
  stack[at] = newEntry({ ...view, blocks: carryOver(view.blocks, old.view.blocks, old.surface.form.state()) });
  if (at !== stack.length - 1) return undefined;
  show(false);
  const same = focus && stack[at].surface.form.fields.find((field) => field.block === focus.blockId && field.action === focus.actionId);
  if (same) same.focus();
  else focusFirst(stack[at]);
  return undefined;
}

// closeView takes one view off the stack, or all without an id.
export function closeView(id) {
  const before = stack.length;
  stack = id ? stack.filter((entry) => entry.view.id !== id) : [];
  if (stack.length === before) return;
  show(true);
}

// syncViews makes the stack what the sandbox says is open.
export function syncViews(views) {
  const open = new Set(views.map((view) => view.id));
  stack.filter((entry) => !open.has(entry.view.id)).forEach((entry) => closeView(entry.view.id));
  views.filter((view) => !stack.some((entry) => entry.view.id === view.id)).forEach(openView);
}

// viewErrors shows the errors of an app below the fields they belong to.
export function viewErrors(id, errors) {
  const entry = stack.find((one) => one.view.id === id);
  if (entry) showErrors(entry.node, entry.surface.form, errors);
}

function newEntry(view) {
  const surface = viewSurface(view);
  const entry = { view, surface };
  const title = uid('modal-title');
  const error = h('p.modal-error', { role: 'alert', hidden: true });
  const hasInput = (view.blocks || []).some((block) => block.type === 'input');
  const submit = view.submit || hasInput
    ? h('button.button.primary', { type: 'submit', data: { modal: 'submit' } }, plain(view.submit?.text || 'Submit')) : null;
  entry.node = h('form.modal-form', { novalidate: true, data: { viewId: view.id }, onsubmit: (event) => { event.preventDefault(); send(entry, error, submit); } },
    h('div.modal-head', {}, h('h2', { id: title }, plain(view.title?.text || '')), h('span.muted', {}, person(state.me).real_name),
      h('button.bare', { type: 'button', 'aria-label': 'Close', onclick: () => dismiss() }, icon('close'))),
    h('div.modal-body', {}, blocks(view.blocks, surface)), error,
    h('div.modal-foot', {}, h('button.button', { type: 'button', data: { modal: 'close' }, onclick: () => dismiss() }, plain(view.close?.text || (submit ? 'Cancel' : 'Close'))), submit));
  entry.title = title;
  return entry;
}

function show(moveFocus) {
  closeMenu(false);
  const top = stack.at(-1);
  if (!top) {
    const old = dialog;
    dialog = null;
    old?.close();
    old?.remove();
    giveBack(opener?.isConnected ? opener : document.getElementById('composer-input'));
    return;
  }
  if (!dialog) {
    opener = document.activeElement;
    // A browser may close a dialog on Escape without asking, hence onclose.
    dialog = h('dialog.modal', {
      oncancel: (event) => { event.preventDefault(); dismiss(); },
      onclose: (event) => { if (event.target === dialog && !dialog.open) dismiss(); },
    });
    document.body.append(dialog);
  }
  dialog.setAttribute('aria-labelledby', top.title);
  dialog.dataset.depth = stack.length;
  fill(dialog, top.node);
  if (!dialog.open) dialog.showModal();
  if (moveFocus) focusFirst(top);
}

// giveBack focuses what had the focus before the dialog. The browser does that by itself when
// a dialog closes, but in a frame it then takes no keys until it is focused once more, when
// nothing is inert any longer.
function giveBack(node) {
  node?.blur();
  requestAnimationFrame(() => { if (!dialog) node?.focus(); });
}

function focusFirst(entry) {
  const field = entry.surface.form.fields[0];
  if (field) field.focus();
  else (entry.node.querySelector('.modal-body button, .modal-body a[href]') || entry.node.querySelector('.modal-foot button'))?.focus();
}

function dismiss() {
  const top = stack.at(-1);
  if (!top) return;
  closeView(top.view.id);
  post('ui/close', { user: state.user, view_id: top.view.id });
}

// dismissAll closes everything, telling the app of each view.
export function dismissAll() {
  while (stack.length) dismiss();
}

async function send(entry, error, submit) {
  if (!submit || submit.disabled) return;
  error.hidden = true;
  const { form } = entry.surface;
  const gaps = missing(entry.view.blocks, form.state());
  showErrors(entry.node, form, gaps);
  if (Object.keys(gaps).length) return;
  submit.disabled = true;
  submit.setAttribute('aria-busy', 'true');
  const answer = await post('ui/submit', { user: state.user, view_id: entry.view.id, values: form.state() });
  submit.disabled = false;
  submit.setAttribute('aria-busy', 'false');
  if (answer.errors && Object.keys(answer.errors).length) showErrors(entry.node, form, answer.errors);
  else if (!answer.ok) {
    error.textContent = `Not sent: ${explain(answer.error)}. Try again?`;
    error.hidden = false;
    submit.focus();
  } else if (answer.response_action === 'clear') closeView('');
  else if (!answer.response_action) closeView(entry.view.id);
}
