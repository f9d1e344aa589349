// The live connection: server-sent events with reconnection. After every gap
// the caller is told to read the whole state again.

const EVENTS = [
  'message', 'message_changed', 'message_deleted', 'ephemeral', 'channel', 'user',
  'view_open', 'view_update', 'view_push', 'view_close', 'view_errors', 'home', 'notice',
];
const LONGEST_WAIT = 10000;

// openStream listens as one person. handlers: event(type, data, id), gap() after a
// lost connection came back, status('live' | 'lost'). It returns a function
// that ends the connection.
export function openStream(user, handlers) {
  let source = null;
  let timer = 0;
  let wait = 500;
  let lost = false;
  let ended = false;

  function connect() {
    source = new EventSource(`ui/stream?user=${encodeURIComponent(user)}`);
    source.addEventListener('hello', alive);
    source.addEventListener('open', alive);
    source.addEventListener('error', retry);
    for (const type of EVENTS) source.addEventListener(type, (event) => receive(type, event));
  }

  function alive() {
    wait = 500;
    handlers.status('live');
    if (lost) handlers.gap();
    lost = false;
  }

  function receive(type, event) {
    let data;
    try { data = JSON.parse(event.data); } catch { return; }
    handlers.event(type, data, Number(event.lastEventId) || 0);
  }

  function retry() {
    source.close();
    if (ended) return;
    lost = true;
    handlers.status('lost');
    clearTimeout(timer);
    timer = setTimeout(connect, wait);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  connect();
  return () => {
    ended = true;
    clearTimeout(timer);
    source.close();
  };
}
