"""How a program asks for flags, in the languages that people use, with the keys at hand, by public packages."""

from dataclasses import dataclass

from django.http import HttpRequest

COOKIE = "language"


@dataclass(frozen=True, slots=True)
class Snippet:
    """`install` and `code` hold %(key)s, %(api)s, %(feature)s and %(identity)s."""

    key: str
    label: str
    install: str
    code: str


@dataclass(frozen=True, slots=True)
class Filled:
    key: str
    label: str
    install: str
    code: str


_PYTHON = """from flagsmith import Flagsmith

client = Flagsmith(environment_key="%(key)s", api_url="%(api)s")
flags = client.get_identity_flags("%(identity)s", traits={"plan": "pro"})
print(flags.is_feature_enabled("%(feature)s"), flags.get_feature_value("%(feature)s"))"""

_NODE = """import { Flagsmith } from "flagsmith-nodejs";

const client = new Flagsmith({ environmentKey: "%(key)s", apiUrl: "%(api)s" });
const flags = await client.getIdentityFlags("%(identity)s", { plan: "pro" });
console.log(flags.isFeatureEnabled("%(feature)s"), flags.getFeatureValue("%(feature)s"));"""

_JAVASCRIPT = """import flagsmith from "flagsmith";

await flagsmith.init({ environmentID: "%(key)s", api: "%(api)s", identity: "%(identity)s" });
console.log(flagsmith.hasFeature("%(feature)s"), flagsmith.getValue("%(feature)s"));"""

_REACT = """import flagsmith from "flagsmith";
import { FlagsmithProvider, useFlags } from "flagsmith/react";

export const App = () => (
  <FlagsmithProvider flagsmith={flagsmith} options={{ environmentID: "%(key)s", api: "%(api)s" }}>
    <Page />
  </FlagsmithProvider>
);

function Page() {
  const { %(feature)s } = useFlags(["%(feature)s"]);
  return %(feature)s.enabled ? <b>{%(feature)s.value}</b> : null;
}"""

_JAVA = """FlagsmithClient client = FlagsmithClient.newBuilder()
    .setApiKey("%(key)s")
    .withConfiguration(FlagsmithConfig.newBuilder().baseUri("%(api)s").build())
    .build();
Flags flags = client.getIdentityFlags("%(identity)s");
System.out.println(flags.isFeatureEnabled("%(feature)s") + " " + flags.getFeatureValue("%(feature)s"));"""

_GO = """client := flagsmith.NewClient("%(key)s", flagsmith.WithBaseURL("%(api)s"))
flags, err := client.GetIdentityFlags(ctx, "%(identity)s", nil)
if err != nil {
    log.Fatal(err)
}
enabled, _ := flags.IsFeatureEnabled("%(feature)s")
value, _ := flags.GetFeatureValue("%(feature)s")
fmt.Println(enabled, value)"""

_CURL = """curl -H 'X-Environment-Key: %(key)s' '%(api)sidentities/?identifier=%(identity)s'"""

SNIPPETS = (
    Snippet("python", "Python", "pip install flagsmith", _PYTHON),
    Snippet("javascript", "JavaScript", "npm install flagsmith", _JAVASCRIPT),
    Snippet("react", "React", "npm install flagsmith", _REACT),
    Snippet("node", "Node.js", "npm install flagsmith-nodejs", _NODE),
    Snippet("java", "Java", "com.flagsmith:flagsmith-java-client", _JAVA),
    Snippet("go", "Go", "go get github.com/Flagsmith/flagsmith-go-client/v5", _GO),
    Snippet("curl", "curl", "", _CURL),
)
BY_KEY = {snippet.key: snippet for snippet in SNIPPETS}


def language_of(request: HttpRequest) -> str:
    """What the address asks for, else what was chosen last."""
    chosen = request.GET.get("language") or request.COOKIES.get(COOKIE, "")
    return chosen if chosen in BY_KEY else SNIPPETS[0].key


def filled(language: str, *, key: str, api: str, feature: str, identity: str = "user-1") -> Filled:
    snippet = BY_KEY[language]
    code = snippet.code % {"key": key, "api": api, "feature": feature, "identity": identity}
    return Filled(snippet.key, snippet.label, snippet.install, code)
