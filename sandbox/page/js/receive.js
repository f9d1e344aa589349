// What to do with each kind of live event.
import { whenSettled } from './api.js';
import { announce, toast } from './toast.js';
import { authorOf, changed, drop, peerOf, put, putEphemeral, state, visible } from './state.js';

const HANDLERS = {
  message: ({ channel, message }) => { if (put(channel, message)) tell(channel, message); },
  message_changed: ({ channel, message }) => put(channel, message),
  message_deleted: ({ channel, ts }) => drop(channel, ts),
  ephemeral: ({ channel, user, message }) => { if (putEphemeral(user, channel, message)) tell(channel, message); },
  channel: ({ channel }) => {
    state.channels.set(channel.id, channel);
    changed('rail', 'header', 'messages', 'composer');
  },
  user: ({ user }) => {
    state.users.set(user.id, user);
    changed('rail', 'header', 'messages');
  },
  home: ({ user, view }) => {
    state.homes.set(user, view);
    changed('home');
  },
  notice: ({ user, text }) => { if (!user || user === state.user) whenSettled(() => toast(text, 'error')); },
};

const VIEWS = {
  view_open: (modal, { view }) => modal.openView(view),
  view_push: (modal, { view }) => modal.openView(view),
  view_update: (modal, { view }) => modal.updateView(view),
  view_close: (modal, { view }) => modal.closeView(view?.id || ''),
  view_errors: (modal, { view_id: id, errors }) => modal.viewErrors(id, errors),
};

// receive applies one event; modal is where views are shown.
export function receive(type, data, modal) {
  if (data.view?.type === 'home') {
    HANDLERS.home(data);
    return;
  }
  if (VIEWS[type]) {
    if (data.user === state.user) VIEWS[type](modal, data);
    return;
  }
  HANDLERS[type]?.(data);
}

// tell announces a message to those who do not see it arrive.
function tell(id, message) {
  const channel = state.channels.get(id);
  if (!channel || !visible(channel) || message.user === state.user) return;
  const author = authorOf(message).real_name;
  const here = state.place === 'channel' && id === state.channel;
  if (here) announce(`${author}: ${String(message.text || 'new message').slice(0, 200)}`);
  else announce(`New message from ${author} in ${channel.is_im ? `your direct messages with ${peerOf(channel).real_name}` : `#${channel.name}`}`);
}
