// Standard Markdown of the "markdown" block, turned into nodes. Raw HTML in it
// stays visible as text.
import { h } from './dom.js';
import { deeper, inline as slackInline, linkTo, safeURL } from './mrkdwn.js';

const RULES = [
  [/^`([^`\n]+)`/, (found) => h('code', {}, found[1])],
  [/^!?\[([^\]]*)\]\(([^()\s]+(?:\([^()\s]*\))?)(?:\s+"[^"]*")?\)/, (found, env) => link(found, env)],
  [/^\*\*(?=\S)([\s\S]*?\S)\*\*/, (found, env) => h('strong', {}, ...text(found[1], env))],
  [/^__(?=\S)([\s\S]*?\S)__(?!\w)/, (found, env) => h('strong', {}, ...text(found[1], env))],
  [/^~~(?=\S)([\s\S]*?\S)~~/, (found, env) => h('s', {}, ...text(found[1], env))],
  [/^\*(?=[^\s*])([^*\n]*?[^\s*])\*/, (found, env) => h('em', {}, ...text(found[1], env))],
  [/^_(?=[^\s_])([^_\n]*?[^\s_])_(?!\w)/, (found, env) => h('em', {}, ...text(found[1], env))],
  [/^\\([\\`*_{}[\]()#+\-.!|~>])/, (found) => found[1]],
  [/^<(https?:\/\/[^\s<>]+|@[UW][A-Z0-9]+|#C[A-Z0-9]+|![a-z][^<>]*)>/, (found, env) => slackInline(found[0], env)],
];

function link(found, env) {
  const url = safeURL(found[2]);
  return url ? linkTo(url, ...text(found[1] || url, env)) : found[0];
}

// text renders the inline part of Markdown as a list of nodes.
function text(source, outer) {
  const env = deeper(outer);
  if (env.literal) return slackInline(source, env);
  const nodes = [];
  let buffer = '';
  const flush = () => { if (buffer) nodes.push(...slackInline(buffer, { ...env, literal: true })); buffer = ''; };
  for (let at = 0; at < source.length;) {
    const rest = source.slice(at);
    const inWord = at > 0 && /\w/.test(source[at - 1]);
    const hit = RULES.map(([pattern, build]) => [pattern.exec(rest), build])
      .find(([found]) => found && !(inWord && found[0][0] === '_'));
    if (hit) {
      flush();
      nodes.push(hit[1](hit[0], env));
      at += hit[0][0].length;
    } else {
      buffer += source[at];
      at += 1;
    }
  }
  flush();
  return nodes.flat(Infinity);
}

const FENCE = /^\s*(```|~~~)/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^\s*([-*_])(\s*\1){2,}\s*$/;
const QUOTE = /^\s*>\s?/;
const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;
const ROW = /^\s*\|.*\|\s*$/;
const TASK = /^\[([ xX])\]\s+/;

// markdown renders a whole text as a fragment.
export function markdown(source, env) {
  const out = document.createDocumentFragment();
  out.append(...blocks(String(source ?? '').replaceAll('\r\n', '\n').split('\n'), env));
  return out;
}

function blocks(lines, outer) {
  const env = deeper(outer);
  if (env.literal) return [h('p', {}, lines.join('\n'))];
  const nodes = [];
  let at = 0;
  const take = (matches) => {
    const from = at;
    while (at < lines.length && matches(lines[at])) at += 1;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at];
    if (!line.trim()) at += 1;
    else if (FENCE.test(line)) {
      at += 1;
      const body = take((next) => !FENCE.test(next));
      at += 1;
      nodes.push(h('pre', {}, h('code', {}, body.join('\n'))));
    } else if (HEADING.test(line)) {
      const [, marks, title] = HEADING.exec(line);
      nodes.push(h(`p.md-heading.md-h${Math.min(marks.length, 3)}`, { role: 'heading', 'aria-level': Math.min(marks.length + 3, 6) }, ...text(title, env)));
      at += 1;
    } else if (RULE.test(line)) {
      nodes.push(h('hr'));
      at += 1;
    } else if (QUOTE.test(line)) {
      nodes.push(h('blockquote', {}, ...blocks(take((next) => QUOTE.test(next)).map((next) => next.replace(QUOTE, '')), env)));
    } else if (ITEM.test(line)) nodes.push(list(take((next) => ITEM.test(next) || /^\s{2,}\S/.test(next)), env));
    else if (ROW.test(line)) nodes.push(table(take((next) => ROW.test(next)), env));
    else nodes.push(paragraph(take((next) => next.trim() && ![FENCE, HEADING, RULE, QUOTE, ITEM, ROW].some((kind) => kind.test(next))), env));
  }
  return nodes;
}

function paragraph(lines, env) {
  const node = h('p');
  lines.forEach((line, index) => {
    if (index) node.append(h('br'));
    node.append(...text(line.trim(), env));
  });
  return node;
}

function list(lines, env) {
  const indent = ITEM.exec(lines[0])[1].length;
  const ordered = /^\d/.test(ITEM.exec(lines[0])[2]);
  const node = h(ordered ? 'ol' : 'ul', ordered ? { start: parseInt(ITEM.exec(lines[0])[2], 10) } : {});
  let at = 0;
  while (at < lines.length) {
    const found = ITEM.exec(lines[at]);
    const task = TASK.exec(found[3]);
    const item = h(task ? 'li.task' : 'li', {}, task && h('span.task-box', { role: 'img', 'aria-label': task[1] === ' ' ? 'open' : 'done' }, task[1] === ' ' ? '☐' : '☑'),
      ...text(found[3].replace(TASK, ''), env));
    at += 1;
    const inner = [];
    while (at < lines.length && (!ITEM.test(lines[at]) || ITEM.exec(lines[at])[1].length > indent)) {
      inner.push(lines[at]);
      at += 1;
    }
    if (inner.length) item.append(...blocks(ITEM.test(inner[0]) ? inner : inner.map((line) => line.trim()), env));
    node.append(item);
  }
  return node;
}

function table(lines, env) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, '').split(/(?<!\\)\|/).map((cell) => cell.trim());
  const [head, ...rest] = lines.map(cells);
  const body = rest.filter((row) => !row.every((cell) => /^:?-+:?$/.test(cell)));
  return h('div.table-wrap', { tabindex: 0, role: 'region', 'aria-label': 'Table' }, h('table', {},
    h('thead', {}, h('tr', {}, head.map((cell) => h('th', { scope: 'col' }, ...text(cell, env))))),
    h('tbody', {}, body.map((row) => h('tr', {}, row.map((cell) => h('td', {}, ...text(cell, env))))))));
}
