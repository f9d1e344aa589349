// Short notes at the edge of the page, and words for screen readers.
import { h, icon } from './dom.js';

const STAY = 8000;

// toast shows a note that leaves by itself, or when closed.
export function toast(text, kind = 'info') {
  const box = document.getElementById('toasts');
  const node = h(`div.toast.toast-${kind}`, {}, h('p', {}, text),
    h('button.bare', { type: 'button', 'aria-label': 'Dismiss', onclick: () => node.remove() }, icon('close')));
  box.append(node);
  while (box.children.length > 3) box.firstElementChild.remove();
  setTimeout(() => node.remove(), STAY);
}

// announce says something to screen readers only.
export function announce(text) {
  const box = document.getElementById('announcer');
  box.textContent = box.textContent === text ? `${text}\u00a0` : text;
}
