// The confirmation that an app may ask for before an action.
import { h, uid } from './dom.js';
import { mrkdwn, plain } from './mrkdwn.js';
import { env } from './env.js';

// confirmFirst resolves to whether the person agreed.
export function confirmFirst(wanted) {
  const title = uid('confirm');
  const danger = wanted.style === 'danger';
  return new Promise((resolve) => {
    const done = (answer) => { resolve(answer); dialog.close(); dialog.remove(); };
    const text = wanted.text?.type === 'plain_text' ? plain(wanted.text.text) : mrkdwn(wanted.text?.text || '', env);
    const dialog = h('dialog.modal.modal-small', { 'aria-labelledby': title, onclose: () => done(false) },
      h('div.modal-head', {}, h('h2', { id: title }, plain(wanted.title?.text || 'Are you sure?'))),
      h('div.modal-body.rich', {}, text),
      h('div.modal-foot', {},
        h('button.button', { type: 'button', onclick: () => done(false) }, plain(wanted.deny?.text || 'Cancel')),
        h(`button.button.${danger ? 'danger-solid' : 'primary'}`, { type: 'button', autofocus: true, onclick: () => done(true), data: { confirm: 'yes' } }, plain(wanted.confirm?.text || 'Yes'))));
    document.body.append(dialog);
    dialog.showModal();
  });
}
