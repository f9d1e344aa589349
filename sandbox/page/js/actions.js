// What happens when somebody uses a button, select or menu of a message or view.
import { post, reason } from './api.js';
import { noteAt } from './blocks.js';
import { newForm } from './elements.js';
import { person, state } from './state.js';
import { toast } from './toast.js';

const NOTE_STAYS = 5000;

// messageSurface is where the blocks of a message report to.
export function messageSurface(channel, message) {
  return surfaceFor({ channel, ts: message.ts });
}

// viewSurface is where the blocks of a modal or App Home report to.
export function viewSurface(view) {
  return surfaceFor({ view_id: view.id });
}

function surfaceFor(where) {
  const form = newForm();
  return { form, act: (payload, node) => send({ ...where, ...payload, state: form.state() }, node) };
}

async function send(payload, node) {
  if (node.getAttribute('aria-busy') === 'true') return;
  noteAt(node, '', 'ok');
  const hadFocus = node === document.activeElement;
  busy(node, true);
  const answer = await post('ui/click', { user: state.user, ...payload });
  busy(node, false);
  if (hadFocus && document.activeElement === document.body) node.focus();
  report(answer, node);
}

function busy(node, on) {
  node.setAttribute('aria-busy', String(on));
  if ('disabled' in node) node.disabled = on;
}

function report(answer, node) {
  const app = person(state.me).real_name;
  if (answer.ok) {
    noteAt(node, `✓ ${app} received it`, 'ok');
    setTimeout(() => noteAt(node, '', 'ok'), NOTE_STAYS);
    return;
  }
  const why = reason(answer.error);
  const text = `That did not work: ${why ? `${why} ` : ''}(${answer.error}). Try again.`;
  if (node.isConnected) noteAt(node, text, 'error');
  else toast(text, 'error');
}
