// What happens when somebody uses a button, select or menu of a message or view.
import { explain, post } from './api.js';
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
  const answer = await post('ui/click', { user: state.user, ...payload, ...choiceOf(payload) });
  busy(node, false);
  if (hadFocus && document.activeElement === document.body) node.focus();
  report(answer, node);
}

const CHOICES = ['selected_user', 'selected_channel', 'selected_conversation', 'selected_date', 'selected_time', 'selected_date_time'];

// choiceOf writes a choice that is no option as a plain value beside it.
function choiceOf(payload) {
  const name = CHOICES.find((one) => payload[one]);
  return name ? { value: String(payload[name]) } : {};
}

// busy shows that a call is under way. A field in which somebody types goes on taking what
// they type.
function busy(node, on) {
  node.setAttribute('aria-busy', String(on));
  if ('disabled' in node && !node.matches('input.input, textarea.input')) node.disabled = on;
}

function report(answer, node) {
  const app = person(state.me).real_name;
  if (answer.ok) {
    noteAt(node, `✓ ${app} received it`, 'ok');
    setTimeout(() => noteAt(node, '', 'ok'), NOTE_STAYS);
    return;
  }
  const text = `That did not work: ${explain(answer.error)}. Try again.`;
  if (answer.error === 'view_not_found' && !node.isConnected) return; // the form was sent or closed meanwhile, with what was typed
  if (node.isConnected) noteAt(node, text, 'error');
  else toast(text, 'error');
}
