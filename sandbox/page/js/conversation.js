// The middle of the page: the messages of a channel, App Home, and the thread
// beside them.
import { fill, h, icon } from './dom.js';
import { blocks } from './blocks.js';
import { viewSurface } from './actions.js';
import { newComposer } from './composer.js';
import { beginning, newList } from './messages.js';
import { markRead, peerOf, person, repliesTo, state, timelineOf } from './state.js';

const NEAR = 80;

// newConversation draws into #messages and #composer. openThread(ts) is called
// when a thread is asked for.
export function newConversation(openThread) {
  const box = document.getElementById('messages');
  const jump = document.getElementById('jump');
  const rows = h('div.rows', { role: 'log', 'aria-live': 'off', 'aria-label': 'Messages' });
  const intro = h('div');
  const list = newList(rows);
  const composer = newComposer({ id: 'composer-input', where: () => ({ channel: state.channel }), label: placeholder });
  let shown = '';
  let newSince = '';
  const nearEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
  const toEnd = () => { box.scrollTop = box.scrollHeight; jump.hidden = true; };
  jump.addEventListener('click', toEnd);
  box.addEventListener('scroll', () => { if (nearEnd()) jump.hidden = true; }, { passive: true });

  function draw() {
    const key = `${state.place} ${state.user} ${state.channel}`;
    const moved = key !== shown;
    if (moved) {
      shown = key;
      newSince = state.newSince || '';
      list.clear();
      if (state.place === 'home') fill(box, h('div.home'));
      else fill(box, intro, rows);
    }
    if (state.place === 'home') return drawHome(box.querySelector('.home'));
    const stick = moved || nearEnd();
    const count = rows.children.length;
    const messages = timelineOf(state.channel);
    introduce(intro, messages.length === 0);
    list.show(messages, { channel: state.channel, newSince, openThread });
    if (stick) toEnd();
    else if (rows.children.length > count) jump.hidden = false;
    if (!document.hidden) markRead(state.channel);
    return undefined;
  }

  function drawComposer() {
    const slot = document.getElementById('composer');
    slot.hidden = state.place === 'home';
    const channel = state.channels.get(state.channel);
    if (!channel || channel.is_archived) {
      fill(slot, h('p.composer-note', {}, channel ? `#${channel.name} is archived: you can read it, but nobody can write in it.` : 'There is no channel here yet.'));
      return;
    }
    if (!slot.contains(composer.node)) fill(slot, composer.node);
    composer.refresh();
  }

  return { draw, drawComposer, focus: composer.focus, reveal };
}

// reveal scrolls to a message and puts the focus on it.
export function reveal(ts) {
  const node = [...document.querySelectorAll('#messages .message')].find((one) => one.dataset.ts === ts);
  node?.scrollIntoView({ block: 'center' });
  node?.focus({ preventScroll: true });
}

function placeholder() {
  const channel = state.channels.get(state.channel);
  if (!channel) return 'Message';
  return channel.is_im ? `Message ${peerOf(channel).real_name}` : `Message #${channel.name}, or / for a command`;
}

function introduce(slot, empty) {
  const channel = state.channels.get(state.channel);
  if (!channel) return beginning(slot, 'Nothing here yet', 'Choose a channel on the left.');
  if (!empty) return fill(slot);
  if (channel.is_im) return beginning(slot, peerOf(channel).real_name, 'This is the beginning of your direct messages. Pages for you arrive here.');
  return beginning(slot, `#${channel.name}`, channel.purpose || 'This is the very beginning of the channel.');
}

let homeShown = null;

function drawHome(slot) {
  const view = state.homes.get(state.user);
  if (homeShown === view && slot.children.length) return;
  homeShown = view;
  if (view) fill(slot, blocks(view.blocks, viewSurface(view)));
  else fill(slot, h('p.muted', {}, `${person(state.me).real_name} has not put anything here yet.`));
}

// newThread draws the thread that is open into #drawer. close() ends it.
export function newThread(close) {
  const drawer = document.getElementById('drawer');
  const rows = h('div.rows', { role: 'log', 'aria-live': 'off', 'aria-label': 'Replies' });
  const list = newList(rows);
  const where = h('span.muted');
  const scroller = h('div.drawer-scroll', {}, rows);
  const composer = newComposer({ id: 'reply-input', where: () => ({ channel: state.channel, thread_ts: state.thread }), label: () => 'Reply…' });
  fill(drawer, h('div.drawer-head', {}, h('h2', {}, 'Thread'), where,
    h('button.bare', { type: 'button', 'aria-label': 'Close the thread', onclick: close }, icon('close'))), scroller, h('div.composer', {}, composer.node));
  drawer.addEventListener('keydown', (event) => { if (event.key === 'Escape' && !event.defaultPrevented) close(); });
  let shown = null;
  return {
    focus: composer.focus,
    draw() {
      drawer.hidden = !state.thread;
      document.getElementById('app').classList.toggle('with-drawer', Boolean(state.thread));
      if (!state.thread) { list.clear(); shown = null; return; }
      const root = state.messages.get(state.channel)?.get(state.thread);
      const replies = repliesTo(state.channel, state.thread);
      const channel = state.channels.get(state.channel);
      where.textContent = channel?.is_im ? '' : `#${channel?.name || ''}`;
      const stick = shown !== state.thread || scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR;
      shown = state.thread;
      list.show(root ? [root, ...replies] : replies, { channel: state.channel, inThread: true, openThread: () => {} });
      if (stick) scroller.scrollTop = scroller.scrollHeight;
      composer.refresh();
    },
  };
}
