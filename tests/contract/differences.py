"""Recorded exchanges in which we answer otherwise, and why. `docs/compatibility.md` says the same to people."""

_KEYS_STOP = "an inactive key opens nothing"
_NO_PLANS = "without billing there is no limit of projects"
_ARCHIVED = "archived features are left out of the document"
_SERVER_ONLY = "features for servers are hidden from client keys in every way of asking"
_APPROVALS = "the number of approvals is taken like any other field"
_LIMITED_KEYS = "keys that are no admins are made, so there is one more"
_COLUMNS_KEPT = "a PATCH that the reference fails at was done, so later answers show its values"
_VERSION = "our own version"

DIFFERENT = {
    "api-keys/use-deactivated": _KEYS_STOP,
    "api-keys/use-inactive-document": f"{_KEYS_STOP}; the tool compares keys with a whole body here",
    "cache-flags/server-cached": "a change shows at once: answers come from memory, not from a cache with a lifetime",
    "environments/list": _APPROVALS,
    "environments/list-in-project": _APPROVALS,
    "errors-allowed-hosts/right-host-version": _VERSION,
    "featurestates/flat-put-value-bool": _COLUMNS_KEPT,
    "featurestates/flat-put-value-integer": _COLUMNS_KEPT,
    "health/version": _VERSION,
    "master-api-keys/list": _LIMITED_KEYS,
    "master-api-keys/list-after-revoke": _LIMITED_KEYS,
    "master-api-keys/use-create-project": _NO_PLANS,
    "metadata/model-fields": "in order of id",
    "permissions/member-project-create": _NO_PLANS,
    "sdk-environment-document/admin-document": _ARCHIVED,
    "sdk-environment-document/if-modified-since-after-change": "a change shows at once, also when asked conditionally",
    "sdk-environment-document/server": _ARCHIVED,
    "sdk-flags/hide-disabled-client": _SERVER_ONLY,
    "sdk-flags/hide-disabled-server-only-by-client": _SERVER_ONLY,
    "sdk-flags/of-identifier": _SERVER_ONLY,
    "sdk-identities/deprecated-get": _SERVER_ONLY,
    "sdk-traits/bulk-not-allowed": "a refusal is JSON here, too",
}
NOT_BUILT: dict[str, str] = {}
"""What we do not have yet."""
