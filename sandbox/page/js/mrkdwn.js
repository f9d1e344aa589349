// Slack's mrkdwn, turned into nodes. Nothing here ever parses HTML: foreign
// text ends in text nodes, and links only lead to http, https and mailto.
import { h } from './dom.js';
import { emojiFor } from './emoji.js';
import { mayStartMode, modeAt } from './modes.js';
import { dateToken } from './time.js';

const STYLES = { '*': 'strong', _: 'em', '~': 's' };
const WORD = /[\p{L}\p{N}_]/u;

// decode undoes the three escapes that Slack knows.
export function decode(text) {
  return String(text).replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: '&', lt: '<', gt: '>' }[name]));
}

// safeURL returns the address if it may be linked to, else null.
export function safeURL(text) {
  const url = decode(text).trim();
  return /^(https?:\/\/|mailto:)/i.test(url) ? url : null;
}

// linkTo builds an outward link that tells its target nothing about this page.
export function linkTo(url, ...children) {
  return h('a', { href: url, target: '_blank', rel: 'noopener noreferrer nofollow', title: url }, ...children);
}

// mrkdwn renders a whole text: paragraphs, quotes, lists and code blocks.
export function mrkdwn(text, env) {
  const out = document.createDocumentFragment();
  const parts = String(text ?? '').split(/```([\s\S]*?)```/);
  parts.forEach((part, index) => {
    if (index % 2) out.append(h('pre', {}, h('code', {}, decode(part.replace(/^\n|\n$/g, '')))));
    else blocksOf(part.replace(/^\n|\n$/g, ''), env).forEach((node) => out.append(node));
  });
  return out;
}

// plain renders a plain_text object: emoji and modes, no formatting.
export function plain(text, env = {}) {
  const out = document.createDocumentFragment();
  inline(String(text ?? ''), { ...env, literal: true }).forEach((node) => out.append(node));
  return out;
}

const QUOTE = /^\s*(?:&gt;|>)\s?/;
const QUOTES = /^(\s*(?:&gt;|>)\s?)+/;
const ITEM = /^(\s*)(•|◦|▪|-|(\d+)[.)])\s+(?=\S)/;

const DEEPEST = 8;

// deeper is the environment one level further down; the bottom takes every mark
// literally, so that no text can nest without end.
export function deeper(env) {
  const depth = (env.depth || 0) + 1;
  return { ...env, depth, literal: env.literal || depth > DEEPEST };
}

function blocksOf(text, outer) {
  const env = deeper(outer);
  const quote = env.literal ? QUOTES : QUOTE;
  const nodes = [];
  const lines = text.split('\n');
  let at = 0;
  const take = (matches) => {
    const from = at;
    while (at < lines.length && matches(lines[at])) at += 1;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    if (/^(&gt;){3}|^>>>/.test(lines[at])) {
      const rest = lines.slice(at).join('\n').replace(env.literal ? QUOTES : /^((&gt;){3}|>>>)\s?/, '');
      nodes.push(h('blockquote', {}, ...blocksOf(rest, env)));
      break;
    }
    if (QUOTE.test(lines[at])) {
      const quoted = take((line) => QUOTE.test(line)).map((line) => line.replace(quote, ''));
      nodes.push(h('blockquote', {}, ...blocksOf(quoted.join('\n'), env)));
    } else if (ITEM.test(lines[at])) nodes.push(listOf(take((line) => ITEM.test(line)), env));
    else if (!lines[at].trim()) at += 1;
    else nodes.push(paragraph(take((line) => line.trim() && !QUOTE.test(line) && !ITEM.test(line)), env));
  }
  return nodes;
}

function listOf(lines, env) {
  const first = ITEM.exec(lines[0])[3];
  const list = h(first ? 'ol' : 'ul', first ? { start: first } : {});
  for (const line of lines) {
    const [prefix, indent] = ITEM.exec(line);
    list.append(h(indent.length > 1 ? 'li.nested' : 'li', {}, ...inline(line.slice(prefix.length), env)));
  }
  return list;
}

function paragraph(lines, env) {
  const node = h('p');
  lines.forEach((line, index) => {
    if (index) node.append(h('br'));
    node.append(...inline(line, env));
  });
  return node;
}

