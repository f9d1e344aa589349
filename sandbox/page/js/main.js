// Puts the page together: where you are, who you are, and what arrives.
import { explain, post } from './api.js';
import { onChannelLink } from './env.js';
import { drawHeader } from './header.js';
import { closeMenu } from './menu.js';
import { dismissAll } from './modal.js';
import { newConversation, newThread } from './conversation.js';
import { drawRail } from './rail.js';
import { appDM, changed, hold, on, people, recall, release, remember, seenUntil, state, unread, visible } from './state.js';
import { catchUp, listenAs } from './sync.js';
import { toast } from './toast.js';

const query = new URLSearchParams(location.search);
const app = document.getElementById('app');
const rail = document.getElementById('rail');
const header = document.getElementById('header');
const LONGEST_PRESS = 2000;
const banner = document.getElementById('banner');
const scrim = document.getElementById('scrim');

let asked = query.get('channel') || '';

const conversation = newConversation(openThread);
const thread = newThread(() => closeThread());

const go = {
  channel: goChannel,
  user: goUser,
  async dm() {
    const known = appDM();
    if (known) { goChannel(known.id); return; }
    const answer = await post('ui/open_dm', { user: state.user, with: state.me });
    if (answer.ok && answer.channel) { await catchUp(connection); goChannel(answer.channel); } else toast(`The direct message could not be opened: ${explain(answer.error)}.`, 'error');
  },
  home() {
    settle('home', state.channel);
    post('ui/home', { user: state.user });
  },
  menu: () => showRail(true),
  close: () => showRail(false),
  jump: (ts) => conversation.reveal(ts),
};

function showRail(open) {
  app.classList.toggle('rail-shown', open);
  scrim.hidden = !open;
  if (open) rail.querySelector('button')?.focus();
}

function settle(place, channel) {
  const there = state.channels.get(channel);
  state.newSince = there && unread(there).count ? seenUntil(channel) || '0' : '';
  Object.assign(state, { place, channel, thread: null });
  showRail(false);
  remember(`place ${state.user}`, { place, channel });
  changed('rail', 'header', 'messages', 'thread', 'home', 'composer');
}

function goChannel(id) {
  if (!state.channels.has(id)) return;
  settle('channel', id);
  setTimeout(() => conversation.focus(), 0);
}

function openThread(ts) {
  state.thread = ts;
  changed('thread');
  setTimeout(() => thread.focus(), 0);
}

function closeThread() {
  state.thread = null;
  changed('thread');
  conversation.focus();
}

// choosePlace goes to the channel asked for in the address, the one this
// person was in, or the first one there is.
function choosePlace() {
  const open = [...state.channels.values()].filter((one) => visible(one));
  const byName = open.find((one) => one.id === asked || one.name === asked.replace(/^#/, ''));
  const last = recall(`place ${state.user}`);
  const first = open.find((one) => one.name === 'incidents') || open.find((one) => !one.is_im && !one.is_archived);
  if (asked === 'home') return settle('home', first?.id || '');
  if (byName) return settle('channel', byName.id);
  if (last && open.some((one) => one.id === last.channel)) return settle(last.place, last.channel);
  return settle('channel', first?.id || '');
}

async function goUser(id) {
  if (id === state.user || !state.users.has(id)) return;
  dismissAll();
  const stay = state.channel;
  become(id);
  await catchUp(connection);
  const channel = state.channels.get(stay);
  if (!asked && channel && visible(channel) && state.place === 'channel') settle('channel', stay);
  else choosePlace();
  asked = '';
}

// become makes somebody the person at the keyboard, here and for the page
// around this one.
function become(id) {
  state.user = id;
  remember('user', id);
  if (query.has('user')) {
    query.set('user', id);
    history.replaceState(null, '', `?${query}`);
  }
  if (window.parent !== window) window.parent.postMessage({ type: 'sandbox:user', user: id }, location.origin);
  listenAs(id, connection);
}

function connection(status) {
  banner.hidden = status === 'live';
  banner.textContent = status === 'live' ? '' : 'Connection lost. Reconnecting…';
}

function title() {
  const channel = state.channels.get(state.channel);
  const waiting = [...state.channels.values()].filter(visible).reduce((sum, one) => sum + unread(one).mentions, 0);
  const place = state.place === 'home' ? 'Home' : channel?.is_im ? 'Direct message' : `#${channel?.name || ''}`;
  document.title = `${waiting ? `(${waiting}) ` : ''}${place} · ${state.team.name || 'Slack sandbox'}`;
  const dot = document.getElementById('rail-dot');
  if (dot) dot.hidden = !waiting;
}

function keys(event) {
  if (event.altKey && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
    const rows = [...rail.querySelectorAll('.rail-row')].filter((row) => row.offsetParent || !row.closest('details:not([open])'));
    const at = rows.findIndex((row) => row.getAttribute('aria-current') === 'page');
    event.preventDefault();
    rows[(at + (event.key === 'ArrowDown' ? 1 : -1) + rows.length) % rows.length]?.click();
  }
  const typing = event.target.closest?.('input,textarea,select,dialog,[role=menu]');
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey) conversation.focus();
  if (event.key === 'Escape' && app.classList.contains('rail-shown')) showRail(false);
}

// holdWhilePressed lets nothing be redrawn between press and release, or a
// click on something that changes just then would be lost.
function holdWhilePressed() {
  let timer = 0;
  const end = () => { clearTimeout(timer); setTimeout(release, 0); };
  document.addEventListener('pointerdown', () => { hold(); clearTimeout(timer); timer = setTimeout(end, LONGEST_PRESS); }, true);
  for (const type of ['pointerup', 'pointercancel']) document.addEventListener(type, end, true);
}

// fromAround lets the page around this one choose who one is and where.
function fromAround(event) {
  if (event.origin !== location.origin || event.data?.type !== 'sandbox:go') return;
  const { user, channel } = event.data;
  asked = channel || '';
  if (user && user !== state.user) goUser(user);
  else if (asked) choosePlace();
  if (!user || user === state.user) asked = '';
}

function firstPerson() {
  const known = (id) => people().some((user) => user.id === id) && id;
  return known(query.get('user')) || known(recall('user')) || people()[0]?.id || '';
}

async function start() {
  if (query.get('embed')) document.documentElement.classList.add('embed');
  on('rail', () => drawRail(rail, go));
  on('header', () => drawHeader(header, go));
  on('messages home', conversation.draw);
  on('composer', conversation.drawComposer);
  on('thread', thread.draw);
  on('rail header', title);
  onChannelLink(goChannel);
  scrim.addEventListener('click', () => showRail(false));
  document.addEventListener('keydown', keys);
  holdWhilePressed();
  window.addEventListener('message', fromAround);
  document.addEventListener('visibilitychange', () => changed('messages'));
  window.addEventListener('resize', () => closeMenu(false));
  await catchUp(connection);
  become(firstPerson());
  await catchUp(connection);
  choosePlace();
  asked = '';
  app.dataset.state = 'ready';
  if (window.parent === window) setTimeout(() => conversation.focus(), 0);
}

start();
