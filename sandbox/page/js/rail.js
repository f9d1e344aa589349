// The left rail: workspace, who you are, channels, direct messages, App Home.
import { avatar, fill, h, icon } from './dom.js';
import { openMenu } from './menu.js';
import { appDM, peerOf, people, person, state, unread, visible } from './state.js';

// drawRail fills the rail. go: {user(id), channel(id), dm(), home(), close()}.
export function drawRail(rail, go) {
  const focus = rail.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const all = [...state.channels.values()].filter((one) => !one.is_im && !one.is_mpim && visible(one)).sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  const archived = all.filter((one) => one.is_archived);
  const wasOpen = rail.querySelector('details')?.open || archived.some((one) => one.id === state.channel);
  fill(rail,
    h('div.rail-head', {}, h('p.workspace', {}, h('span.workspace-mark', { 'aria-hidden': 'true' }, (state.team.name || 'S').slice(0, 1)), state.team.name || 'Workspace'),
      h('button.bare.rail-close', { type: 'button', 'aria-label': 'Close the list of channels', onclick: go.close }, icon('close'))),
    youAre(go),
    h('div.rail-scroll', {},
      group('Channels', all.filter((one) => !one.is_archived).map((one) => channelRow(one, go))),
      archived.length ? h('details.archived', { open: wasOpen }, h('summary', {}, `Archived (${archived.length})`), h('ul', {}, archived.map((one) => channelRow(one, go)))) : null,
      group('Direct messages', directRows(go)),
      group('Apps', [homeRow(go)])));
  if (focus) [...rail.querySelectorAll('[data-key]')].find((node) => node.dataset.key === focus)?.focus();
}

function youAre(go) {
  const me = person(state.user);
  return h('div.you', {},
    h('span.you-label', { id: 'you-label' }, 'You are'),
    h('button.you-button', {
      type: 'button', id: 'you', 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'aria-labelledby': 'you-label you', data: { key: 'you', user: state.user },
      onclick: (event) => openMenu(event.currentTarget, 'You are', people().map((user) => ({
        label: face(user), checked: user.id === state.user, data: { user: user.id }, onpick: () => go.user(user.id),
      }))),
    }, face(me), icon('chevron')));
}

function face(user) {
  const guest = user.is_restricted || user.is_ultra_restricted;
  return h('span.face', {}, avatar(user, 'small'), h('span.face-text', {}, h('span.face-name', {}, user.real_name || user.name),
    h('span.face-title', {}, [user.title, guest && 'guest'].filter(Boolean).join(' · '))));
}

function group(title, rows) {
  const id = `rail-${title.toLowerCase().replace(/\W+/g, '-')}`;
  return h('section.rail-group', { 'aria-labelledby': id }, h('h2', { id }, title), h('ul', {}, rows));
}

function row({ key, current, mark, name, counts, onclick, title = null, className = '', data = {} }) {
  const fresh = counts && counts.count > 0 && !current;
  const badge = fresh && badgeOf(counts);
  return h('li', {}, h(`button.rail-row${fresh ? '.unread' : ''}${className}`, {
    type: 'button', 'aria-current': current ? 'page' : null, title, onclick, data: { key, ...data },
  }, mark, h('span.rail-name', {}, name), badge));
}

function badgeOf({ count, mentions }) {
  const text = mentions ? `${mentions > 99 ? '99+' : mentions}` : `${count > 99 ? '99+' : count}`;
  return h(`span.badge${mentions ? '.badge-strong' : ''}`, {}, text, h('span.visually-hidden', {}, mentions ? ' for you, unread' : ' unread'));
}

function channelRow(channel, go) {
  return row({
    key: channel.id, mark: icon(channel.is_private ? 'lock' : 'hash'), counts: unread(channel),
    title: channel.name, name: [channel.name, channel.is_private && h('span.visually-hidden', {}, ' (private)')],
    current: state.place === 'channel' && state.channel === channel.id, onclick: () => go.channel(channel.id),
    className: channel.is_archived ? '.greyed' : '', data: { channel: channel.id, channelName: channel.name },
  });
}

function directRows(go) {
  const app = appDM();
  const appUser = person(state.me);
  const rows = [row({
    key: 'app-dm', mark: avatar({ ...appUser, is_bot: true }, 'tiny'), name: [appUser.real_name, h('span.badge-app', {}, 'APP')], counts: app ? unread(app) : null,
    current: state.place === 'channel' && Boolean(app) && state.channel === app.id, onclick: go.dm, data: { channel: app?.id || '', channelName: 'app-dm' },
  })];
  const others = [...state.channels.values()].filter((one) => one.is_im && visible(one) && one.id !== app?.id);
  return rows.concat(others.map((one) => row({
    key: one.id, mark: avatar(peerOf(one), 'tiny'), name: peerOf(one).real_name, counts: unread(one),
    current: state.place === 'channel' && state.channel === one.id, onclick: () => go.channel(one.id), data: { channel: one.id },
  })));
}

function homeRow(go) {
  return row({ key: 'home', mark: icon('home'), name: `${person(state.me).real_name} home`, current: state.place === 'home', onclick: go.home, data: { channelName: 'app-home' } });
}
