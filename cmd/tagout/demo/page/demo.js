// The right-hand side of the demo: what the agents do, as the server tells.
const glyphs = { halted: '■', paused: '▮▮', review: '◆', capped: '▲', running: '●' };
const lanes = new Map();
const byId = (id) => document.getElementById(id);

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function laneNode(lane) {
  const key = `${lane.agent}/${lane.channel}/${lane.region}`;
  let view = lanes.get(key);
  if (!view) {
    const root = element('div', 'lane');
    const top = element('div', 'top');
    view = { root, mode: element('span', 'mode'), last: element('div', 'last'), count: element('span', 'count') };
    top.append(element('span', 'name', key), view.mode);
    root.append(top, view.last);
    byId('lanes').append(root);
    lanes.set(key, view);
  }
  return view;
}

function show(lane, text, bad) {
  const view = laneNode(lane);
  view.root.dataset.mode = lane.mode;
  view.mode.textContent = `${glyphs[lane.mode] ?? '■'} ${lane.mode}`;
  if (text) {
    view.last.textContent = `${lane.sent} · ${text}`;
    view.last.classList.toggle('bad', Boolean(bad));
  } else if (lane.mode !== 'running' && lane.mode !== 'capped') {
    view.last.textContent = `${lane.sent} · nothing is sent${lane.why ? ` (${lane.why})` : ''}`;
    view.last.classList.remove('bad');
  }
}

function page(call) {
  const list = byId('pages');
  list.querySelector('.quiet')?.remove();
  const who = call.to?.slack_id ?? 'somebody';
  const role = (call.to?.roles ?? []).join(', ');
  const severity = String(call.severity ?? '').toUpperCase().replace(/^SEV/, 'SEV-');
  const line = element('li', '');
  line.append(element('time', '', utc(call.queued_at)), ` ${call.incident} ${severity} → ${role ? `${role} (${who})` : who}`);
  line.title = call.why ?? '';
  list.prepend(line);
  while (list.children.length > 6) list.lastChild.remove();
}

// utc is a time as it is shown everywhere: of the day, with its zone.
function utc(text) {
  const at = new Date(text);
  return `${(Number.isNaN(at.valueOf()) ? new Date() : at).toISOString().slice(11, 19)} UTC`;
}

const stream = new EventSource('demo/stream');
stream.addEventListener('lanes', (e) => JSON.parse(e.data).forEach((lane) => show(lane)));
stream.addEventListener('act', (e) => { const d = JSON.parse(e.data); show(d.lane, d.text, d.bad); });
stream.addEventListener('page', (e) => page(JSON.parse(e.data)));
stream.addEventListener('notice', (e) => { byId('notice').textContent = JSON.parse(e.data).text; });
stream.onerror = () => { byId('notice').textContent = 'The demo does not answer. Is it still running?'; };
stream.onopen = () => { byId('notice').textContent = ''; };

for (const button of document.querySelectorAll('[data-misbehave]')) {
  button.addEventListener('click', async () => {
    button.disabled = true;
    const answer = await fetch(`demo/misbehave/${button.dataset.misbehave}`, { method: 'POST' }).catch(() => null);
    if (!answer?.ok) byId('notice').textContent = 'That did not work. Is the demo still running?';
    setTimeout(() => { button.disabled = false; }, 2000);
  });
}
byId('cut').addEventListener('change', (e) => fetch(`demo/cut/${e.target.checked ? 'on' : 'off'}`, { method: 'POST' }));
