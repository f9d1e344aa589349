// Calls to the sandbox. Addresses are relative, so that the page works under
// whatever prefix it is mounted.

let underway = 0;
let held = [];
let shownUntil = 0; // until when what comes tells of a failure that is shown already
const LATE = 2000; // milliseconds

// whenSettled runs fn once no call is under way, and only if none of those that
// were has failed: a failure is shown where it was caused. What tells of it may also come
// just after the answer, since it takes another way.
export function whenSettled(fn) {
  if (underway) held.push(fn);
  else if (Date.now() < shownUntil) shownUntil = 0;
  else fn();
}

// post sends JSON and always resolves: to the answer, or to {ok: false, error}.
export async function post(path, body) {
  underway += 1;
  const answer = await send(path, body);
  underway -= 1;
  if (!answer.ok) {
    shownUntil = held.length ? 0 : Date.now() + LATE;
    held = [];
  }
  if (!underway) held.splice(0).forEach((fn) => fn());
  return answer;
}

async function send(path, body) {
  try {
    const answer = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const data = await answer.json().catch(() => null);
    if (data && typeof data === 'object') {
      if (!answer.ok) return { ...data, ok: false, error: data.error || `http_${answer.status}` };
      return { ok: true, ...data };
    }
    return { ok: answer.ok, error: answer.ok ? undefined : `http_${answer.status}` };
  } catch {
    return { ok: false, error: 'connection_lost' };
  }
}

// fetchState reads the whole workspace, as far as the person may see it.
export async function fetchState(user) {
  const answer = await fetch(`ui/state${user ? `?user=${encodeURIComponent(user)}` : ''}`, { cache: 'no-store' });
  if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}`);
  return answer.json();
}

const SENTENCES = {
  dispatch_failed: 'the app did not answer within 3 seconds',
  dispatch_unknown_error: 'the app answered with an error',
  connection_lost: 'the sandbox cannot be reached',
  operation_timeout: 'the app did not answer in time',
  invalid_command: 'the app has not registered this command',
  message_not_found: 'this message is gone',
  view_not_found: 'this form is no longer open',
  user_not_found: 'this person is not in the workspace',
  channel_not_found: 'this channel does not exist',
  is_archived: 'this channel is archived',
  not_in_channel: 'you are not a member of this channel',
};

// reason turns an error name into words, if there are any for it.
export function reason(error) {
  return SENTENCES[error] || '';
}

// explain is the error for a person: the words with its name, or its sentence.
export function explain(error) {
  const text = String(error || 'unknown error').replace(/^sandbox: /, '').replace(/\.$/, '');
  return SENTENCES[error] ? `${SENTENCES[error]} (${error})` : text;
}
