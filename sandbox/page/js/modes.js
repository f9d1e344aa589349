// One colour per mode, always with its shape and its word.
import { h } from './dom.js';

const MODES = { '■': 'halted', '▮▮': 'paused', '◆': 'review', '▲': 'capped', '●': 'running' };
const PATTERN = /^(■|▮▮|◆|▲|●)([ \u00a0]?)([*_]?)([a-z]+)\3(?![\p{L}\p{N}_])/iu;

// modeAt recognises a mode's shape followed by its word at the start of a
// text. It returns the coloured element and how many characters it stands for,
// or null. What comes before decides whether it stands at a word boundary.
export function modeAt(text, before = '') {
  if (/[\p{L}\p{N}_]$/u.test(before)) return null;
  const found = PATTERN.exec(text);
  if (!found || MODES[found[1]] !== found[4].toLowerCase()) return null;
  const node = h(`span.mode.mode-${MODES[found[1]]}`, {},
    h('span.mode-shape', { 'aria-hidden': 'true' }, found[1]), `${found[2]}${found[4]}`);
  return { node, length: found[0].length };
}

// mayStartMode is a cheap test before modeAt.
export function mayStartMode(letter) {
  return '■▮◆▲●'.includes(letter);
}
