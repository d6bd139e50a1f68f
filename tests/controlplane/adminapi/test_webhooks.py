"""Webhooks: kept, tried, told of changes, retried, sent again."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import override_settings

from tests.controlplane.client import AdminClient
from tests.controlplane.receivers import Receiver, receiver
from tests.controlplane.scenes import Scene, at_once, json_of, make_scene
from tests.databases import free_port
from tests.factories import grant_environment, make_user
from vexil.controlplane.actions import deliveries as actions
from vexil.controlplane.actions import versioning
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.db.models import Event, Membership, Role, WebhookDelivery
from vexil.controlplane.integrations import webhooks
from vexil.controlplane.jobs.deliveries import deliver
from vexil.controlplane.permissions import SYSTEM, VIEW_ENVIRONMENT

INTERNAL = ["URLs must not target internal or private network addresses."]


@pytest.fixture
def kept() -> Iterator[Receiver]:
    """A receiver on loopback, which webhooks may call in these tests."""
    with ExitStack() as stack:
        stack.enter_context(override_settings(VEXIL=replace(settings.VEXIL, webhooks_may_be_internal=True)))
        yield stack.enter_context(receiver())


def test_a_webhook_is_kept_changed_and_removed() -> None:
    scene = make_scene()
    for path in (f"environments/{scene.environment.api_key}/", f"organisations/{scene.project.organisation_id}/"):
        response = scene.api.post(f"{path}webhooks/", {"url": "https://8.8.8.8/hook", "secret": "s"})
        made = json_of(response, 201)
        own = f"{path}webhooks/{made['id']}/"
        changed = json_of(scene.api.patch(own, {"enabled": False}))

        assert response.headers["Location"] == "https://8.8.8.8/hook"
        assert {**made, "enabled": False, "updated_at": changed["updated_at"]} == changed
        assert json_of(scene.api.delete(own), 204) is None
        assert scene.api.delete(own).status_code == 404

    kinds = list(Event.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["webhook.created", "webhook.updated", "webhook.deleted"] * 2


def test_urls_that_lead_inside_or_nowhere_are_refused() -> None:
    scene = make_scene()
    path = f"environments/{scene.environment.api_key}/webhooks/"
    urls = ("not a url", "ftp://example.com/", "http://127.0.0.1:9/", "http://localhost/", "http://[::ffff:10.0.0.1]/")

    assert [json_of(scene.api.post(path, {"url": url}), 400)["url"] for url in urls] == [
        ["Enter a valid http(s) URL.", "Enter a valid URL."],
        ["Enter a valid http(s) URL."],
        INTERNAL,
        INTERNAL,
        INTERNAL,
    ]
    assert json_of(scene.api.post(path, {"url": "http://8.8.8.8:99999/"}), 400) == {"url": ["Enter a valid URL."]}


def test_who_may_only_look_sees_no_secrets() -> None:
    scene = make_scene()
    member = make_user()
    Membership.objects.create(user=member, organisation=scene.project.organisation, role=Role.USER)
    grant_environment(member, scene.environment, VIEW_ENVIRONMENT)
    api = AdminClient().as_user(member)

    answers = [
        api.get(f"environments/{scene.environment.api_key}/webhooks/"),
        api.get(f"organisations/{scene.project.organisation_id}/webhooks/"),
    ]

    assert [(answer.status_code, json.loads(answer.content)["detail"]) for answer in answers] == [
        (403, "You do not have permission to perform this action."),
        (403, "User does not have sufficient privileges to perform this action"),
    ]


def test_a_toggle_is_told_signed_with_the_state_before_and_after(kept: Receiver) -> None:
    scene = make_scene()
    state = scene.default(scene.feature("beta", initial_value="one"))
    add_webhook(scene, kept, secret="s3cret")

    toggle(scene, state.pk)
    send_all()

    (body,), (headers,) = kept.bodies, kept.headers
    told = json.loads(body)
    assert headers["x-flagsmith-signature"] == webhooks.signature("s3cret", body)
    assert (told["event_type"], told["data"]["changed_by"]) == ("FLAG_UPDATED", scene.admin.email)
    assert told["data"]["previous_state"] == {**told["data"]["new_state"], "enabled": False}
    assert {**told["data"]["new_state"], "feature": told["data"]["new_state"]["feature"]["name"]} == {
        "feature": "beta",
        "environment": {"id": scene.environment.pk, "name": scene.environment.name},
        "identity": None,
        "identity_identifier": None,
        "feature_segment": None,
        "enabled": True,
        "feature_state_value": "one",
        "multivariate_feature_state_values": [],
    }
    assert body == json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


def test_an_organisation_hears_of_flags_and_of_all_else(kept: Receiver) -> None:
    scene = make_scene()
    json_of(scene.api.post(f"organisations/{scene.project.organisation_id}/webhooks/", {"url": kept.url}), 201)

    feature = json_of(scene.api.post(f"projects/{scene.project.pk}/features/", {"name": "beta"}), 201)
    json_of(scene.api.delete(f"projects/{scene.project.pk}/features/{feature['id']}/"), 204)
    send_all()

    told = [json.loads(body) for body in kept.bodies]
    assert [message["event_type"] for message in told] == [
        "AUDIT_LOG_CREATED",
        "FLAG_UPDATED",
        "AUDIT_LOG_CREATED",
        "FLAG_DELETED",
        "AUDIT_LOG_CREATED",
        "AUDIT_LOG_CREATED",
    ]
    assert (told[3]["data"]["new_state"], told[3]["data"]["previous_state"]["enabled"]) == (None, False)
    audit = json_of(scene.api.get("audit/"))["results"]
    lines = [message["data"] for message in told if message["event_type"] == "AUDIT_LOG_CREATED"]
    assert lines == list(reversed(audit))


def test_a_published_version_is_told_to_its_environment(kept: Receiver) -> None:
    scene = make_scene()
    feature = scene.feature("beta", initial_value="one", options=[OptionFields(value=of_native("a"), percentage=30)])
    versioning.enable(scene.environment, by=SYSTEM)
    add_webhook(scene, kept)

    path = f"environments/{scene.environment.pk}/features/{feature.pk}/versions/"
    version = json_of(scene.api.post(path, {"publish_immediately": True}), 201)
    send_all()

    (message,) = [json.loads(body) for body in kept.bodies]
    (state,) = message["data"].pop("feature_states")
    (share,) = state.pop("multivariate_feature_state_values")
    option = feature.multivariate_options.get()
    assert message == {
        "event_type": "NEW_VERSION_PUBLISHED",
        "data": {
            "uuid": version["uuid"],
            "feature": {"id": feature.pk, "name": "beta"},
            "published_by": {"id": scene.admin.pk, "email": scene.admin.email},
        },
    }
    assert state == {"enabled": False, "value": "one"}
    assert (share["multivariate_feature_option"], share["percentage_allocation"]) == (
        {"id": option.pk, "value": "a"},
        30,
    )
    assert share["id"] == option.allocations.get(feature_state__feature_version=version["uuid"]).pk


def test_a_receiver_that_is_away_is_tried_again_and_then_given_up(kept: Receiver) -> None:
    scene = make_scene()
    scene.project.organisation.webhook_notification_email = "ops@example.com"
    scene.project.organisation.save()
    state = scene.default(scene.feature("beta"))
    hook = add_webhook(scene, kept, url=f"http://127.0.0.1:{free_port()}/")
    toggle(scene, state.pk)
    now = datetime.now(UTC)

    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        mail.outbox = []
        waits = []
        for _ in range(3):
            send_all(now + timedelta(hours=1))
            (delivery,) = listed(scene, hook)
            waits.append(delivery["next_attempt_at"] and seconds_from(delivery["next_attempt_at"], now))
        give_up_at = time.monotonic() + 5
        while not mail.outbox and time.monotonic() < give_up_at:
            time.sleep(0.01)

    assert waits == [pytest.approx(2, abs=1), pytest.approx(4, abs=1), None]
    assert (delivery["status"], delivery["attempts"], delivery["response_status"]) == ("FAILED", 3, None)
    assert [message.to for message in mail.outbox] == [["ops@example.com"]]


def test_an_error_answer_is_kept_and_can_be_sent_again(kept: Receiver) -> None:
    scene = make_scene()
    state = scene.default(scene.feature("beta"))
    hook = add_webhook(scene, kept)
    kept.status, kept.answer = 503, b"not now"
    toggle(scene, state.pk)
    send_all(datetime.now(UTC) + timedelta(hours=1))
    (failed,) = listed(scene, hook)

    kept.status = 200
    again = json_of(scene.api.post(f"{hook}deliveries/{failed['id']}/replay/"), 202)
    send_all()

    assert (failed["status"], failed["response_status"], failed["error"]) == ("FAILED", 503, "not now")
    assert (again["replay_of"], again["body"]) == (failed["id"], failed["body"])
    assert [row["status"] for row in listed(scene, hook)] == ["DELIVERED", "FAILED"]
    assert kept.bodies[0] == kept.bodies[1]


def test_a_name_that_turned_inward_is_not_called(kept: Receiver) -> None:
    scene = make_scene()
    state = scene.default(scene.feature("beta"))
    hook = add_webhook(scene, kept)
    toggle(scene, state.pk)

    with override_settings(VEXIL=replace(settings.VEXIL, webhooks_may_be_internal=False)):
        send_all()

    (delivery,) = listed(scene, hook)
    assert (delivery["error"], kept.bodies) == ("The host is in an internal or private network.", [])


def test_a_sender_that_never_comes_back_is_followed_by_another(kept: Receiver) -> None:
    scene = make_scene()
    state = scene.default(scene.feature("beta"))
    add_webhook(scene, kept)
    toggle(scene, state.pk)
    actions.write_down()
    now = datetime.now(UTC)

    first = actions.take(8, now=now)
    meanwhile = actions.take(8, now=now + timedelta(seconds=30))
    second = actions.take(8, now=now + timedelta(seconds=61))
    deliver(second[0])
    actions.unanswered(first[0], "late")

    assert (len(first), len(meanwhile), len(second)) == (1, 0, 1)
    assert WebhookDelivery.objects.get().status == "DELIVERED"


def test_several_runners_send_nothing_twice_and_each_webhook_in_order(kept: Receiver) -> None:
    scene = make_scene()
    state = scene.default(scene.feature("beta"))
    add_webhook(scene, kept)
    for _ in range(3):
        toggle(scene, state.pk)
        toggle(scene, state.pk, enabled=False)

    at_once(*[send_all] * 4)
    send_all()

    enabled = [json.loads(body)["data"]["new_state"]["enabled"] for body in kept.bodies]
    assert enabled == [True, False] * 3


def test_what_waits_for_a_webhook_that_is_switched_off_is_not_sent(kept: Receiver) -> None:
    scene = make_scene()
    state = scene.default(scene.feature("beta"))
    hook = add_webhook(scene, kept)
    toggle(scene, state.pk)
    actions.write_down()

    json_of(scene.api.patch(hook, {"enabled": False}))
    toggle(scene, state.pk, enabled=False)
    send_all()

    assert (kept.bodies, [row["status"] for row in listed(scene, hook)]) == ([], ["FAILED"])


def test_disabled_webhooks_send_nothing(kept: Receiver) -> None:
    scene = make_scene()
    state = scene.default(scene.feature("beta"))
    hook = add_webhook(scene, kept)

    with override_settings(VEXIL=replace(settings.VEXIL, disable_webhooks=True)):
        toggle(scene, state.pk)
        send_all()
        tried = json_of(scene.api.post("webhooks/test/", trial(scene, kept.url)), 400)

    assert (kept.bodies, listed(scene, hook)) == ([], [])
    assert tried["body"] == "Webhooks are switched off (DISABLE_WEBHOOKS)."


def test_a_url_can_be_tried(kept: Receiver) -> None:
    scene = make_scene()
    away = f"http://127.0.0.1:{free_port()}/"

    good = json_of(scene.api.post("webhooks/test/", trial(scene, kept.url, secret="s")))
    kept.status, kept.answer = 500, b"broken"
    bad = json_of(scene.api.post("webhooks/test/", trial(scene, kept.url)), 400)
    none = json_of(scene.api.post("webhooks/test/", trial(scene, away)), 400)

    assert good == {"detail": "Webhook test successful", "status": 200}
    assert bad == {"detail": "Webhook returned error status", "body": "broken", "status": 500}
    assert none["detail"] == "Could not connect to webhook URL"
    assert kept.headers[0]["x-flagsmith-signature"] == webhooks.signature("s", kept.bodies[0])


def test_only_where_a_webhook_could_be_added_can_a_url_be_tried() -> None:
    scene, other = make_scene(), make_scene()
    bodies: list[Any] = [
        {},
        {"webhook_url": "https://8.8.8.8/", "scope": {"type": "planet", "id": 1}},
        trial(other, "https://8.8.8.8/"),
        {**trial(scene, "https://8.8.8.8/"), "scope": {"type": "organisation", "id": other.project.organisation_id}},
    ]

    assert [scene.api.post("webhooks/test/", body).status_code for body in bodies] == [403] * 4
    inside = json_of(scene.api.post("webhooks/test/", trial(scene, "http://127.0.0.1:9/")), 400)
    assert inside == {"webhook_url": INTERNAL}


def add_webhook(scene: Scene, kept: Receiver, *, url: str | None = None, secret: str = "") -> str:
    """The path of a new webhook of the scene's environment."""
    path = f"environments/{scene.environment.api_key}/webhooks/"
    made = json_of(scene.api.post(path, {"url": url or kept.url, "secret": secret}), 201)
    return f"{path}{made['id']}/"


def toggle(scene: Scene, state_id: int, *, enabled: bool = True) -> None:
    path = f"environments/{scene.environment.api_key}/featurestates/{state_id}/"
    json_of(scene.api.patch(path, {"enabled": enabled}))


def send_all(now: datetime | None = None) -> None:
    """What the task runner does, until nothing is due."""
    actions.write_down()
    while taken := actions.take(8, now=now or datetime.now(UTC)):
        for delivery in taken:
            deliver(delivery)
        if now:
            return


def trial(scene: Scene, url: str, **fields: str) -> dict[str, Any]:
    scope = {"type": "environment", "id": scene.environment.api_key}
    return {"webhook_url": url, "scope": scope, **fields}


def listed(scene: Scene, hook: str) -> Any:
    return json_of(scene.api.get(f"{hook}deliveries/"))["results"]


def seconds_from(text: str, start: datetime) -> float:
    return (datetime.fromisoformat(text) - start).total_seconds()
