// The rich_text block: text that was formatted by elements instead of marks.
import { h } from './dom.js';
import { emojiFor } from './emoji.js';
import { linkTo, plain, safeURL } from './mrkdwn.js';
import { dateToken } from './time.js';

const LEAVES = {
  text: (leaf) => styled(leaf, plain(String(leaf.text ?? '').replaceAll('&', '&amp;'))),
  link: (leaf) => {
    const url = safeURL(String(leaf.url || '').replaceAll('&', '&amp;'));
    return url ? linkTo(url, styled(leaf, leaf.text || url)) : styled(leaf, leaf.text || leaf.url || '');
  },
  user: (leaf, env) => env.mention(leaf.user_id, null),
  channel: (leaf, env) => env.channelLink(leaf.channel_id, null),
  usergroup: (leaf) => h('span.mention', {}, `@${leaf.usergroup_id}`),
  broadcast: (leaf) => h('span.mention.mention-me', {}, `@${leaf.range}`),
  emoji: (leaf) => h('span.emoji', { role: 'img', 'aria-label': leaf.name }, emojiFor(leaf.name || '') || `:${leaf.name}:`),
  date: (leaf) => dateToken(leaf.timestamp, leaf.format || '{date_num} {time}', leaf.fallback || ''),
  color: (leaf) => h('code', {}, leaf.value || ''),
};

function styled(leaf, content) {
  const style = leaf.style || {};
  const tags = [['code', 'code'], ['bold', 'strong'], ['italic', 'em'], ['strike', 's']];
  return tags.reduce((inner, [name, tag]) => (style[name] ? h(tag, {}, inner) : inner), content);
}

function leaves(elements, env) {
  return (elements || []).map((leaf) => {
    const node = LEAVES[leaf.type] ? LEAVES[leaf.type](leaf, env) : leaf.text || '';
    return node;
  });
}

const PARTS = {
  rich_text_section: (part, env) => h('p.pre-line', {}, leaves(part.elements, env)),
  rich_text_preformatted: (part, env) => h('pre', {}, h('code', {}, leaves(part.elements, env))),
  rich_text_quote: (part, env) => h('blockquote.pre-line', {}, leaves(part.elements, env)),
  rich_text_list: (part, env) => h(part.style === 'ordered' ? 'ol' : 'ul',
    { class: part.indent ? `indent-${Math.min(part.indent, 4)}` : null, start: part.offset ? part.offset + 1 : null },
    (part.elements || []).map((item) => h('li', {}, leaves(item.elements, env)))),
};

// richText renders the elements of a rich_text block or table cell.
export function richText(elements, env) {
  return (elements || []).map((part) => (PARTS[part.type] ? PARTS[part.type](part, env) : leaves([part], env)));
}
