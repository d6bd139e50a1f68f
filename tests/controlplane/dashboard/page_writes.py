"""Every route of the dashboard that writes, with the form that does; `test_page_writes.py` fills each in and sends it.

A route that is missing here makes that test fail.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.factories import PASSWORD


@dataclass(frozen=True)
class PageWrite:
    """`on` names the page that has the form, else it is the route's own; what it holds already is sent along.

    A text `$name` stands for what addresses call so.
    """

    form: dict[str, Any] = field(default_factory=dict)
    on: str = ""
    events: int = 1


NOT_WRITES = {
    "login": "a session",
    "login-code": "a session",
    "logout": "a session",
    "account-token-invalidate": "ends the session of scripts",
    "compare-preview": "shows what copying would change",
    "features-check": "checks a value",
    "features-value-changes": "shows what saving would change",
    "segments-check": "shows who is in it",
    "environment-webhooks-try": "sends a request, changes nothing",
    "organisation-webhooks-try": "sends a request, changes nothing",
    "password-forgotten": "sends a mail",
    "password-choose": "needs a mailed link; tested with the mails",
    "activate": "needs a mailed link",
    "account-move": "needs a mailed link",
    "join": "needs an invite of the person who is logged in; tested with invites",
    "join-link": "the same",
    "welcome": "only in an empty installation; tested with the first run",
    "second-factor": "needs the code of this moment; tested with second factors",
    "second-factor-leave": "needs an active second factor",
    "features-restore": "needs versions; tested with the history",
    "features-links-add": "needs the integration; tested with links",
    "oauth-authorize": "needs what an application asks for; tested with OAuth",
    "lifecycle-issue": "asks GitHub; tested with a GitHub of our own",
    "compare-copy": "one event for each feature that was chosen; tested with comparing",
    "feature-files-launch-darkly": "asks LaunchDarkly; tested with a LaunchDarkly of our own",
}
"""And the reason for it."""

WRITES: dict[str, PageWrite] = {
    "account": PageWrite({"first_name": "Changed"}),
    "account-language": PageWrite({"language": "go"}, on="account", events=0),
    "second-factor-begin": PageWrite(on="account"),
    "signup": PageWrite({"email": "new@example.com", "password": PASSWORD, "first_name": "N", "last_name": "N"}),
    "organisation-create": PageWrite({"name": "New"}),
    "organisation-settings": PageWrite({"name": "Renamed"}),
    "organisation-settings-delete": PageWrite(on="organisation-settings"),
    "project-settings-health-add": PageWrite(on="project-settings"),
    "project-settings-health-remove": PageWrite(on="project-settings"),
    "features-health-dismiss": PageWrite(on="features, health"),
    "projects-create": PageWrite({"name": "New"}, events=5),  # with two environments and a flag
    "project-settings": PageWrite({"name": "Renamed"}),
    "project-settings-delete": PageWrite(on="project-settings"),
    "api-keys": PageWrite({"name": "New"}),
    "api-keys-delete": PageWrite(on="api-keys"),
    "api-keys-trust-create": PageWrite(
        {"name": "CI", "issuer": "https://token.actions.githubusercontent.com", "audience": "vexil"}
    ),
    "api-keys-trust-delete": PageWrite(on="api-keys"),
    "account-applications-revoke": PageWrite(on="account"),
    "custom-fields": PageWrite({"name": "cost", "type": "int"}),
    "custom-fields-edit": PageWrite({"description": "Changed"}),
    "custom-fields-delete": PageWrite(on="custom-fields-edit"),
    "project-custom-fields": PageWrite({"name": "risk", "type": "int"}),
    "project-custom-fields-edit": PageWrite({"description": "Changed"}),
    "project-custom-fields-delete": PageWrite(on="project-custom-fields-edit"),
    "members-role": PageWrite({"role": "ADMIN"}, on="members"),
    "members-remove": PageWrite(on="members"),
    "members-invite": PageWrite({"emails": "somebody@example.com", "role": "USER"}),
    "members-invite-resend": PageWrite(on="members"),
    "members-invite-revoke": PageWrite(on="members"),
    "members-link-create": PageWrite({"role": "USER"}, on="members"),
    "members-link-delete": PageWrite(on="members"),
    "members-grants": PageWrite({"CREATE_PROJECT": "on"}),
    "groups-create": PageWrite({"name": "New"}),
    "groups-one": PageWrite({"name": "Renamed"}),
    "groups-members": PageWrite(on="groups-one"),
    "groups-delete": PageWrite(on="groups-one"),
    "tags": PageWrite({"label": "new"}),
    "tags-edit": PageWrite({"label": "renamed"}),
    "tags-delete": PageWrite(on="tags"),
    "lifecycle-archive": PageWrite(on="lifecycle-section"),
    "lifecycle-delete": PageWrite(on="lifecycle-section"),
    "sdk-keys": PageWrite({"name": "New"}),
    "sdk-keys-switch": PageWrite(on="sdk-keys"),
    "sdk-keys-delete": PageWrite(on="sdk-keys"),
    "environment-create": PageWrite({"name": "New"}),
    "environment-settings": PageWrite({"name": "Renamed"}),
    "environment-settings-versions": PageWrite(on="environment-settings"),
    "environment-settings-delete": PageWrite(on="environment-settings"),
    "environment-webhooks": PageWrite({"url": "https://example.com/new"}),
    "environment-webhooks-one": PageWrite({"url": "https://example.com/changed"}),
    "environment-webhooks-delete": PageWrite(on="environment-webhooks-one"),
    "environment-webhooks-replay": PageWrite(on="environment-webhooks-one"),
    "organisation-webhooks": PageWrite({"url": "https://example.com/new"}),
    "organisation-webhooks-one": PageWrite({"url": "https://example.com/changed"}),
    "organisation-webhooks-delete": PageWrite(on="organisation-webhooks-one"),
    "organisation-webhooks-replay": PageWrite(on="organisation-webhooks-one"),
    "integrations-one": PageWrite({"api_key": "changed"}),
    "integrations-one-delete": PageWrite(on="integrations-one"),
    "integrations-one-replay": PageWrite(on="integrations-one"),
    "integrations-environment-one": PageWrite({"api_key": "changed"}),
    "integrations-environment-one-delete": PageWrite(on="integrations-environment-one"),
    "integrations-environment-one-replay": PageWrite(on="integrations-environment-one"),
    "organisation-integrations-one": PageWrite({"api_key": "changed"}),
    "organisation-integrations-one-delete": PageWrite(on="organisation-integrations-one"),
    "organisation-integrations-one-replay": PageWrite(on="organisation-integrations-one"),
    "organisation-integrations-repositories": PageWrite({"repository": "acme/api"}),
    "organisation-integrations-repositories-remove": PageWrite(on="organisation-integrations-repositories"),
    "feature-files": PageWrite({"file": "[]"}),
    "feature-files-export": PageWrite(on="feature-files"),
    "features-create": PageWrite({"name": "new"}),
    "features-many": PageWrite({"do": "archive", "feature": "$feature_id"}, on="features"),
    "features-enabled": PageWrite(on="features"),
    "features-delete": PageWrite(on="features"),
    "features-environments-enabled": PageWrite(on="features-environments"),
    "features-value": PageWrite({"value": "changed"}, on="features, value"),
    "features-segment-overrides": PageWrite({}, on="features, segment-overrides"),
    "features-identity-add": PageWrite({"identifier": "new"}, on="features, identity-overrides", events=2),
    "features-identity-save": PageWrite({"value": "changed"}, on="features, identity-overrides"),
    "features-links-remove": PageWrite(on="features, links"),
    "features-settings": PageWrite({"description": "changed"}, on="features, settings"),
    "segments-create": PageWrite({"name": "New", "r0.c0.trait": "plan"}),
    "segments-clone": PageWrite(on="segments-one"),
    "segments-delete": PageWrite(on="segments-one"),
    "segments-one": PageWrite({"name": "Renamed"}),
    "identities-create": PageWrite({"identifiers": "somebody"}),
    "identities-trait": PageWrite({"key": "plan", "value": "pro"}, on="identities-one"),
    "identities-trait-delete": PageWrite(on="identities-one"),
    "identities-copy-overrides": PageWrite({"source": "kim"}, on="identities-one"),
    "identities-toggle": PageWrite(on="identities-one"),
    "identities-override": PageWrite({"value": "changed"}),
    "identities-override-remove": PageWrite(on="identities-one"),
    "identities-delete": PageWrite(on="identities-one"),  # the last: a rollback does not reach the stores
}
