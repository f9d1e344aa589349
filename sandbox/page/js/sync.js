// Keeps the page and the sandbox in step: the whole state is read at the start
// and after every gap, and what happens while it is on its way comes after it.
import { fetchState } from './api.js';
import { syncViews } from './modal.js';
import { receive } from './receive.js';
import { load, state } from './state.js';
import { openStream } from './stream.js';

const FIRST_WAIT = 500;
const LONGEST_WAIT = 5000;

let endStream = () => {};
let reading = 0;
let waiting = [];

// catchUp reads the state until that works. status is told of 'lost' and 'live'.
export async function catchUp(status) {
  reading += 1;
  for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    try {
      const data = await fetchState(state.user);
      take(data);
      status('live');
      return;
    } catch {
      status('lost');
      await new Promise((resolve) => { setTimeout(resolve, wait); });
    }
  }
}

// take applies a state, then what was newer than it.
function take(data) {
  reading -= 1;
  load(data);
  if (data.views) syncViews(data.views);
  if (reading) return;
  const since = data.event_id ?? -1;
  waiting.splice(0).filter((one) => one.id > since).forEach((one) => receive(one.type, one.data));
}

// listenAs follows the events of one person instead of those of the one before.
export function listenAs(user, status) {
  endStream();
  waiting = [];
  endStream = openStream(user, {
    status,
    gap: () => catchUp(status),
    event: (type, data, id) => {
      if (reading) waiting.push({ type, data, id });
      else receive(type, data);
    },
  });
}
