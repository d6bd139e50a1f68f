// Print the flags once they are there, and again whenever polling has brought a change.
import { createFlagsmithInstance } from "flagsmith/isomorphic";

const { apiUrl, key } = JSON.parse(process.argv[2]);
const client = createFlagsmithInstance();

await client.init({
  api: apiUrl,
  environmentID: key,
  fetch: globalThis.fetch,
  onChange: (_, { flagsChanged }) => flagsChanged && console.log(JSON.stringify(client.getValue("banner"))),
});
client.startListening(100);
