"""Integrations: kept, told of changes and of identities, tried again, sent again."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests.controlplane.client import AdminClient
from tests.controlplane.receivers import Receiver, receiver
from tests.controlplane.scenes import Scene, at_once, json_of, make_scene
from tests.factories import grant_environment, make_user
from vexil.controlplane.actions import deliveries, integration_deliveries
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Event, Integration, Membership, Role, WebhookDelivery
from vexil.controlplane.jobs.deliveries import deliver
from vexil.controlplane.permissions import VIEW_ENVIRONMENT
from vexil.stores.identifications import Identification, IdentifiedTrait


@pytest.fixture(autouse=True)
def empty_queue(empty_tables: None) -> Iterator[None]:
    yield
    stores.current().identifications.take(1000)


@pytest.fixture
def kept() -> Iterator[Receiver]:
    """A receiver on loopback, which integrations may call in these tests."""
    with ExitStack() as stack:
        stack.enter_context(override_settings(VEXIL=replace(settings.VEXIL, webhooks_may_be_internal=True)))
        yield stack.enter_context(receiver())


def test_an_integration_is_kept_once_per_place_changed_and_removed() -> None:
    scene = make_scene()
    path = f"environments/{scene.environment.api_key}/integrations/webhook/"
    body = {"url": "https://8.8.8.8/identities", "secret": "s"}

    response = scene.api.post(path, body)
    made = json_of(response, 201)
    second = json_of(scene.api.post(path, body), 400)
    changed = json_of(scene.api.patch(f"{path}{made['id']}/", {"secret": "t"}))
    listed = json_of(scene.api.get(path))
    json_of(scene.api.delete(f"{path}{made['id']}/"), 204)
    gone = json_of(scene.api.get(f"{path}{made['id']}/"), 404)

    assert (made, response.headers["Location"]) == ({"id": made["id"], **body}, body["url"])
    assert second == ["This integration already exists for this environment."]
    assert [changed] == listed == [{**made, "secret": "t"}]
    assert gone == {"detail": "No WebhookConfiguration matches the given query."}
    events = list(Event.objects.filter(kind__startswith="integration.").order_by("pk").values_list("kind", "after"))
    facts = {"kind": "webhook", "url": body["url"]}
    assert events == [("integration.created", facts), ("integration.updated", facts), ("integration.deleted", None)]


def test_two_who_add_one_at_once_make_one() -> None:
    scene = make_scene()
    path = f"projects/{scene.project.pk}/integrations/datadog/"
    body = {"api_key": "k", "base_url": "https://8.8.8.8"}

    statuses = [answer.status_code for answer in at_once(*[lambda: scene.api.post(path, body)] * 3)]

    assert (sorted(statuses), Integration.objects.count()) == ([201, 400, 400], 1)


def test_addresses_inside_are_refused_and_defaults_filled_in() -> None:
    scene = make_scene()
    path = f"environments/{scene.environment.api_key}/integrations/"

    inside = json_of(scene.api.post(f"{path}sentry/", {"webhook_url": "http://10.0.0.1/", "secret": "short"}), 400)
    amplitude = json_of(scene.api.post(f"{path}amplitude/", {"api_key": "k"}), 201)
    heap = json_of(scene.api.post(f"{path}heap/", {"api_key": "k"}), 201)
    segment = json_of(scene.api.post(f"{path}segment/", {"api_key": "k"}), 201)
    region = json_of(scene.api.patch(f"{path}segment/{segment['id']}/", {"base_url": "x"}), 400)

    assert inside == {
        "webhook_url": ["URLs must not target internal or private network addresses."],
        "secret": ["Ensure this field has at least 10 characters."],
    }
    assert (amplitude["base_url"], heap["base_url"]) == ("https://api.amplitude.com", None)
    assert (segment["base_url"], region) == ("api.segment.io/", {"base_url": ['"x" is not a valid choice.']})


def test_who_may_view_an_environment_sees_its_integrations_and_changes_none() -> None:
    scene = make_scene()
    path = f"environments/{scene.environment.api_key}/integrations/heap/"
    own = f"{path}{json_of(scene.api.post(path, {'api_key': 'k'}), 201)['id']}/"
    viewer = make_user()
    Membership.objects.create(user=viewer, organisation=scene.project.organisation, role=Role.USER)
    grant_environment(viewer, scene.environment, VIEW_ENVIRONMENT)
    api = AdminClient().as_user(viewer)

    seen = [api.get(path).status_code, api.get(own).status_code]
    refused = [
        answer.status_code
        for answer in (api.post(path, {"api_key": "k"}), api.patch(own, {"api_key": "x"}), api.delete(own))
    ]

    assert (seen, refused, api.get(f"{own}deliveries/").status_code) == ([200, 200], [403, 403, 403], 403)


def test_changes_are_told_to_the_place_and_to_those_above_it(kept: Receiver) -> None:
    scene = make_scene()
    body = {"api_key": "k", "base_url": kept.url.removesuffix("/hook")}
    for place in (
        f"environments/{scene.environment.api_key}",
        f"projects/{scene.project.pk}",
        f"organisations/{scene.project.organisation_id}",
    ):
        json_of(scene.api.post(f"{place}/integrations/grafana/", body), 201)
    feature = scene.feature("banner")
    other = make_scene()
    other.feature("elsewhere")

    json_of(scene.api.patch(f"projects/{scene.project.pk}/features/{feature.pk}/", {"description": "new"}))
    toggle(scene, feature)
    send_all()

    told = [json.loads(sent) for sent in kept.bodies]
    texts = sorted(message["text"] for message in told)
    assert texts == ["Flag / Remote Config updated: banner"] * 2 + ["Flag state updated for feature: banner"] * 3
    assert next(message["tags"] for message in told if "state" in message["text"]) == [
        "flagsmith",
        f"project:{scene.project.name}",
        f"environment:{scene.environment.name}",
        f"by:{scene.admin.email}",
        "feature:banner",
        "flag:enabled",
    ]


def test_more_changes_cost_no_more_statements(kept: Receiver) -> None:
    scene = make_scene()
    body = {"api_key": "k", "base_url": kept.url}
    json_of(scene.api.post(f"projects/{scene.project.pk}/integrations/datadog/", body), 201)

    def statements(features: int) -> int:
        for number in range(features):
            toggle(scene, scene.feature(f"f{features}-{number}"))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            deliveries.write_down()
        return len(captured)

    assert statements(1) == statements(8)


def test_identities_are_told_with_what_they_get(kept: Receiver) -> None:
    scene = make_scene()
    banner, search = scene.feature("banner", initial_value="red"), scene.feature("search", initial_value="x")
    segment = scene.segment("pros")
    toggle(scene, banner)
    json_of(
        scene.api.post(
            f"environments/{scene.environment.api_key}/features/{search.pk}/create-segment-override/",
            {
                "feature_segment": {"segment": segment.pk},
                "enabled": True,
                "feature_state_value": {"type": "unicode", "string_value": "for pros"},
            },
        ),
        201,
    )
    base = kept.url.removesuffix("/hook")
    path = f"environments/{scene.environment.api_key}/integrations/"
    json_of(scene.api.post(f"{path}mixpanel/", {"api_key": "k", "base_url": base}), 201)
    json_of(scene.api.post(f"{path}webhook/", {"url": f"{base}/mine", "secret": "s"}), 201)
    traits = (IdentifiedTrait(1, "plan", "pro"),)

    queue(scene, "kim", traits)
    queue(scene, "lee")
    integration_deliveries.write_down_identifications()
    send_all()

    assert scene.snapshot().environment.has_identity_integrations
    profiles = [json.loads(body) for line, body in zip(kept.requests, kept.bodies, strict=True) if "engage" in line]
    assert [{one["$distinct_id"]: one["$set"] for one in some} for some in profiles] == [
        {"kim": {"banner": "red", "search": "for pros"}, "lee": {"banner": "red", "search": False}}
    ]
    kim = next(json.loads(body) for body in kept.bodies if b'"identity":"kim"' in body)
    assert (kim["traits"], kim["segments"]) == (
        [{"id": 1, "trait_key": "plan", "trait_value": "pro"}],
        [{"id": segment.pk, "name": "pros", "member": True}],
    )
    assert [(flag["feature"]["name"], flag["enabled"], flag["feature_state_value"]) for flag in kim["flags"]] == [
        ("banner", True, "red"),
        ("search", True, "for pros"),
    ]


def test_when_the_last_one_goes_identities_are_no_longer_queued() -> None:
    scene = make_scene()
    path = f"environments/{scene.environment.api_key}/integrations/heap/"
    made = json_of(scene.api.post(path, {"api_key": "k"}), 201)
    before = scene.snapshot().environment.has_identity_integrations

    json_of(scene.api.delete(f"{path}{made['id']}/"), 204)
    queue(scene, "kim")

    assert (before, scene.snapshot().environment.has_identity_integrations) == (True, False)
    assert (integration_deliveries.write_down_identifications(), WebhookDelivery.objects.count()) == (1, 0)


def test_a_busy_service_is_tried_again_and_a_message_can_be_sent_again(kept: Receiver) -> None:
    scene = make_scene()
    path = f"projects/{scene.project.pk}/integrations/datadog/"
    body = {"api_key": "secret", "base_url": kept.url.removesuffix("/hook")}
    own = f"{path}{json_of(scene.api.post(path, body), 201)['id']}/"
    toggle(scene, scene.feature("banner"))
    kept.status, kept.answer = 503, b"later\x00"
    send_all()
    (waiting,) = listed(scene, own)
    kept.status = 403
    send_all(datetime.now(UTC) + timedelta(hours=1))
    (failed,) = listed(scene, own)

    kept.status = 202
    again = json_of(scene.api.post(f"{own}deliveries/{failed['id']}/replay/"), 202)
    send_all()

    assert (waiting["status"], waiting["attempts"], waiting["error"]) == ("PENDING", 1, "503: later")
    assert (failed["status"], failed["attempts"], failed["response_status"]) == ("FAILED", 2, 403)
    assert (again["replay_of"], again["body"]) == (failed["id"], failed["body"])
    assert [row["status"] for row in listed(scene, own)] == ["DELIVERED", "FAILED"]
    assert kept.bodies[0] == kept.bodies[2]
    assert "secret" not in failed["body"]


def test_messages_beyond_the_limit_are_dropped_and_old_ones_forgotten(
    kept: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integration_deliveries, "PENDING_MAX", 3)
    monkeypatch.setattr(integration_deliveries, "KEPT_MAX", 2)
    scene = make_scene()
    path = f"environments/{scene.environment.api_key}/integrations/heap/"
    own = f"{path}{json_of(scene.api.post(path, {'api_key': 'k', 'base_url': kept.url}), 201)['id']}/"

    for number in range(5):
        queue(scene, f"kim{number}")
    integration_deliveries.write_down_identifications()
    waiting = len(listed(scene, own))
    send_all()
    deliveries.forget_old(now=datetime.now(UTC))

    assert (waiting, len(listed(scene, own))) == (3, 2)


def test_disabled_webhooks_mean_the_identity_webhook_too(kept: Receiver) -> None:
    scene = make_scene()
    path = f"environments/{scene.environment.api_key}/integrations/"
    json_of(scene.api.post(f"{path}webhook/", {"url": kept.url}), 201)
    json_of(scene.api.post(f"{path}heap/", {"api_key": "k", "base_url": kept.url}), 201)
    queue(scene, "kim")

    with override_settings(VEXIL=replace(settings.VEXIL, disable_webhooks=True)):
        integration_deliveries.write_down_identifications()
        send_all()

    assert kept.requests == ["POST /hook/api/track"]


def queue(scene: Scene, identifier: str, traits: tuple[IdentifiedTrait, ...] = ()) -> None:
    """What the data plane does when an identity asks for its flags."""
    entry = Identification(scene.environment.pk, identifier, None, False, traits)
    stores.current().identifications.add([entry])


def toggle(scene: Scene, feature: Any) -> None:
    state = scene.default(feature)
    path = f"environments/{scene.environment.api_key}/featurestates/{state.pk}/"
    json_of(scene.api.patch(path, {"enabled": True}))


def send_all(now: datetime | None = None) -> None:
    """What the task runner does, until nothing is due."""
    deliveries.write_down()
    while taken := deliveries.take(8, now=now or datetime.now(UTC)):
        for delivery in taken:
            deliver(delivery)
        if now:
            return


def listed(scene: Scene, own: str) -> Any:
    return json_of(scene.api.get(f"{own}deliveries/"))["results"]
