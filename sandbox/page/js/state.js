// What the page knows of the workspace, and who wants to hear of changes.
// Nothing in here touches the document.

export const state = {
  team: {}, me: '', users: new Map(), channels: new Map(), messages: new Map(),
  commands: [], shortcuts: [], homes: new Map(), ephemerals: new Map(),
  user: '', channel: '', place: 'channel', thread: null, newSince: '',
};

const listeners = new Map();
const pending = new Set();

// on calls fn, once per burst of changes, when one of the topics changed.
// Topics: rail, header, messages, thread, home, composer.
export function on(topics, fn) {
  for (const topic of topics.split(' ')) {
    if (!listeners.has(topic)) listeners.set(topic, new Set());
    listeners.get(topic).add(fn);
  }
}

// changed tells the listeners of the topics, after the current task.
export function changed(...topics) {
  if (!pending.size) queueMicrotask(flush);
  topics.forEach((topic) => pending.add(topic));
}

let holding = false;

// hold keeps the listeners waiting, so that nothing is redrawn under a finger
// that is just pressing it; release lets them go on.
export function hold() {
  holding = true;
}

export function release() {
  holding = false;
  flush();
}

function flush() {
  if (holding) return;
  const due = new Set();
  for (const topic of pending) for (const fn of listeners.get(topic) || []) due.add(fn);
  pending.clear();
  due.forEach((fn) => fn());
}

const ALL = ['rail', 'header', 'messages', 'thread', 'home', 'composer'];

// load replaces everything with an answer of /ui/state.
export function load(data) {
  const first = state.users.size === 0;
  Object.assign(state, {
    team: data.team || {}, me: data.me || '', commands: data.commands || [], shortcuts: data.shortcuts || [],
  });
  state.users = new Map((data.users || []).map((user) => [user.id, user]));
  state.channels = new Map((data.channels || []).map((channel) => [channel.id, channel]));
  state.messages = new Map(Object.entries(data.messages || {})
    .map(([id, list]) => [id, new Map((list || []).filter((one) => !one.ephemeral).map((one) => [one.ts, one]))]));
  for (const [user, view] of Object.entries(data.home || {})) state.homes.set(user, view);
  for (const message of data.ephemerals || []) putEphemeral(message.ephemeral_to || state.user, message.channel, message);
  if (first) setBaseline();
  changed(...ALL);
}

// people are the humans one can be, in the order of the server.
export function people() {
  return [...state.users.values()].filter((user) => !user.is_bot && user.id !== 'USLACKBOT' && !user.deleted);
}

// person looks up a user; an unknown id still has a name to show.
export function person(id) {
  return state.users.get(id) || { id, name: id || 'unknown', real_name: id || 'Unknown' };
}

// authorOf is who a message came from; an app may post under another name.
export function authorOf(message) {
  const known = state.users.get(message.user) || (message.bot_id && state.users.get(state.me)) || person(message.user);
  const isApp = Boolean(message.bot_id || known.is_bot);
  if (!message.username) return { ...known, is_bot: isApp };
  return { ...known, real_name: message.username, is_bot: isApp };
}

// peerOf is the other person of a direct message.
export function peerOf(channel) {
  const other = (channel.members || []).find((id) => id !== state.user);
  if (other) return person(other);
  return person(channel.user && channel.user !== state.user ? channel.user : state.me);
}

// visible says whether the current person may see a channel.
export function visible(channel) {
  const isMember = (channel.members || []).includes(state.user);
  if (channel.is_im) return isMember || channel.user === state.user;
  return isMember || !channel.is_private;
}

// appDM is the app's direct message with the current person, if there is one.
export function appDM() {
  return [...state.channels.values()].find((channel) => channel.is_im && visible(channel) && peerOf(channel).id === state.me);
}

// timelineOf is what a channel shows: top-level messages and the person's
// ephemeral ones, oldest first.
export function timelineOf(channel) {
  const own = state.ephemerals.get(`${state.user} ${channel}`) || new Map();
  return [...(state.messages.get(channel)?.values() || []), ...own.values()]
    .filter((message) => !isReply(message) || message.subtype === 'thread_broadcast')
    .sort((a, b) => (a.ts < b.ts ? -1 : 1));
}

