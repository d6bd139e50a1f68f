"""What outside services tell of features."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import grant_project, make_environment, make_user
from vexil.controlplane.actions import feature_health
from vexil.controlplane.db.models import AuditRecord, HealthEvent, Membership, Tag
from vexil.controlplane.permissions import EDIT_FEATURE, VIEW_PROJECT

REASON = {"text_blocks": [{"text": "4 %", "title": "Errors"}], "url_blocks": [{"url": "https://g.example.com/"}]}


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def added(scene: Scene, name: str = "Webhook") -> str:
    """The path at which the provider tells."""
    path = f"projects/{scene.project.pk}/feature-health/providers/"
    made: dict[str, str] = json_of(scene.api.post(path, {"name": name}), 201)
    return urlsplit(made["webhook_url"]).path


def tell(path: str, message: Any) -> int:
    status: int = AdminClient().post(path, message).status_code
    return status


def events(scene: Scene) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json_of(scene.api.get(f"projects/{scene.project.pk}/feature-health/events/"))
    return found


def tags(scene: Scene) -> list[str]:
    return list(Tag.objects.filter(features__project=scene.project).values_list("label", flat=True))


def alert(feature: str | None, fingerprint: str, status: str = "firing", **labels: str) -> dict[str, Any]:
    named = {"flagsmith_feature": feature} if feature else {}
    return {
        "status": status,
        "labels": {"alertname": "Errors", **named, **labels},
        "annotations": {"description": "Too many", "summary": "5xx", "runbook_url": "https://r.example.com/"},
        "startsAt": "2026-01-01T10:00:00Z",
        "endsAt": "2026-01-01T11:00:00Z",
        "generatorURL": "https://g.example.com/a",
        "fingerprint": fingerprint,
    }


def test_providers_are_added_listed_and_removed(scene: Scene) -> None:
    path = f"projects/{scene.project.pk}/feature-health/providers/"

    made = json_of(scene.api.post(path, {"name": "Webhook"}), 201)
    twice = scene.api.post(path, {"name": "Webhook"})
    wrong = scene.api.post(path, {"name": "Carrier pigeon"})
    listed = json_of(scene.api.get(path))
    told_at = urlsplit(made["webhook_url"]).path
    removed = scene.api.delete(f"{path}webhook/")

    assert {**made, "webhook_url": ""} == {
        "created_by": scene.admin.email,
        "name": "Webhook",
        "project": scene.project.pk,
        "webhook_url": "",
    }
    assert made["webhook_url"].startswith("http://localhost/api/v1/feature-health/")
    assert listed == [made]
    assert (twice.status_code, twice.json()) == (400, {"name": ["Webhook is a provider of this project already."]})
    assert wrong.json() == {"name": ['"Carrier pigeon" is not a valid choice.']}
    assert (removed.status_code, json_of(scene.api.get(path))) == (204, [])
    scene.feature("flag")
    assert tell(told_at, {"feature": "flag", "status": "unhealthy"}) == 404
    logs = AuditRecord.objects.filter(related_object_type="FEATURE_HEALTH").order_by("pk")
    assert [record.log for record in logs] == ["Health provider added: Webhook", "Health provider removed: Webhook"]


def test_a_feature_is_unhealthy_until_it_is_told_to_be_well(scene: Scene) -> None:
    feature, path = scene.feature("flag"), added(scene)
    message = {"feature": "flag", "environment": scene.environment.name, "status": "unhealthy", "reason": REASON}

    assert tell(path, message) == 200
    [shown] = events(scene)
    ill = tags(scene)
    assert tell(path, {**message, "status": "healthy", "reason": None}) == 200
    [well] = events(scene)

    assert {**shown, "id": 0, "created_at": ""} == {
        "id": 0,
        "created_at": "",
        "environment": scene.environment.pk,
        "feature": feature.pk,
        "provider_name": "Webhook",
        "reason": REASON,
        "type": "UNHEALTHY",
    }
    assert ill == ["Unhealthy"]
    assert (well["type"], well["reason"], tags(scene)) == ("HEALTHY", None, [])
    logs = AuditRecord.objects.filter(related_object_type="FEATURE_HEALTH", change_type="UPDATE").order_by("pk")
    assert [(record.log, record.environment_id) for record in logs] == [
        ("Feature flag is unhealthy, says Webhook", scene.environment.pk),
        ("Feature flag is healthy, says Webhook", scene.environment.pk),
    ]


def test_each_environment_counts_by_itself(scene: Scene) -> None:
    scene.feature("flag")
    path, other = added(scene), make_environment(scene.project, name="Other")
    for environment in (scene.environment.name, other.name, None):
        tell(path, {"feature": "flag", "status": "unhealthy", "environment": environment})
    tell(path, {"feature": "flag", "status": "healthy", "environment": other.name})

    found = {event["environment"]: event["type"] for event in events(scene)}

    assert found == {scene.environment.pk: "UNHEALTHY", other.pk: "HEALTHY", None: "UNHEALTHY"}
    assert tags(scene) == ["Unhealthy"]


def test_grafana_tells_by_its_alerts(scene: Scene) -> None:
    scene.feature("flag")
    path = added(scene, "Grafana")
    labelled = alert("flag", "a", flagsmith_environment=scene.environment.name)

    first = tell(path, {"alerts": [labelled, alert("flag", "b"), alert(None, "c"), alert("unknown", "d")]})
    second = tell(path, {"alerts": [alert("flag", "b", "resolved")]})

    found = {event["environment"]: event for event in events(scene)}
    assert (first, second) == (200, 200)
    assert {place: event["type"] for place, event in found.items()} == {
        scene.environment.pk: "UNHEALTHY",
        None: "HEALTHY",
    }
    assert found[None]["created_at"] == "2026-01-01T11:00:00Z"
    assert found[scene.environment.pk]["reason"] == {
        "text_blocks": [{"title": "Errors", "text": "Too many"}, {"title": "Summary", "text": "5xx"}],
        "url_blocks": [
            {"title": "Alert", "url": "https://g.example.com/a"},
            {"title": "Runbook", "url": "https://r.example.com/"},
        ],
    }


@pytest.mark.parametrize(
    "message",
    [
        b"no json",
        [],
        {"status": "unhealthy"},
        {"feature": "flag", "status": "poorly"},
        {"feature": "flag", "status": "unhealthy", "reason": {"text_blocks": [{"title": "no text"}]}},
        {"feature": "unknown", "status": "unhealthy"},
    ],
)
def test_messages_that_say_nothing_are_refused(scene: Scene, message: Any) -> None:
    scene.feature("flag")

    assert tell(added(scene), message) == 400
    assert HealthEvent.objects.count() == 0


def test_only_addresses_that_we_signed_are_heard(scene: Scene) -> None:
    scene.feature("flag")
    path, other = added(scene), make_scene()
    forged = [path[:-1], path + "x", "/api/v1/feature-health/", "/api/v1/feature-health/a/b"]

    statuses = [tell(one, {"feature": "flag", "status": "unhealthy"}) for one in forged]
    elsewhere = tell(added(other), {"feature": "flag", "status": "unhealthy"})

    assert (statuses, elsewhere) == ([404] * 4, 400)


def test_who_may_edit_features_dismisses(scene: Scene) -> None:
    scene.feature("flag")
    tell(added(scene), {"feature": "flag", "status": "unhealthy"})
    viewer, editor = make_user(), make_user(email="ed@example.com")
    for user, rights in ((viewer, [VIEW_PROJECT]), (editor, [VIEW_PROJECT, EDIT_FEATURE])):
        Membership.objects.create(organisation=scene.project.organisation, user=user)
        grant_project(user, scene.project, *rights)
    path = f"projects/{scene.project.pk}/feature-health/events/{events(scene)[0]['id']}/dismiss/"

    refused = scene.api.as_user(viewer).post(path)
    done = scene.api.as_user(editor).post(path)

    [event] = events(scene)
    assert (refused.status_code, done.status_code) == (403, 204)
    assert (event["type"], event["reason"]["text_blocks"]) == ("HEALTHY", [{"text": "Dismissed by ed@example.com"}])
    assert tags(scene) == []
    # What was dismissed is not the latest any more.
    assert scene.api.post(path).status_code == 404


def test_what_was_superseded_is_forgotten_in_time(scene: Scene) -> None:
    scene.feature("flag")
    path = added(scene)
    for status in ("unhealthy", "healthy", "unhealthy"):
        tell(path, {"feature": "flag", "status": status})
    before = events(scene)

    deleted = feature_health.forget_old(datetime.now(UTC) + timedelta(days=31))

    assert deleted == 2
    assert events(scene) == before
    assert json.dumps(before).count("UNHEALTHY") == 1
