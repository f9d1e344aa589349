// An agent that asks Tagout before it acts, and says on a line of JSON what it was told.
//
//   node agent.mjs http://127.0.0.1:8080
//
// Every line on standard input makes it ask once: `read`, or `read {"channel":"email"}` with
// what it is about to do. Whatever goes wrong, it takes itself for halted.
import readline from 'node:readline';
import { OpenFeature } from '@openfeature/server-sdk';
import { OFREPProvider } from '@openfeature/ofrep-provider';

const baseUrl = process.argv[2];
if (!baseUrl) {
  console.error('usage: node agent.mjs BASE_URL');
  process.exit(2);
}

const provider = new OFREPProvider({
  baseUrl,
  // The provider itself waits without limit.
  fetchImplementation: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(1000) }),
});
await OpenFeature.setProviderAndWait(provider);
const client = OpenFeature.getClient();

for await (const line of readline.createInterface({ input: process.stdin })) {
  const [command, context] = split(line.trim());
  if (command !== 'read') {
    console.log(JSON.stringify({ error: `unknown command ${command}` }));
    continue;
  }
  const answer = await client.getStringDetails('mailer.mode', 'halted', context);
  console.log(JSON.stringify({
    value: answer.value,
    reason: answer.reason,
    variant: answer.variant,
    errorCode: answer.errorCode,
    metadata: answer.flagMetadata,
  }));
}

function split(line) {
  const space = line.indexOf(' ');
  return space < 0 ? [line, {}] : [line.slice(0, space), JSON.parse(line.slice(space + 1))];
}