// inline renders one line. With env.literal only emoji and modes are read.
export function inline(text, outer) {
  const env = { ...deeper(outer), unclosed: new Set() };
  const nodes = [];
  let buffer = '';
  const flush = () => { if (buffer) nodes.push(decode(buffer)); buffer = ''; };
  for (let at = 0; at < text.length;) {
    const found = tokenAt(text, at, env);
    if (found) {
      flush();
      nodes.push(found.node);
      at += found.length;
    } else {
      buffer += text[at];
      at += 1;
    }
  }
  flush();
  return nodes;
}

function tokenAt(text, at, env) {
  const letter = text[at];
  if (mayStartMode(letter)) return modeAt(text.slice(at, at + 40), text.slice(Math.max(0, at - 2), at));
  if (letter === ':') return emojiAt(text, at);
  if (env.literal) return null;
  if (letter === '<') return angleAt(text, at, env);
  if (letter === '`') return codeAt(text, at);
  if (STYLES[letter]) return styledAt(text, at, env);
  if (letter === 'h') return bareLinkAt(text, at);
  return null;
}

function emojiAt(text, at) {
  const found = /^:([a-z0-9_+-]+(?:::skin-tone-\d)?):/.exec(text.slice(at, at + 60));
  const char = found && emojiFor(found[1]);
  if (!char) return null;
  return { node: h('span.emoji', { role: 'img', 'aria-label': found[1].replaceAll('_', ' '), title: found[0] }, char), length: found[0].length };
}

function codeAt(text, at) {
  const end = text.indexOf('`', at + 1);
  if (end <= at + 1) return null;
  return { node: h('code', {}, decode(text.slice(at + 1, end))), length: end + 1 - at };
}

function styledAt(text, at, env) {
  const mark = text[at];
  if (env.unclosed.has(mark)) return null;
  if (at > 0 && WORD.test(text[at - 1])) return null;
  if (!text[at + 1] || /\s/.test(text[at + 1]) || text[at + 1] === mark) return null;
  const end = closingMark(text, at, mark);
  if (end < 0) {
    env.unclosed.add(mark);
    return null;
  }
  return { node: h(STYLES[mark], {}, ...inline(text.slice(at + 1, end), env)), length: end + 1 - at };
}

function closingMark(text, at, mark) {
  for (let end = at + 1; end < text.length; end += 1) {
    if (text[end] === '`' || text[end] === '<') {
      const close = text.indexOf(text[end] === '<' ? '>' : '`', end + 1);
      if (close > 0) end = close;
    } else if (text[end] === mark && !/\s/.test(text[end - 1]) && !WORD.test(text[end + 1] || ' ')) return end;
  }
  return -1;
}

function bareLinkAt(text, at) {
  if (at > 0 && WORD.test(text[at - 1])) return null;
  const found = /^https?:\/\/[^\s<>|"]+[^\s<>|".,;:!?)\]'*_~`]/.exec(text.slice(at));
  if (!found) return null;
  return { node: linkTo(decode(found[0]), decode(found[0])), length: found[0].length };
}

function angleAt(text, at, env) {
  const end = text.indexOf('>', at + 1);
  if (end < 0) return null;
  const [target, ...rest] = text.slice(at + 1, end).split('|');
  const node = angle(target, rest.length ? rest.join('|') : null, env);
  return node && { node, length: end + 1 - at };
}

function angle(target, label, env) {
  if (/^@[UWB][A-Z0-9]+$/.test(target)) return env.mention(target.slice(1), label);
  if (/^#[CGD][A-Z0-9]+$/.test(target)) return env.channelLink(target.slice(1), label);
  if (target.startsWith('!date^')) return dateToken(...target.split('^').slice(1, 3), decode(label ?? target));
  if (target.startsWith('!subteam^')) return h('span.mention', {}, decode(label || '@group'));
  const broadcast = /^!(here|channel|everyone)$/.exec(target);
  if (broadcast) return h('span.mention.mention-me', {}, `@${broadcast[1]}`);
  const url = safeURL(target);
  if (!url) return null;
  return linkTo(url, ...(label === null ? [url.replace(/^mailto:/i, '')] : inline(label, { ...env, literal: true })));
}
