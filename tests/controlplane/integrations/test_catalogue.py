"""What each integration sends, seen by a receiver of its own."""

import json
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest

from tests.controlplane.receivers import receiver
from vexil.controlplane.integrations import catalogue, outgoing, webhooks
from vexil.controlplane.integrations.messages import Change, Identified, IdentifiedInFull

CHANGE = Change(
    id=7,
    log="Flag state updated for feature: banner",
    kind="FEATURE_STATE",
    action="updated",
    happened_at="2026-05-01T12:00:00.250000+00:00",
    author="ann@example.com",
    project="Shop",
    environment="Production",
    feature="banner",
    segment=None,
    enabled=True,
    tags=["beta"],
)
KIM = Identified("kim", {"plan": "pro"}, {"banner": "red", "search": False})
IN_FULL = IdentifiedInFull(
    "kim",
    [{"id": 1, "trait_key": "plan", "trait_value": "pro"}],
    [{"feature": {"id": 1, "name": "banner"}, "enabled": True}],
    [{"id": 4, "name": "pros", "member": True}],
)
SENTENCE = "Flag state updated for feature: banner by user ann@example.com"
FLAGS = {"banner": "red", "search": False}
IDENTIFY = {"batch": [{"type": "identify", "userId": "kim", "traits": FLAGS}]}


@pytest.fixture(autouse=True)
def empty_tables() -> None:
    """Nothing here has tables."""


def sent(kind: str, settings: dict[str, Any], message: Any) -> tuple[str, dict[str, str], bytes]:
    """The request line, headers and body that a receiver gets; `{base}` in settings is its address."""
    with receiver() as kept:
        base = kept.url.removesuffix("/hook")
        filled = {name: value.replace("{base}", base) if name != "flag" else value for name, value in settings.items()}
        request = catalogue.request_of(kind, filled, msgspec.json.encode(message).decode())
        outgoing.send(request, allow_internal=True)
        return kept.requests[0], kept.headers[0], kept.bodies[0]


@pytest.mark.parametrize(
    ("kind", "settings", "message", "line", "body"),
    [
        (
            "segment",
            {"api_key": "k", "base_url": "{base}/"},
            [KIM],
            "POST /v1/batch",
            IDENTIFY,
        ),
        ("rudderstack", {"api_key": "k", "base_url": "{base}"}, [KIM], "POST /v1/batch", IDENTIFY),
        (
            "heap",
            {"api_key": "k", "base_url": "{base}"},
            [KIM],
            "POST /api/track",
            {"app_id": "k", "identity": "kim", "event": "Flagsmith Feature Flags", "properties": FLAGS},
        ),
        (
            "mixpanel",
            {"api_key": "k", "base_url": "{base}"},
            [KIM],
            "POST /engage",
            [{"$token": "k", "$distinct_id": "kim", "$set": FLAGS, "$ip": "0"}],
        ),
        (
            "webhook",
            {"url": "{base}/mine", "secret": "s"},
            [IN_FULL],
            "POST /mine",
            msgspec.to_builtins(IN_FULL),
        ),
        (
            "dynatrace",
            {"api_key": "k&", "base_url": "{base}", "entity_selector": 'type("HOST")'},
            CHANGE,
            "POST /api/v2/events/ingest?api-token=k%26",
            {
                "title": "Feature flag changed",
                "eventType": "CUSTOM_DEPLOYMENT",
                "entitySelector": 'type("HOST")',
                "properties": {
                    "event": SENTENCE,
                    "environment": "Production",
                    "dt.event.deployment.name": "Flag changed: banner",
                },
            },
        ),
        (
            "datadog",
            {"api_key": "k", "base_url": "{base}/"},
            CHANGE,
            "POST /api/v1/events?api_key=k",
            {"text": SENTENCE, "title": "Feature flag changed", "tags": ["env:Production"]},
        ),
        (
            "new-relic",
            {"api_key": "k", "base_url": "{base}/", "app_id": "12"},
            CHANGE,
            "POST /v2/applications/12/deployments.json",
            {
                "deployment": {
                    "revision": "env:Production",
                    "changelog": SENTENCE,
                    "description": "Feature flag changed",
                }
            },
        ),
        (
            "grafana",
            {"api_key": "k", "base_url": "{base}"},
            CHANGE,
            "POST /api/annotations",
            {
                "tags": [
                    "flagsmith",
                    "project:Shop",
                    "environment:Production",
                    "by:ann@example.com",
                    "feature:banner",
                    "flag:enabled",
                    "beta",
                ],
                "text": CHANGE.log,
                "time": 1777636800250,
                "timeEnd": 1777636800250,
            },
        ),
        (
            "sentry",
            {"webhook_url": "{base}/flags", "secret": "0123456789"},
            CHANGE,
            "POST /flags",
            {
                "data": [
                    {
                        "action": "updated",
                        "flag": "banner",
                        "created_at": "2026-05-01T12:00:00+00:00",
                        "created_by": {"id": "ann@example.com", "type": "email"},
                        "change_id": "7",
                    }
                ],
                "meta": {"version": 1},
            },
        ),
    ],
)
def test_a_message_arrives_as_the_service_wants_it(
    kind: str, settings: dict[str, Any], message: Any, line: str, body: Any
) -> None:
    got_line, headers, got = sent(kind, settings, message)

    assert (got_line, json.loads(got)) == (line, body)
    assert headers["content-type"] == "application/json"


def test_amplitude_gets_a_form_with_all_identities() -> None:
    lee = Identified("lee", {}, {})
    line, headers, body = sent("amplitude", {"api_key": "k", "base_url": "{base}"}, [KIM, lee])

    form = dict(parse_qsl(body.decode()))
    users = [{"user_id": "kim", "user_properties": FLAGS}, {"user_id": "lee", "user_properties": {}}]
    assert (line, headers["content-type"]) == ("POST /identify", "application/x-www-form-urlencoded")
    assert (form["api_key"], json.loads(form["identification"])) == ("k", users)


def test_keys_go_where_each_service_looks_for_them() -> None:
    _, segment, _ = sent("segment", {"api_key": "k", "base_url": "{base}"}, [KIM])
    _, grafana, _ = sent("grafana", {"api_key": "k", "base_url": "{base}"}, CHANGE)
    _, new_relic, _ = sent("new-relic", {"api_key": "k", "base_url": "{base}", "app_id": "1"}, CHANGE)
    _, sentry, sentry_body = sent("sentry", {"webhook_url": "{base}/", "secret": "0123456789"}, CHANGE)
    _, webhook, webhook_body = sent("webhook", {"url": "{base}/", "secret": "s"}, [IN_FULL])

    assert (segment["authorization"], grafana["authorization"], new_relic["x-api-key"]) == (
        "Basic azo=",
        "Bearer k",
        "k",
    )
    assert sentry["x-sentry-signature"] == webhooks.signature("0123456789", sentry_body)
    assert webhook["x-flagsmith-signature"] == webhooks.signature("s", webhook_body)


def test_regions_of_segment_are_reached_over_https() -> None:
    request = catalogue.request_of(
        "segment", {"api_key": "k", "base_url": "events.eu1.segmentapis.com/"}, msgspec.json.encode([KIM]).decode()
    )

    assert request.url == "https://events.eu1.segmentapis.com/v1/batch"


def test_sentry_hears_of_flags_in_environments_alone() -> None:
    changes = [CHANGE, *(msgspec.structs.replace(CHANGE, kind=kind) for kind in ("EF_VERSION", "FEATURE", "SEGMENT"))]

    assert [catalogue.OF_CHANGES["sentry"].is_told(change) for change in changes] == [True, True, False, False]