// repliesTo is a thread without its first message, oldest first.
export function repliesTo(channel, root) {
  const own = state.ephemerals.get(`${state.user} ${channel}`) || new Map();
  return [...(state.messages.get(channel)?.values() || []), ...own.values()]
    .filter((message) => message.thread_ts === root && message.ts !== root)
    .sort((a, b) => (a.ts < b.ts ? -1 : 1));
}

// isReply says whether a message belongs into a thread.
export function isReply(message) {
  return Boolean(message.thread_ts && message.thread_ts !== message.ts);
}

// put adds or replaces a message and says whether it was new.
export function put(channel, message) {
  if (message.ephemeral) return putEphemeral(state.user, channel, message);
  const own = state.ephemerals.get(`${state.user} ${channel}`);
  if (own?.has(message.ts)) return putEphemeral(state.user, channel, message);
  if (!state.messages.has(channel)) state.messages.set(channel, new Map());
  const isNew = !state.messages.get(channel).has(message.ts);
  state.messages.get(channel).set(message.ts, message);
  changed('messages', 'thread', 'rail');
  return isNew;
}

// putEphemeral keeps a message that only one person sees.
export function putEphemeral(user, channel, message) {
  const key = `${user} ${channel}`;
  if (dismissed.has(`${channel} ${message.ts}`)) return false;
  if (!state.ephemerals.has(key)) state.ephemerals.set(key, new Map());
  const isNew = !state.ephemerals.get(key).has(message.ts);
  state.ephemerals.get(key).set(message.ts, { ...message, ephemeral: true });
  changed('messages', 'thread');
  return isNew;
}

const dismissed = new Set();

// dismiss hides an ephemeral message for good.
export function dismiss(channel, ts) {
  dismissed.add(`${channel} ${ts}`);
  drop(channel, ts);
}

// drop removes a message, ephemeral or not.
export function drop(channel, ts) {
  state.messages.get(channel)?.delete(ts);
  state.ephemerals.get(`${state.user} ${channel}`)?.delete(ts);
  changed('messages', 'thread', 'rail');
}

// remember and recall keep small things for this tab; a browser that forbids
// it only forgets.
export function remember(key, value) {
  try { sessionStorage.setItem(`sandbox:${key}`, JSON.stringify(value)); } catch { /* nothing to keep it in */ }
}

export function recall(key) {
  try { return JSON.parse(sessionStorage.getItem(`sandbox:${key}`)); } catch { return null; }
}

let reads = recall('reads') || {};
let baseline = {};

// setBaseline counts everything in channels as read when the page opens;
// direct messages start unread, since they are pages.
function setBaseline() {
  baseline = {};
  for (const [id, messages] of state.messages) {
    if (!state.channels.get(id)?.is_im) baseline[id] = [...messages.keys()].sort().pop() || '0';
  }
}

// markRead notes that the current person has seen a channel.
export function markRead(channel) {
  const newest = [...(state.messages.get(channel)?.keys() || [])].sort().pop();
  const own = reads[state.user] || (reads[state.user] = {});
  if (!newest || own[channel] >= newest) return;
  own[channel] = newest;
  remember('reads', reads);
  changed('rail');
}

// seenUntil is the newest message that the current person has seen in a channel.
export function seenUntil(channel) {
  return reads[state.user]?.[channel] ?? baseline[channel] ?? '';
}

// unread counts what the current person has not seen in a channel, and how
// much of that addresses them.
export function unread(channel) {
  const since = seenUntil(channel.id) || '0';
  const fresh = [...(state.messages.get(channel.id)?.values() || [])]
    .filter((message) => message.ts > since && message.user !== state.user && !isReply(message));
  const mine = channel.is_im ? fresh : fresh.filter(addressesMe);
  return { count: fresh.length, mentions: mine.length };
}

function addressesMe(message) {
  if (message.mentions) return message.mentions.some((id) => id === state.user || /^!(channel|here|everyone)$/.test(id));
  const text = `${message.text || ''} ${JSON.stringify(message.blocks || '')}`;
  return text.includes(`<@${state.user}`) || text.includes(`"user_id":"${state.user}"`) || /<!(channel|here|everyone)[|>]/.test(text);
}
