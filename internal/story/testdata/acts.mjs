// An agent that acts through the example middleware, and says on a line of JSON what it did.
//
//   node acts.mjs PATH_OF_GATE_MJS URL
//
// A line of standard input is an action; one with `hold: true` works until it is dropped, or
// until a line {"release": id} comes.
import readline from 'node:readline';
import { pathToFileURL } from 'node:url';

const { Gate } = await import(pathToFileURL(process.argv[2]).href);
const released = new Map();
const say = (id, did, rest = {}) => console.log(JSON.stringify({ id, did, ...rest }));

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { id, release, action, approves, spent, hold } = JSON.parse(line);
  if (release) {
    released.get(release)();
    continue;
  }
  const gate = new Gate({
    url: process.argv[3], agent: 'mailer', instance: 'mailer-1', every: 20,
    approve: async () => approves, spent: async () => spent,
  });
  const work = (signal) => hold
    ? new Promise((resolve) => {
      released.set(id, () => resolve('worked'));
      signal.addEventListener('abort', () => resolve('dropped'));
      say(id, 'started');
    })
    : Promise.resolve('worked');
  gate.act(action, work, (verdict) => `${verdict.mode}: ${verdict.fallback ?? ''}`).then((did) => say(id, did));
}
