// Building blocks for everything on the page: elements, times and avatars.
// Text only ever enters the document through text nodes and attributes.

// h builds an element from a spec like "button.primary.small", its properties
// and its children. Functions named on… become listeners, null and false
// properties are left out.
export function h(spec, props = {}, ...children) {
  const [tag, ...classes] = spec.split('.');
  const node = document.createElement(tag);
  if (classes.length) node.classList.add(...classes);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'data') Object.assign(node.dataset, value);
    else if (name === 'value') node.value = value;
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  append(node, children);
  return node;
}

// append adds children to a node; strings become text, lists are flattened.
export function append(node, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

// fill replaces what is inside a node.
export function fill(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

let counter = 0;

// uid gives a document-wide unique id for labels and descriptions.
export function uid(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}

const SVG = 'http://www.w3.org/2000/svg';

// s builds an SVG element.
export function s(tag, attrs = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attrs)) node.setAttribute(name, String(value));
  append(node, children);
  return node;
}

const ICONS = {
  menu: 'M3 5h14M3 10h14M3 15h14',
  close: 'M5 5l10 10M15 5L5 15',
  chevron: 'M6 8l4 4 4-4',
  lock: 'M6 9V7a4 4 0 0 1 8 0v2M5 9h10v7H5z',
  hash: 'M8 3L6 17M14 3l-2 14M3.5 7.5h14M2.5 12.5h14',
  home: 'M3 9l7-6 7 6v8h-5v-5H8v5H3z',
  pin: 'M7 3h6l-1 5 3 3H5l3-3zM10 11v6',
  people: 'M7 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 17c0-3 2-5 5-5s5 2 5 5M13 4a3 3 0 0 1 0 5M14 12c2.5.5 4 2.3 4 5',
  reply: 'M4 4h12v9H9l-4 4v-4H4z',
  send: 'M3 10l14-6-5 13-3-5z',
  react: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14M7.5 8h.01M12.5 8h.01M7 11.5c1 2 5 2 6 0',
  more: 'M5 10h.01M10 10h.01M15 10h.01',
  link: 'M8 12l4-4M7 9l-2 2a3 3 0 0 0 4 4l2-2M13 11l2-2a3 3 0 0 0-4-4L9 7',
};

// icon draws one of the few line icons of the page; it is always decoration.
export function icon(name) {
  return s('svg', { viewBox: '0 0 20 20', class: `icon icon-${name}`, 'aria-hidden': 'true', focusable: 'false' },
    s('path', { d: ICONS[name] }));
}

// initials takes the first letters of the first two words of a name, or the
// first two letters of an only one. What stands in brackets does not count.
export function initials(name) {
  const words = String(name || '').replace(/\(.*?\)/g, ' ').replace(/[^\p{L}\p{N} ]/gu, ' ').split(/\s+/).filter(Boolean);
  if (!words.length) return '?';
  if (words.length === 1) return [...words[0]].slice(0, 2).join('').replace(/^./u, (letter) => letter.toUpperCase());
  return words.slice(0, 2).map((word) => [...word][0].toUpperCase()).join('');
}

const PALETTE = ['4b6a88', '7a5a3c', '5b6b3a', '8a4f6d', '3f6f6a', '6a5a8c', '8b5145', '4f6457'];

function colourOf(user) {
  const given = String(user.color || '').replace('#', '');
  if (/^[0-9a-f]{6}$/i.test(given)) return given;
  let sum = 0;
  for (const letter of String(user.id || user.name || '')) sum = (sum * 31 + letter.charCodeAt(0)) % 9973;
  return PALETTE[sum % PALETTE.length];
}

function channelLight(value) {
  const part = value / 255;
  return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

function luminance(hex) {
  const [r, g, b] = [0, 2, 4].map((at) => channelLight(parseInt(hex.slice(at, at + 2), 16)));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// avatar draws a person's initials on their colour; apps get a square one.
// The letters are black or white, whichever reads better.
export function avatar(user, size = '') {
  const hex = colourOf(user);
  const node = h(`span.avatar${size ? `.avatar-${size}` : ''}${user.is_bot ? '.avatar-app' : ''}`,
    { 'aria-hidden': 'true' }, initials(user.real_name || user.name));
  node.style.backgroundColor = `#${hex}`;
  node.style.color = luminance(hex) > 0.18 ? '#111' : '#fff';
  return node;
}
