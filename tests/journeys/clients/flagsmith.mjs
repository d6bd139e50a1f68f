// Ask for the flags of all visitors with the real JavaScript client; again after a line on stdin.
import { createInterface } from "node:readline";
import { createFlagsmithInstance } from "flagsmith/isomorphic";

const { apiUrl, key, visitors } = JSON.parse(process.argv[2]);

const shown = (client) => Object.fromEntries(Object.entries(client.getAllFlags()).map(([name, flag]) => [name, [flag.enabled, flag.value ?? null]]));

async function start(visitor) {
  const client = createFlagsmithInstance();
  const who = visitor ? { identity: visitor.identifier, traits: visitor.traits } : {};
  await client.init({ api: apiUrl, environmentID: key, fetch: globalThis.fetch, ...who });
  return client;
}

const anonymous = await start();
const clients = await Promise.all(visitors.map(async (visitor) => [visitor.identifier, await start(visitor)]));
const everything = () => ({
  environment: shown(anonymous),
  identities: Object.fromEntries(clients.map(([identifier, client]) => [identifier, shown(client)])),
});

console.log(JSON.stringify(everything()));
for await (const _ of createInterface({ input: process.stdin })) {
  await Promise.all([anonymous.getFlags(), ...clients.map(([, client]) => client.getFlags())]);
  console.log(JSON.stringify(everything()));
  break;
}
process.exit(0);
