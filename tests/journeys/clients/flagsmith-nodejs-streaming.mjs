// Local evaluation in Node, brought up to date by the event stream: the client itself knows only polling.
import { EventSource } from "eventsource";
import { Flagsmith } from "flagsmith-nodejs";

const { apiUrl, key, clientKey } = JSON.parse(process.argv[2]);
const client = new Flagsmith({
  apiUrl,
  environmentKey: key,
  enableLocalEvaluation: true,
  environmentRefreshIntervalSeconds: 3600,
});

let last;
async function tell() {
  const banner = (await client.getEnvironmentFlags()).getFeatureValue("banner");
  if (banner !== last) console.log(JSON.stringify(banner));
  last = banner;
}

await tell();
const stream = new EventSource(new URL(`/sse/environments/${clientKey}/stream`, apiUrl));
stream.addEventListener("environment_updated", async () => {
  await client.updateEnvironment();
  await tell();
});
