// Reactions: the emoji below a message, which a person adds, and takes back.
import { h, icon } from './dom.js';
import { emojiFor } from './emoji.js';
import { openMenu } from './menu.js';
import { person, state } from './state.js';
import { explain, post } from './api.js';
import { toast } from './toast.js';

// What the menu offers: an app may listen for any of them.
const OFFERED = [
  ['octagonal_sign', 'Stop sign'], ['eyes', 'Eyes'], ['white_check_mark', 'Check mark'], ['warning', 'Warning'], ['+1', 'Thumbs up'], ['tada', 'Party popper'],
];

// reactionRow is the emoji below a message: each a button that says who reacted so.
export function reactionRow(message, channel) {
  const shown = (message.reactions || []).filter((one) => one.users?.length);
  return shown.length ? h('div.reactions', {}, shown.map((one) => reactionButton(one, message, channel))) : null;
}

function reactionButton(one, message, channel) {
  const mine = one.users.includes(state.user);
  const who = one.users.map((id) => person(id).real_name).join(', ');
  return h('button.reaction', {
    type: 'button', title: who, 'aria-pressed': String(mine), 'aria-label': `${one.name.replaceAll('_', ' ')}, ${one.users.length}: ${who}`,
    data: { reaction: one.name, actionId: `react:${one.name}`, blockId: message.ts },
    onclick: () => react(channel, message.ts, one.name, mine),
  }, emojiFor(one.name) || `:${one.name}:`, h('span', {}, String(one.users.length)));
}

// reactionTool opens the menu of emoji for a message.
export function reactionTool(message, channel) {
  return h('button.tool', {
    type: 'button', 'aria-label': 'Add reaction', 'aria-haspopup': 'menu', 'aria-expanded': 'false', data: { react: message.ts },
    onclick: (event) => openMenu(event.currentTarget, 'Add reaction', OFFERED.map(([name, label]) => ({
      label: [emojiFor(name), ' ', label], data: { emoji: name }, onpick: () => react(channel, message.ts, name, hasMine(message, name)),
    }))),
  }, icon('react'));
}

const hasMine = (message, name) => (message.reactions || []).some((one) => one.name === name && one.users?.includes(state.user));

async function react(channel, ts, name, remove) {
  const answer = await post('ui/react', { user: state.user, channel, ts, name, remove });
  if (!answer.ok) toast(`The reaction did not work: ${explain(answer.error)}.`, 'error');
}
