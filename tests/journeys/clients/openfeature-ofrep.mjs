// Ask for flags of all visitors with the real OpenFeature client for Node, over OFREP; and what its errors are.
import { OpenFeature } from "@openfeature/server-sdk";
import { OFREPProvider } from "@openfeature/ofrep-provider";

const { apiUrl, key, visitors } = JSON.parse(process.argv[2]);
const baseUrl = apiUrl.replace("/api/v1/", "");
await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl, headers: [["Authorization", `Bearer ${key}`]] }));
const client = OpenFeature.getClient();

const identities = {};
for (const { identifier, traits } of visitors) {
  const context = { targetingKey: identifier, ...traits };
  identities[identifier] = {
    banner: await client.getStringValue("banner", "none", context),
    checkout: await client.getStringValue("checkout", "none", context),
  };
}
const kim = { targetingKey: "kim" };
const off = await client.getBooleanDetails("retired", true, kim);
const unknown = await client.getStringDetails("nosuch", "mine", kim);
const withoutKey = await client.getStringDetails("checkout", "mine", {});
const ofWrongType = await client.getNumberDetails("banner", 5, kim);
console.log(
  JSON.stringify({
    identities,
    off: [off.value, off.reason],
    errors: [unknown, withoutKey, ofWrongType].map(({ value, errorCode }) => [value, errorCode]),
  }),
);
process.exit(0);
