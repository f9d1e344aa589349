// What to do with each kind of live event.
import { whenSettled } from './api.js';
import { closeView, openView, updateView, viewErrors } from './modal.js';
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
  view_open: ({ view }) => openView(view),
  view_push: ({ view }) => openView(view),
  view_update: ({ view }) => updateView(view),
  view_close: ({ view }) => closeView(view?.id || ''),
  view_errors: ({ view_id: id, errors }) => viewErrors(id, errors),
};

// receive applies one event.
export function receive(type, data) {
  if (data.view?.type === 'home') {
    HANDLERS.home(data);
    return;
  }
  if (VIEWS[type]) {
    if (data.user === state.user) VIEWS[type](data);
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
