// The message box, with completion of slash commands.
import { fill, h, icon, uid } from './dom.js';
import { explain, post, reason } from './api.js';
import { person, state } from './state.js';

const drafts = new Map();

// newComposer builds a message box. where() gives {channel, thread_ts?}, label()
// its placeholder. It returns {node, refresh(), focus()}.
export function newComposer({ where, label, id }) {
  const listID = uid('commands');
  const errorID = uid('send-error');
  const input = h('textarea.composer-input', {
    id, rows: 1, autocomplete: 'off', spellcheck: 'true', 'aria-autocomplete': 'list', 'aria-controls': listID,
    'aria-haspopup': 'listbox', 'aria-describedby': errorID,
  });
  const list = h('ul.completion', { id: listID, role: 'listbox', 'aria-label': 'Commands', hidden: true });
  const usage = h('p.usage', { hidden: true });
  const error = h('p.send-error', { id: errorID, role: 'alert', hidden: true });
  const button = h('button.send', { type: 'submit', 'aria-label': 'Send' }, icon('send'));
  const form = h('form.composer-form', {}, list, usage, error, h('div.composer-box', {}, input, button));
  let hits = [];
  let chosen = 0;
  let closed = false;

  const key = () => `${state.user} ${where().channel} ${where().thread_ts || ''}`;
  const fail = (text) => { error.textContent = text; error.hidden = !text; };

  function complete() {
    const typed = /^\/\S*$/.test(input.value) && !closed ? input.value.toLowerCase() : null;
    hits = typed ? state.commands.filter((one) => nameOf(one).startsWith(typed)) : [];
    if (hits.length === 1 && nameOf(hits[0]) === typed) hits = [];
    chosen = Math.min(chosen, Math.max(0, hits.length - 1));
    fill(list, hits.map((one, index) => h('li.completion-row', {
      id: `${listID}-${index}`, role: 'option', 'aria-selected': String(index === chosen), data: { command: nameOf(one) },
      onmousedown: (event) => { event.preventDefault(); take(one); },
    }, h('span.completion-name', {}, nameOf(one), one.usage_hint && h('span.completion-usage', {}, ` ${one.usage_hint}`)), h('span.completion-text', {}, one.description || ''))));
    list.hidden = !hits.length;
    if (hits.length) input.setAttribute('aria-activedescendant', `${listID}-${chosen}`);
    else input.removeAttribute('aria-activedescendant');
    list.children[chosen]?.scrollIntoView({ block: 'nearest' });
    const exact = state.commands.find((one) => nameOf(one) === input.value.split(/\s/)[0].toLowerCase());
    usage.hidden = Boolean(hits.length) || !exact?.usage_hint;
    fill(usage, exact ? [h('strong', {}, nameOf(exact)), ` ${exact.usage_hint || ''}`] : '');
  }

  function take(command) {
    input.value = `${nameOf(command)} `;
    changedText();
    input.focus();
  }

  function changedText() {
    drafts.set(key(), input.value);
    button.classList.toggle('ready', Boolean(input.value.trim()));
    input.style.height = 'auto';
    input.style.height = `${Math.min(input.scrollHeight, 200)}px`;
    complete();
  }

  function onKey(event) {
    if (event.isComposing) return;
    const open = hits.length > 0;
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (open && move) chosen = (chosen + move + hits.length) % hits.length;
    else if (open && event.key === 'Escape') closed = true;
    else if (open && (event.key === 'Tab' || event.key === 'Enter') && !event.shiftKey) {
      event.preventDefault();
      take(hits[chosen]);
      return;
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      send();
      return;
    } else return;
    event.preventDefault();
    complete();
  }

  async function send() {
    const text = input.value.trim();
    if (!text || form.getAttribute('aria-busy') === 'true') return;
    const target = where();
    const from = key();
    fail('');
    form.setAttribute('aria-busy', 'true');
    const problem = await deliver(text, target);
    form.setAttribute('aria-busy', 'false');
    if (problem) {
      if (key() === from) fail(problem);
      return;
    }
    drafts.delete(from);
    if (key() === from && input.value.trim() === text) input.value = '';
    changedText();
  }

  input.addEventListener('input', () => { closed = false; chosen = 0; fail(''); changedText(); });
  input.addEventListener('keydown', onKey);
  input.addEventListener('keypress', (event) => { if (event.key === 'Enter' && !event.shiftKey) event.preventDefault(); });
  input.addEventListener('blur', () => { closed = true; complete(); });
  input.addEventListener('focus', () => { closed = false; complete(); });
  form.addEventListener('submit', (event) => { event.preventDefault(); send(); });

  let shown = '';
  return {
    node: form,
    focus: () => input.focus(),
    fail,
    refresh() {
      input.placeholder = label();
      input.setAttribute('aria-label', label());
      if (shown === key()) return;
      shown = key();
      fail('');
      input.value = drafts.get(shown) || '';
      changedText();
    },
  };
}

function nameOf(command) {
  return command.command.startsWith('/') ? command.command : `/${command.command}`;
}

// deliver posts a text or runs a command. It returns null, or what went wrong.
async function deliver(text, target) {
  const [, command, rest] = /^(\/[a-z0-9_-]+)(?:\s+([\s\S]*))?$/i.exec(text) || [];
  if (!command) {
    const said = await post('ui/say', { user: state.user, text, ...target });
    return said.ok ? null : `Not sent: ${explain(said.error)}.`;
  }
  if (target.thread_ts) return `${command} is not supported in threads. Use it in the channel instead.`;
  const known = state.commands.find((one) => nameOf(one) === command.toLowerCase());
  if (!known && state.commands.length) return `${command} is not a valid command. Type / to see the commands of ${person(state.me).real_name}.`;
  const ran = await post('ui/command', { user: state.user, channel: target.channel, command: known ? nameOf(known) : command, text: rest || '' });
  return ran.ok ? null : `${command} failed with the error “${ran.error}”${reason(ran.error) ? `: ${reason(ran.error)}` : ''}.`;
}
