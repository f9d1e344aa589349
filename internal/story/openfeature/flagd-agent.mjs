// An agent that takes the holds from Tagout by flagd sync and decides by itself, and says on
// a line of JSON what it decided.
//
//   node flagd-agent.mjs 127.0.0.1:8015
//
// Every line on standard input makes it decide once: `read`, or `read {"channel":"email"}`
// with what it is about to do. Whatever goes wrong, it takes itself for halted.
import readline from 'node:readline';
import { OpenFeature } from '@openfeature/server-sdk';
import { FlagdProvider } from '@openfeature/flagd-provider';

const [host, port] = (process.argv[2] ?? '').split(':');
if (!port) {
  console.error('usage: node flagd-agent.mjs HOST:PORT');
  process.exit(2);
}

await OpenFeature.setProviderAndWait(new FlagdProvider({
  resolverType: 'in-process',
  host,
  port: Number(port),
  selector: 'mailer',
  deadlineMs: 10_000, // for the first connection
  retryBackoffMaxMs: 500, // look for Tagout again soon
}));
const client = OpenFeature.getClient();

for await (const line of readline.createInterface({ input: process.stdin })) {
  const [command, context] = split(line.trim());
  if (command !== 'read') {
    console.log(JSON.stringify({ error: `unknown command ${command}` }));
    continue;
  }
  const mode = await client.getStringDetails('mailer.mode', 'halted', context);
  console.log(JSON.stringify({
    value: mode.value,
    reason: mode.reason,
    variant: mode.variant,
    errorCode: mode.errorCode,
    metadata: mode.flagMetadata,
    allowed: await client.getBooleanValue('mailer.allowed', false, context),
    frozen: await client.getBooleanValue('mailer.frozen', true, context),
  }));
}
process.exit(0); // the provider would go on looking for Tagout

function split(line) {
  const space = line.indexOf(' ');
  return space < 0 ? [line, {}] : [line.slice(0, space), JSON.parse(line.slice(space + 1))];
}
