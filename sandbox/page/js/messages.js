// Messages: one article each, grouped by author, kept in place when nothing
// about them changed.
import { append, avatar, fill, h, icon } from './dom.js';
import { messageSurface } from './actions.js';
import { blocks } from './blocks.js';
import { env } from './env.js';
import { mrkdwn } from './mrkdwn.js';
import { openMenu } from './menu.js';
import { reactionRow, reactionTool } from './reactions.js';
import { authorOf, dismiss, isReply, repliesTo, state } from './state.js';
import { explain, post } from './api.js';
import { dayName, full, fromTS, relative, timeElement, zone } from './time.js';
import { toast } from './toast.js';

const GROUP_SECONDS = 300;

// newList keeps the articles of one place (a channel or a thread) up to date.
// show(messages, {channel, newSince, inThread, openThread}) draws them into box.
export function newList(box) {
  let kept = new Map();
  return {
    clear: () => { kept = new Map(); box.replaceChildren(); },
    show(messages, options) {
      const next = new Map();
      const wanted = rowsFor(messages, options).map((row) => {
        const old = kept.get(row.id);
        const node = old && old.key === row.key ? old.node : replaceKeepingFocus(old?.node, row.build);
        next.set(row.id, { key: row.key, node });
        return node;
      });
      kept = next;
      arrange(box, wanted);
    },
  };
}

function replaceKeepingFocus(old, build) {
  const focused = old?.contains(document.activeElement) ? document.activeElement : null;
  const node = build();
  if (!focused) return node;
  const { actionId, blockId } = focused.dataset;
  queueMicrotask(() => {
    const same = [...node.querySelectorAll('[data-action-id]')].find((one) => one.dataset.actionId === actionId && one.dataset.blockId === blockId);
    (same || node).focus({ preventScroll: true });
  });
  return node;
}

function arrange(box, wanted) {
  const stay = new Set(wanted);
  for (const node of [...box.children]) if (!stay.has(node)) node.remove();
  let at = box.firstElementChild;
  for (const node of wanted) {
    if (node === at) at = at.nextElementSibling;
    else box.insertBefore(node, at);
  }
}

function rowsFor(messages, options) {
  const rows = [];
  let before = null;
  let marked = false;
  for (const message of messages) {
    const date = fromTS(message.ts);
    const day = date.toDateString();
    const newDay = !before || fromTS(before.ts).toDateString() !== day;
    if (newDay && !options.inThread) rows.push({ id: `day ${day}`, key: dayName(date), build: () => dayRow(date) });
    const isNew = !marked && options.newSince && message.ts > options.newSince && message.user !== state.user;
    if (isNew) {
      marked = true;
      rows.push({ id: 'new', key: 'new', build: () => h('div.new-line', { role: 'separator', 'aria-label': 'New messages' }, h('span', {}, 'New')) });
    }
    const grouped = !newDay && !isNew && sameAuthor(before, message);
    const replies = repliesTo(options.channel, message.ts);
    const key = JSON.stringify([state.user, grouped, message, replies.length, replies.at(-1)?.ts]);
    rows.push({ id: message.ts, key, build: () => safely(message, { ...options, grouped, replies }) });
    before = message;
  }
  return rows;
}

function sameAuthor(before, message) {
  return before.user === message.user && before.username === message.username && !before.reply_count
    && !before.blocks?.length && !message.blocks?.length && Boolean(before.ephemeral) === Boolean(message.ephemeral) && message.ts - before.ts < GROUP_SECONDS;
}

function dayRow(date) {
  return h('div.day', { role: 'separator', 'aria-label': dayName(date) }, h('span', {}, `${dayName(date)} · times in ${zone(date)}`));
}

// safely draws a message whatever is in it: one that cannot be rendered shows
// its bare text, so that it never takes the others with it.
function safely(message, options) {
  try {
    return article(message, options);
  } catch {
    return article({ ...message, blocks: null, attachments: null, text: '' }, options, String(message.text || 'This message cannot be shown.'));
  }
}

function article(message, options, bare = '') {
  const author = authorOf(message);
  const name = author.real_name || author.name;
  const pinned = state.channels.get(options.channel)?.pinned?.includes(message.ts);
  const node = h(`article.message${options.grouped ? '.grouped' : ''}${message.ephemeral ? '.ephemeral' : ''}`, {
    tabindex: -1, 'aria-label': `${name}, ${full(fromTS(message.ts))}`, data: { ts: message.ts, channel: options.channel },
  });
  const side = options.grouped ? timeElement(fromTS(message.ts)) : avatar(author);
  const edited = message.edited && h('span.edited', { title: `Edited ${full(fromTS(message.edited.ts))}` }, '(edited)');
  const head = options.grouped ? null : h('div.message-head', {}, h('span.author', {}, name),
    author.is_bot && h('span.badge-app', {}, 'APP'), guestMark(author), timeElement(fromTS(message.ts)), edited);
  append(node, [
    h('div.message-side', {}, side),
    h('div.message-main', {}, message.ephemeral && h('p.only-you', {}, 'Only visible to you'),
      pinned && !options.inThread && h('p.pinned-mark', {}, icon('pin'), 'Pinned'), head, bare ? h('div.rich', {}, h('p', {}, bare)) : bodyOf(message, options), options.grouped && edited, extrasOf(message, options), threadMark(message, options)),
    toolbar(message, options),
  ]);
  return node;
}

