// Small menus and panels that hang from a button. Arrow keys move, Escape and a
// click elsewhere close, and focus returns to the button.
import { h, uid } from './dom.js';

let open = null;

function place(panel, anchor) {
  const box = anchor.getBoundingClientRect();
  const size = panel.getBoundingClientRect();
  const fitsBelow = box.bottom + 6 + size.height <= innerHeight - 8;
  const top = fitsBelow ? box.bottom + 6 : Math.max(8, box.top - 6 - size.height);
  const left = Math.min(Math.max(8, box.left), innerWidth - size.width - 8);
  panel.style.top = `${top}px`;
  panel.style.left = `${Math.max(8, left)}px`;
}

// closeMenu closes whatever hangs open.
export function closeMenu(returnFocus = true) {
  if (!open) return;
  const { panel, anchor, outside } = open;
  open = null;
  document.removeEventListener('pointerdown', outside, true);
  const had = panel.contains(document.activeElement);
  panel.remove();
  // The button may have been drawn anew since.
  const button = anchor.isConnected ? anchor : document.getElementById(anchor.id);
  button?.setAttribute('aria-expanded', 'false');
  if (returnFocus && had) button?.focus();
}

function hang(anchor, panel) {
  const again = open?.anchor === anchor;
  closeMenu();
  if (again) return false;
  const outside = (event) => {
    if (!panel.contains(event.target) && !anchor.contains(event.target)) closeMenu(false);
  };
  (anchor.closest('dialog') || document.body).append(panel);
  panel.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    closeMenu();
  });
  document.addEventListener('pointerdown', outside, true);
  anchor.setAttribute('aria-expanded', 'true');
  open = { anchor, panel, outside };
  place(panel, anchor);
  return true;
}

// openPanel shows some content below its button; it takes the focus.
export function openPanel(anchor, label, ...content) {
  const panel = h('div.popover.panel', { role: 'dialog', 'aria-label': label, tabindex: -1 }, ...content);
  if (hang(anchor, panel)) panel.focus();
}

// openMenu shows choices: [{label (string or nodes), checked, onpick, data}].
export function openMenu(anchor, label, items) {
  const panel = h('div.popover.menu', { role: 'menu', 'aria-label': label, id: uid('menu') });
  const radio = items.some((item) => item.checked !== undefined);
  for (const item of items) {
    panel.append(h('button.menu-item', {
      type: 'button', role: radio ? 'menuitemradio' : 'menuitem', tabindex: -1, data: item.data,
      'aria-checked': radio ? String(Boolean(item.checked)) : null,
      onclick: () => { closeMenu(); item.onpick(); },
    }, item.label));
  }
  panel.addEventListener('keydown', (event) => walk(event, panel));
  if (!hang(anchor, panel)) return;
  (panel.querySelector('[aria-checked="true"]') || panel.querySelector('button'))?.focus();
}

function walk(event, panel) {
  const items = [...panel.querySelectorAll('button')];
  const at = items.indexOf(document.activeElement);
  const next = {
    ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1,
  }[event.key];
  if (next !== undefined) {
    event.preventDefault();
    items[next % items.length].focus();
  } else if (event.key === 'Tab') closeMenu();
  else if (event.key.length === 1) {
    const hit = items.find((item, index) => index > at && item.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()));
    hit?.focus();
  }
}
