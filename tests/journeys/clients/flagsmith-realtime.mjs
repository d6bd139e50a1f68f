// Print the flags once they are there, and again when the event stream alone has brought a change.
import { EventSource } from "eventsource";

// The client follows the stream in browsers only, which it knows by these two when it is loaded.
Object.assign(globalThis, { EventSource, window: globalThis });
const { createFlagsmithInstance } = await import("flagsmith/isomorphic");

const { apiUrl, key } = JSON.parse(process.argv[2]);
const client = createFlagsmithInstance();
const tell = () => console.log(JSON.stringify(client.getValue("banner")));

await client.init({
  api: apiUrl,
  environmentID: key,
  fetch: globalThis.fetch,
  realtime: true,
  eventSourceUrl: apiUrl.replace("api/v1/", ""),
  onChange: tell,
});
