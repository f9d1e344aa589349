// How text and elements look up people and channels, and where links inside
// the workspace lead.
import { h } from './dom.js';
import { people, person, state, visible } from './state.js';

let openChannel = () => {};

// onChannelLink sets what happens when a channel's name in a text is clicked.
export function onChannelLink(fn) {
  openChannel = fn;
}

// env is what renderers need to know of the workspace.
export const env = {
  people,
  channels: () => [...state.channels.values()].filter((one) => !one.is_im && !one.is_archived && visible(one)),
  mention(id, label) {
    const user = person(id);
    const name = label || user.real_name || user.name;
    return h(`span.mention${id === state.user ? '.mention-me' : ''}`, { title: user.title || null }, `@${name}`);
  },
  channelLink(id, label) {
    const channel = state.channels.get(id);
    if (!channel || !visible(channel)) return h('span.mention', {}, channel ? '🔒 private channel' : `#${label || id}`);
    return h('a.mention', { href: `?channel=${encodeURIComponent(channel.name)}`, onclick: (event) => { event.preventDefault(); openChannel(id); } }, `#${channel.name}`);
  },
};
