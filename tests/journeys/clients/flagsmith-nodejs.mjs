// Ask for the flags of all visitors with the real Node client; again after a line on stdin, until the banner changed.
import { createInterface } from "node:readline";
import { Flagsmith } from "flagsmith-nodejs";

const { apiUrl, key, local, visitors } = JSON.parse(process.argv[2]);
const client = new Flagsmith({
  apiUrl,
  environmentKey: key,
  enableLocalEvaluation: local,
  environmentRefreshIntervalSeconds: local ? 0.2 : undefined,
});

const shown = (flags) => Object.fromEntries(flags.allFlags().map((flag) => [flag.featureName, [flag.enabled, flag.value ?? null]]));

async function everything() {
  const identities = {};
  for (const { identifier, traits } of visitors) {
    identities[identifier] = shown(await client.getIdentityFlags(identifier, traits));
  }
  return { environment: shown(await client.getEnvironmentFlags()), identities };
}

const banner = (flags) => JSON.stringify(flags.environment.banner);
const first = await everything();
console.log(JSON.stringify(first));
for await (const _ of createInterface({ input: process.stdin })) {
  let then = await everything();
  for (let tries = 0; tries < 50 && banner(then) === banner(first); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    then = await everything();
  }
  console.log(JSON.stringify(then));
  break;
}
await client.close?.();
process.exit(0);
