"""Every route that writes, with a request that it takes; `test_writes.py` sends them.

A text `$name` in a body stands for what the world calls so. A route that is missing here makes the test fail.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.utils import timezone

from tests.controlplane.rights_world import World
from tests.factories import PASSWORD
from vexil.controlplane.actions import versioning
from vexil.controlplane.adminapi.integration_forms import OF_ENVIRONMENTS, OF_ORGANISATIONS, OF_PROJECTS
from vexil.controlplane.db.models import (
    Environment,
    EnvironmentGrant,
    FeatureSegment,
    FeatureState,
    GroupMembership,
    Integration,
    OrganisationGrant,
    ProjectGrant,
    Segment,
)
from vexil.controlplane.integrations.segment.identify import REGIONS
from vexil.controlplane.permissions import SYSTEM


class Leaves(Enum):
    """What the event tells beside who, when and of what."""

    AFTER = "after only: something is new"
    BOTH = "before and after, and they differ"
    BEFORE = "before only: something is gone"
    NEITHER = "neither: only that it was done, since what changed is a secret or a message"


NEW, CHANGED, GONE, DONE = Leaves


@dataclass(frozen=True)
class Write:
    leaves: Leaves
    body: Any = None
    caller: str = "admin"
    prepare: Callable[[World], None] = lambda _: None
    """Run before the request, in the same transaction."""
    content_type: str = "application/json"


_VERSIONED = "environments/<id:environment_id>/features/<id:feature_id>/versions/"
_ENVIRONMENT = "environments/<str:environment_key>/"
_API_KEY = "environments/<str:api_key>/"
_ORGANISATION = "organisations/<str:organisation>/"
_PROJECT = "projects/<id:project_id>/"
_IDENTITY = f"{_ENVIRONMENT}identities/<id:identity_id>/"
_FEATURE = f"{_PROJECT}features/<id:feature_id>/"

NOT_WRITES = {
    "POST auth/login/": "a session, not a change of anything",
    "POST auth/login/code/": "a session; a backup code that is used up is told of, and tested with second factors",
    "POST auth/logout/": "a session",
    "DELETE auth/token/": "a session",
    "POST o/introspect/": "reads",
    "POST o/register/": "an application registers by itself, so nobody did it; tested with OAuth",
    "POST o/revoke_token/": "needs a token; tested with OAuth",
    "POST o/token/": "needs a code; tested with OAuth",
    "POST feature-health/<path:path>": "an outside service tells, so nobody here did it; tested with feature health",
    "POST auth/oidc/token/": "gives a token, changes nothing",
    "POST auth/oauth/github/": "asks GitHub; tested with a GitHub of our own",
    "POST auth/oauth/google/": "asks Google; tested with a Google of our own",
    "POST auth/users/activation/": "needs a mailed link; tested with the mails",
    "POST auth/users/reset_email_confirm/": "needs a mailed link",
    "POST auth/users/reset_password_confirm/": "needs a mailed link",
    "POST auth/users/resend_activation/": "sends a mail, changes nothing",
    "POST auth/users/reset_email/": "sends a mail",
    "POST auth/users/reset_password/": "sends a mail",
    "POST auth/app/activate/confirm/": "needs the code of this moment; tested with second factors",
    "POST auth/app/deactivate/": "needs an active second factor",
    "POST organisations/<str:place>/github/create-cleanup-issue/": "asks GitHub; tested with a GitHub of our own",
    "POST environments/<str:place>/integrations/slack/": "asks Slack; tested with a Slack of our own",
    "POST webhooks/test/": "sends a request, changes nothing",
    "PUT environments/<str:api_key>/onboarding-status/": "always refused",
}
"""And the reason for it."""

REFUSING = (
    "POST cb-webhook/",
    "POST e2etests/teardown/",
    "POST github-webhook/",
    "POST onboarding/request/send/",
    f"POST {_ENVIRONMENT}edge-identities/",
    f"POST {_ENVIRONMENT}edge-identity-overrides",
    f"POST environments/{_ENVIRONMENT}edge-identities-featurestates",
    f"POST {_ENVIRONMENT}experiments/",
    f"POST {_ENVIRONMENT}experiment-metrics/",
    f"POST {_ENVIRONMENT}warehouse-connections/",
    "POST projects/<id:project_id>/migrate-to-edge/",
    f"POST {_ORGANISATION}get-hosted-page-url-for-subscription-upgrade/",
    f"POST {_ORGANISATION}update-subscription/",
)
"""Routes of what is not offered here: none of them writes."""


def _text(value: str) -> dict[str, Any]:
    return {"type": "unicode", "string_value": value}


def _rules(value: str = "max") -> list[dict[str, Any]]:
    conditions = [{"operator": "EQUAL", "property": "plan", "value": value}]
    return [{"type": "ALL", "rules": [{"type": "ANY", "conditions": conditions, "rules": []}], "conditions": []}]


def _crud(path: str, new: Any, change: Any, *, detail: str, prepare: Callable[[World], None] | None = None) -> Any:
    """The four usual writes; PUT sends all that POST did and the change."""
    one = f"{path}<{detail}>/"
    return {
        f"POST {path}": Write(NEW, new, prepare=prepare or (lambda _: None)),
        f"PUT {one}": Write(CHANGED, {**new, **change}),
        f"PATCH {one}": Write(CHANGED, change),
        f"DELETE {one}": Write(GONE),
    }


def _versioned(world: World) -> None:
    """v2 versioning on, and the draft of the world with a base as drafts have it."""
    Environment.objects.filter(pk=world.scene.environment.pk).update(use_v2_feature_versioning=True)


def _really_versioned(world: World) -> None:
    versioning.enable(world.scene.environment, by=SYSTEM)


def _without_override(world: World) -> None:
    FeatureState.live.filter(feature_segment__isnull=False).update(deleted_at=timezone.now())
    FeatureSegment.live.update(deleted_at=timezone.now())


_BOUNDARY = "boundary"
_FORM = "".join(
    f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{content}\r\n'
    for name, more, content in [("strategy", "", "SKIP"), ("file", '; filename="flags.json"', "[]")]
)
"""A file with its strategy, as forms send it."""


def _without_default(_: World) -> None:
    FeatureState.live.filter(feature_segment=None, identity_id=None).update(deleted_at=timezone.now())


def _link_without_state(_: World) -> None:
    FeatureState.live.filter(feature_segment__isnull=False).update(deleted_at=timezone.now())


def _override_in_draft(world: World) -> None:
    """The state in the draft of the world is for a segment, so that it can go."""
    _versioned(world)
    states = FeatureState.objects.filter(feature_version__isnull=False)
    version = states.get().feature_version
    assert version is not None
    place = {"feature": version.feature, "environment": version.environment, "feature_version": version}
    states.update(feature_segment=FeatureSegment.objects.create(segment=Segment.objects.get(), **place))


def _without_grants(world: World) -> None:
    for grant in (OrganisationGrant, ProjectGrant, EnvironmentGrant):
        grant.objects.filter(user_id=world.body["user"]).delete()
        grant.objects.filter(group_id=world.body["group"]).delete()


_INTEGRATION_SETTINGS: dict[str, dict[str, Any]] = {
    "webhook": {"url": "https://example.com/"},
    "sentry": {"webhook_url": "https://example.com/", "secret": "0123456789"},
    "slack": {"channel_id": "C1", "enabled": False},
    "gitlab": {"gitlab_instance_url": "https://example.com", "access_token": "new"},
    "github": {"installation_id": "2"},
    "segment": {"api_key": "new", "base_url": REGIONS[1]},
}


def _integrations() -> dict[str, Write]:
    """Each kind at each level; POST finds the place free."""
    found: dict[str, Write] = {}
    levels = {
        "environments/<str:place>/": OF_ENVIRONMENTS,
        "projects/<id:place>/": OF_PROJECTS,
        "organisations/<str:place>/": OF_ORGANISATIONS,
    }
    for beginning, kinds in levels.items():
        for kind in kinds:
            path = f"{beginning}integrations/{kind}/"
            more = {"base_url": "https://example.com/", "entity_selector": "x", "app_id": "1", "api_key": "new"}
            settings = _INTEGRATION_SETTINGS.get(kind, more)
            found |= _crud(
                path,
                settings,
                settings,
                detail="id:integration_id",
                prepare=lambda _: Integration.objects.all().delete() and None,
            )
            replay = f"POST {path}<id:integration_id>/deliveries/<id:delivery_id>/replay/"
            found[replay] = Write(NEW)
    return {route: write for route, write in found.items() if route not in NOT_WRITES}


def _grants() -> dict[str, Write]:
    found: dict[str, Write] = {}
    keys = {
        "organisations/<str:place>/": "CREATE_PROJECT",
        "projects/<id:place>/": "VIEW_PROJECT",
        "environments/<str:place>/": "VIEW_ENVIRONMENT",
    }
    for beginning, key in keys.items():
        for holder, path in (("user", "user-permissions/"), ("group", "user-group-permissions/")):
            body = {holder: f"${holder}", "permissions": []}
            change = {"permissions": [key]}
            found |= _crud(beginning + path, body, change, detail="id:grant_id", prepare=_without_grants)
    return found


WRITES: dict[str, Write] = {
    "PATCH api/__future__/environments/<str:environment_key>/features/<id:feature_id>/": Write(
        CHANGED, {"environment_default": {"enabled": True}}
    ),
    "PUT api/__future__/environments/<str:environment_key>/features/<id:feature_id>/": Write(
        CHANGED, {"environment_default": {"enabled": True, "value": {"type": "string", "value": "on"}}}
    ),
    "DELETE api/__future__/environments/<str:environment_key>/features/<id:feature_id>/"
    "segment-overrides/<id:segment_id>/": Write(CHANGED),
    "POST api/experiments/environments/<str:environment_key>/delete-segment-override/": Write(
        CHANGED, {"feature": {"id": "$feature"}, "segment": {"id": "$segment"}}
    ),
    "POST api/experiments/environments/<str:environment_key>/update-flag-v1/": Write(
        CHANGED, {"feature": {"id": "$feature"}, "enabled": True, "value": {"type": "string", "value": "v1"}}
    ),
    "POST api/experiments/environments/<str:environment_key>/update-flag-v2/": Write(
        CHANGED,
        {
            "feature": {"id": "$feature"},
            "environment_default": {"enabled": True, "value": {"type": "string", "value": "v2"}},
        },
    ),
    "POST auth/<str:method>/activate/": Write(DONE),
    "POST oauth/authorize/": Write(
        NEW,
        {
            "allow": True,
            "client_id": "flagsmith-cli",
            "redirect_uri": "http://127.0.0.1:1/callback",
            "response_type": "code",
            "code_challenge": "c",
            "code_challenge_method": "S256",
        },
    ),
    "POST auth/users/": Write(
        NEW,
        {"email": "new@example.com", "password": PASSWORD, "first_name": "N", "last_name": "N"},
        caller="nobody",
    ),
    "DELETE auth/users/me/": Write(GONE, {"current_password": PASSWORD}, caller="member"),
    "PATCH auth/users/me/": Write(CHANGED, {"first_name": "Changed"}),
    "PUT auth/users/me/": Write(CHANGED, {"first_name": "Changed", "last_name": "User"}),
    "PATCH auth/users/me/onboarding/": Write(CHANGED, {"tasks": [{"name": "signup"}]}),
    "POST auth/users/set_email/": Write(CHANGED, {"new_email": "else@example.com", "current_password": PASSWORD}),
    "POST auth/users/set_password/": Write(
        DONE, {"current_password": PASSWORD, "new_password": "Other-horse-8", "re_new_password": "Other-horse-8"}
    ),
    "POST environments/": Write(NEW, {"name": "Staging", "project": "$project"}),
    f"DELETE {_API_KEY}": Write(GONE),
    f"PATCH {_API_KEY}": Write(CHANGED, {"hide_disabled_flags": True}),
    f"PUT {_API_KEY}": Write(CHANGED, {"name": "Renamed"}),
    f"POST {_API_KEY}clone/": Write(NEW, {"name": "Copy"}),
    f"POST {_API_KEY}delete-traits/": Write(GONE, {"key": "a"}),
    f"POST {_API_KEY}enable-v2-versioning/": Write(CHANGED),
    f"POST {_API_KEY}disable-v2-versioning/": Write(CHANGED, prepare=_really_versioned),
    **_crud(f"{_API_KEY}api-keys/", {"name": "key"}, {"active": False}, detail="id:key_id"),
    **_crud(
        f"{_API_KEY}webhooks/",
        {"url": "https://example.com/a"},
        {"url": "https://example.com/b"},
        detail="id:webhook_id",
    ),
    f"POST {_API_KEY}webhooks/<id:webhook_id>/deliveries/<id:delivery_id>/replay/": Write(NEW),
    f"POST {_VERSIONED}": Write(CHANGED, {"description": "draft"}, prepare=_really_versioned),
    f"DELETE {_VERSIONED}<uuid:uuid>/": Write(GONE, prepare=_versioned),
    f"POST {_VERSIONED}<uuid:uuid>/publish/": Write(NEW, {}, prepare=_versioned),
    f"POST {_VERSIONED}<uuid:uuid>/featurestates/": Write(
        NEW,
        {"enabled": True, "feature_state_value": _text("x"), "feature_segment": {"segment": "$segment"}},
        prepare=_versioned,
    ),
    f"PUT {_VERSIONED}<uuid:uuid>/featurestates/<id:state_id>/": Write(
        CHANGED, {"enabled": True, "feature_state_value": _text("x")}, prepare=_versioned
    ),
    f"PATCH {_VERSIONED}<uuid:uuid>/featurestates/<id:state_id>/": Write(
        CHANGED, {"enabled": True}, prepare=_versioned
    ),
    f"DELETE {_VERSIONED}<uuid:uuid>/featurestates/<id:state_id>/": Write(GONE, prepare=_override_in_draft),
    f"POST {_ENVIRONMENT}features/<id:feature_id>/create-segment-override/": Write(
        NEW,
        {"feature_segment": {"segment": "$segment"}, "enabled": True, "feature_state_value": _text("x")},
        prepare=_without_override,
    ),
    f"POST {_ENVIRONMENT}featurestates/": Write(
        NEW, {"feature": "$feature", "enabled": True, "feature_state_value": "x"}, prepare=_without_default
    ),
    f"PUT {_ENVIRONMENT}featurestates/<id:state_id>/": Write(CHANGED, {"feature_state_value": "x"}),
    f"PATCH {_ENVIRONMENT}featurestates/<id:state_id>/": Write(CHANGED, {"enabled": True}),
    f"DELETE {_ENVIRONMENT}featurestates/<id:state_id>/": Write(GONE),
    f"POST {_ENVIRONMENT}identities/": Write(NEW, {"identifier": "$fresh"}),
    f"PUT {_IDENTITY}": Write(CHANGED, {"identifier": "$fresh"}),
    f"PATCH {_IDENTITY}": Write(CHANGED, {"identifier": "$fresh"}),
    f"DELETE {_IDENTITY}": Write(GONE),
    f"POST {_IDENTITY}featurestates/": Write(
        NEW,
        {"feature": "$second", "enabled": True, "feature_state_value": "x"},
        prepare=lambda world: world.scene.feature("second") and None,
    ),
    f"POST {_IDENTITY}featurestates/clone-from-given-identity/": Write(CHANGED, {"source_identity_id": "$source"}),
    f"PUT {_IDENTITY}featurestates/<id:state_id>/": Write(CHANGED, {"feature_state_value": "x"}),
    f"PATCH {_IDENTITY}featurestates/<id:state_id>/": Write(CHANGED, {"enabled": False}),
    f"DELETE {_IDENTITY}featurestates/<id:state_id>/": Write(GONE),
    f"POST {_IDENTITY}traits/": Write(NEW, {"trait_key": "$fresh", "string_value": "pro"}),
    f"PUT {_IDENTITY}traits/<id:trait_id>/": Write(CHANGED, {"trait_key": "$fresh", "string_value": "x"}),
    f"PATCH {_IDENTITY}traits/<id:trait_id>/": Write(CHANGED, {"trait_key": "$fresh"}),
    f"DELETE {_IDENTITY}traits/<id:trait_id>/": Write(GONE),
    "POST features/create-feature-export/": Write(NEW, {"environment_id": "$environment", "tag_ids": []}),
    "POST features/feature-import/<id:environment_id>": Write(
        NEW, f"{_FORM}--{_BOUNDARY}--\r\n".encode(), content_type=f"multipart/form-data; boundary={_BOUNDARY}"
    ),
    f"POST {_PROJECT}imports/launch-darkly/": Write(NEW, {"token": "api-1", "project_key": "web"}),
    "POST features/feature-segments/": Write(
        NEW, {"feature": "$feature", "segment": "$segment", "environment": "$environment"}
    ),
    "DELETE features/feature-segments/<id:link_id>/": Write(GONE),
    "POST features/feature-segments/update-priorities/": Write(CHANGED, [{"id": "$link_id", "priority": 3}]),
    "POST features/featurestates/": Write(
        NEW,
        {
            "feature": "$feature",
            "environment": "$environment",
            "feature_segment": "$link_id",
            "enabled": True,
            "feature_state_value": _text("x"),
        },
        prepare=_link_without_state,
    ),
    "PATCH features/featurestates/<id:state_id>/": Write(CHANGED, {"enabled": False}),
    "PUT features/featurestates/<id:state_id>/": Write(
        CHANGED, {"environment": "$environment", "feature": "$feature", "enabled": False}
    ),
    **_crud(
        "metadata/fields/",
        {"name": "cost", "type": "int", "organisation": "$organisation"},
        {"description": "Who"},
        detail="id:field_id",
    ),
    "POST organisations/": Write(NEW, {"name": "New"}),
    f"DELETE {_ORGANISATION}": Write(GONE),
    f"PATCH {_ORGANISATION}": Write(CHANGED, {"name": "Renamed"}),
    f"PUT {_ORGANISATION}": Write(CHANGED, {"name": "Renamed"}),
    **_crud(f"{_ORGANISATION}groups/", {"name": "New"}, {"name": "Renamed"}, detail="id:group_id"),
    f"POST {_ORGANISATION}groups/<id:group_id>/add-users/": Write(CHANGED, {"user_ids": ["$admin_id"]}),
    f"POST {_ORGANISATION}groups/<id:group_id>/remove-users/": Write(CHANGED, {"user_ids": ["$user_id"]}),
    f"POST {_ORGANISATION}groups/<id:group_id>/users/<id:user_id>/make-admin": Write(CHANGED),
    f"POST {_ORGANISATION}groups/<id:group_id>/users/<id:user_id>/remove-admin": Write(
        CHANGED, prepare=lambda _: GroupMembership.objects.update(is_group_admin=True) and None
    ),
    f"POST {_ORGANISATION}invite-links/": Write(NEW, {"role": "USER"}),
    f"DELETE {_ORGANISATION}invite-links/<id:link_id>/": Write(GONE),
    f"POST {_ORGANISATION}invite/": Write(NEW, {"emails": ["new@example.com"]}),
    f"POST {_ORGANISATION}invites/": Write(NEW, {"email": "new@example.com"}),
    f"DELETE {_ORGANISATION}invites/<id:invite_id>/": Write(GONE),
    f"POST {_ORGANISATION}invites/<id:invite_id>/resend/": Write(DONE),
    **_crud(
        f"{_ORGANISATION}trust-relationships/",
        {"name": "new", "issuer": "https://issuer.example.com", "audience": "flags", "is_admin": True},
        {"name": "renamed"},
        detail="id:relationship_id",
    ),
    f"POST {_PROJECT}feature-health/providers/": Write(NEW, {"name": "Grafana"}),
    f"DELETE {_PROJECT}feature-health/providers/<str:name>/": Write(GONE),
    f"POST {_PROJECT}feature-health/events/<id:event_id>/dismiss/": Write(NEW),
    f"POST {_ORGANISATION}master-api-keys/": Write(NEW, {"name": "new"}),
    f"PUT {_ORGANISATION}master-api-keys/<str:prefix>/": Write(CHANGED, {"name": "renamed"}),
    f"PATCH {_ORGANISATION}master-api-keys/<str:prefix>/": Write(CHANGED, {"name": "renamed"}),
    f"DELETE {_ORGANISATION}master-api-keys/<str:prefix>/": Write(GONE),
    **_crud(
        f"{_ORGANISATION}metadata-model-fields/",
        {"field": "$field_id", "content_type": 3},
        {"is_required_for": [{"content_type": 2, "object_id": "$project"}]},
        detail="id:model_field_id",
    ),
    f"POST {_ORGANISATION}remove-users/": Write(GONE, [{"id": "$user_id"}]),
    f"POST {_ORGANISATION}users/<id:user_id>/update-role/": Write(CHANGED, {"role": "ADMIN"}),
    **_crud(
        f"{_ORGANISATION}webhooks/",
        {"url": "https://example.com/a"},
        {"url": "https://example.com/b"},
        detail="id:webhook_id",
    ),
    f"POST {_ORGANISATION}webhooks/<id:webhook_id>/deliveries/<id:delivery_id>/replay/": Write(NEW),
    "POST projects/": Write(NEW, {"name": "New", "organisation": "$organisation"}),
    f"DELETE {_PROJECT}": Write(GONE),
    f"PATCH {_PROJECT}": Write(CHANGED, {"hide_disabled_flags": True}),
    f"PUT {_PROJECT}": Write(CHANGED, {"name": "Renamed"}),
    f"POST {_PROJECT}code-references/": Write(
        NEW,
        {
            "repository_url": "https://github.com/acme/shop",
            "revision": "abc",
            "code_references": [{"feature_name": "flag", "file_path": "a.py", "line_number": 1}],
        },
    ),
    f"POST {_PROJECT}features/": Write(NEW, {"name": "new"}),
    f"DELETE {_FEATURE}": Write(GONE),
    f"PATCH {_FEATURE}": Write(CHANGED, {"is_archived": True}),
    f"PUT {_FEATURE}": Write(CHANGED, {"description": "changed", "tags": []}),
    **_crud(
        f"{_FEATURE}feature-external-resources/",
        {"url": "https://github.com/a/b/issues/2", "type": "GITHUB_ISSUE"},
        {"metadata": {"title": "Bug"}},
        detail="id:resource_id",
    ),
    **_crud(
        "organisations/<str:place>/integrations/github/<id:integration_id>/repositories/",
        {"project": "$project", "repository_owner": "a", "repository_name": "c"},
        {"tagging_enabled": True},
        detail="id:repository_id",
    ),
    f"POST {_FEATURE}add-owners/": Write(CHANGED, {"user_ids": ["$admin_id"]}),
    f"POST {_FEATURE}remove-owners/": Write(
        CHANGED, {"user_ids": ["$admin_id"]}, prepare=lambda world: world.feature().owners.add(world.scene.admin)
    ),
    f"POST {_FEATURE}add-group-owners/": Write(CHANGED, {"group_ids": ["$group_id"]}),
    f"POST {_FEATURE}remove-group-owners/": Write(
        CHANGED,
        {"group_ids": ["$group_id"]},
        prepare=lambda world: world.feature().group_owners.add(world.things["group_id"]),
    ),
    **_crud(
        f"{_FEATURE}mv-options/",
        {"feature": "$feature", "type": "unicode", "string_value": "red", "default_percentage_allocation": 10},
        {"string_value": "green"},
        detail="id:option_id",
    ),
    f"POST {_PROJECT}segments/": Write(NEW, {"name": "new", "rules": _rules()}),
    f"DELETE {_PROJECT}segments/<id:segment_id>/": Write(GONE),
    f"PATCH {_PROJECT}segments/<id:segment_id>/": Write(CHANGED, {"name": "segment", "rules": _rules()}),
    f"PUT {_PROJECT}segments/<id:segment_id>/": Write(CHANGED, {"name": "segment", "rules": _rules("other")}),
    f"POST {_PROJECT}segments/<id:segment_id>/clone/": Write(NEW, {"name": "copy"}),
    **_crud(f"{_PROJECT}tags/", {"label": "new"}, {"label": "renamed"}, detail="id:tag_id"),
    "POST users/join/<str:secret>/": Write(NEW, caller="invited"),
    "POST users/join/link/<str:secret>/": Write(NEW, caller="outsider"),
    **_integrations(),
    **_grants(),
}
