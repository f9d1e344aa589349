// The line above the conversation: where you are, what it is about, what is
// pinned and who is here.
import { avatar, fill, h, icon } from './dom.js';
import { env } from './env.js';
import { mrkdwn, safeURL } from './mrkdwn.js';
import { closeMenu, openPanel } from './menu.js';
import { authorOf, peerOf, person, state } from './state.js';
import { fromTS, timeElement } from './time.js';

// drawHeader fills the header. go: {menu(), jump(ts), home(), dm()}.
export function drawHeader(header, go) {
  const channel = state.channels.get(state.channel);
  const atHome = state.place === 'home';
  const app = atHome || (channel?.is_im && peerOf(channel).id === state.me);
  fill(header,
    h('button.bare.rail-open', { type: 'button', 'aria-label': 'Show channels', onclick: go.menu }, icon('menu'), h('span.dot', { hidden: true, id: 'rail-dot' })),
    h('div.header-text', {}, h('h1', {}, titleOf(channel, app)), !app && channel ? topicOf(channel) : null, app ? tabs(atHome, go) : null),
    channel && !app ? h('div.header-tools', {}, bookmarks(channel), pinned(channel, go), members(channel)) : null);
}

function titleOf(channel, app) {
  if (app) return [avatar({ ...person(state.me), is_bot: true }, 'small'), person(state.me).real_name, h('span.badge-app', {}, 'APP')];
  if (!channel) return 'No channel';
  if (channel.is_im) return [avatar(peerOf(channel), 'small'), peerOf(channel).real_name];
  return [icon(channel.is_private ? 'lock' : 'hash'), channel.name, channel.is_archived && h('span.badge-app', {}, 'ARCHIVED')];
}

function tabs(atHome, go) {
  const tab = (label, current, onclick) => h('button.tab', { type: 'button', 'aria-current': current ? 'page' : null, onclick }, label);
  return h('div.tabs', {}, tab('Messages', !atHome, go.dm), tab('Home', atHome, go.home));
}

function topicOf(channel) {
  const text = channel.topic || channel.purpose;
  return text ? h('div.topic', { title: text }, mrkdwn(text, env)) : null;
}

function bookmarks(channel) {
  return (channel.bookmarks || []).map((one) => {
    const url = safeURL(one.link || '');
    return url && h('a.chip', { href: url, target: '_blank', rel: 'noopener noreferrer', title: url }, icon('link'), one.title || url);
  });
}

function panelButton(name, label, count, content) {
  return h('button.chip', {
    type: 'button', 'aria-haspopup': 'dialog', 'aria-expanded': 'false', 'aria-label': `${count} ${label}`, title: `${count} ${label}`, data: { panel: name },
    onclick: (event) => openPanel(event.currentTarget, label, ...content()),
  }, icon(name), String(count));
}

function pinned(channel, go) {
  const list = channel.pinned || [];
  if (!list.length) return null;
  return panelButton('pin', 'pinned', list.length, () => [h('h2', {}, 'Pinned'), h('ul.panel-list', {}, list.map((ts) => {
    const message = state.messages.get(channel.id)?.get(ts);
    const text = message ? summary(message) : 'A message that is gone';
    return h('li', {}, h('button.panel-row', { type: 'button', onclick: () => { closeMenu(false); go.jump(ts); } },
      h('span.panel-text', {}, message && h('strong', {}, authorOf(message).real_name), message && timeElement(fromTS(ts)), h('span.clamp', {}, text))));
  }))]);
}

function summary(message) {
  const text = message.text || message.blocks?.map((block) => block.text?.text || '').join(' ') || '';
  return mrkdwn(text.slice(0, 160), env);
}

function members(channel) {
  const list = (channel.members || []).map(person);
  return panelButton('people', 'members', list.length, () => [h('h2', {}, 'Members'), h('ul.panel-list', {}, list.map((user) => h('li.panel-row', {},
    avatar(user, 'small'), h('span.panel-text', {}, h('strong', {}, user.real_name || user.name), h('span.muted', {}, user.title || (user.is_bot ? 'App' : ''))))))]);
}