const guestMark = (author) => (author.is_restricted || author.is_ultra_restricted) && h('span.badge-app', {}, 'GUEST');

function bodyOf(message, options) {
  const body = h('div.message-body');
  if (message.blocks?.length) append(body, blocks(message.blocks, messageSurface(options.channel, message)));
  else append(body, h('div.rich.message-text', {}, mrkdwn(message.text, env)));
  for (const one of message.attachments || []) body.append(attachment(one, message, options));
  return body;
}

function attachment(one, message, options) {
  const node = h('div.attachment.rich');
  if (/^#?[0-9a-f]{6}$/i.test(one.color || '')) node.style.borderInlineStartColor = `#${one.color.replace('#', '')}`;
  return append(node, [
    one.pretext && mrkdwn(one.pretext, env), one.title && h('p', {}, h('strong', {}, one.title)),
    one.blocks ? blocks(one.blocks, messageSurface(options.channel, message)) : mrkdwn(one.text || one.fallback || '', env),
  ]);
}

function extrasOf(message, options) {
  const files = (message.files || []).map((file) => (String(file.mimetype).startsWith('image/')
    ? h('img.block-image', { src: `files/${file.id}`, alt: file.alt_txt || file.title || file.name, loading: 'lazy' })
    : h('a.file', { href: `files/${file.id}`, target: '_blank', rel: 'noopener' }, icon('link'), file.title || file.name)));
  return [files.length ? h('div.files', {}, files) : null, message.ephemeral ? null : reactionRow(message, options.channel)];
}

function threadMark(message, options) {
  const count = Math.max(message.reply_count || 0, options.replies.length);
  if (options.inThread || !count || isReply(message)) return null;
  const last = options.replies.at(-1);
  const faces = [...new Map(options.replies.map((one) => [one.user, authorOf(one)])).values()].slice(0, 3);
  return h('button.thread-mark', { type: 'button', onclick: () => options.openThread(message.ts), data: { thread: message.ts } },
    faces.map((one) => avatar(one, 'tiny')), h('strong', {}, `${count} ${count === 1 ? 'reply' : 'replies'}`),
    last && h('span.muted', { title: full(fromTS(last.ts)) }, `last reply ${relative(fromTS(last.ts))}`));
}

function toolbar(message, options) {
  const tools = [];
  if (message.ephemeral) {
    tools.push(h('button.tool', { type: 'button', onclick: () => dismiss(options.channel, message.ts) }, icon('close'), h('span', {}, 'Dismiss')));
  } else if (!options.inThread && !isReply(message)) {
    tools.push(h('button.tool', { type: 'button', 'aria-label': 'Reply in thread', onclick: () => options.openThread(message.ts) }, icon('reply'), h('span', {}, 'Reply')));
  }
  if (!message.ephemeral) tools.push(reactionTool(message, options.channel));
  const shortcuts = state.shortcuts.filter((one) => one.type === 'message');
  if (!message.ephemeral && shortcuts.length) tools.push(moreButton(message, options, shortcuts));
  return tools.length ? h('div.message-tools', {}, tools) : null;
}

function moreButton(message, options, shortcuts) {
  return h('button.tool', {
    type: 'button', 'aria-label': 'More actions', 'aria-haspopup': 'menu', 'aria-expanded': 'false',
    onclick: (event) => openMenu(event.currentTarget, 'More actions', shortcuts.map((one) => ({
      label: one.name, data: { shortcut: one.callback_id }, onpick: () => runShortcut(one, options.channel, message.ts),
    }))),
  }, icon('more'));
}

// runShortcut starts a shortcut of the app on a message, or without one.
export async function runShortcut(shortcut, channel, ts) {
  const answer = await post('ui/shortcut', { user: state.user, callback_id: shortcut.callback_id, channel, ts });
  if (!answer.ok) toast(`“${shortcut.name}” did not work: ${explain(answer.error)}.`, 'error');
}

// beginning introduces an empty channel.
export function beginning(box, title, text) {
  fill(box, h('div.beginning', {}, h('h2', {}, title), h('p.muted', {}, text)));
}
