from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import make_environment, make_master_api_key, make_organisation, make_project, make_user
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Membership
from vexil.rates import Rate
from vexil.stores.evaluations import EvaluationKey
from vexil.stores.usage import UsageKey

DAY = timedelta(days=1)


@pytest.fixture
def scene() -> Scene:
    return make_scene()


@pytest.fixture
def noon() -> datetime:
    """Of today, so that nothing falls into another day."""
    return datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


def path_of(scene: Scene, rest: str) -> str:
    return f"organisations/{scene.project.organisation_id}/{rest}"


def row(day: datetime, labels: dict[str, str] | None = None, **requests: int) -> dict[str, Any]:
    zeros = dict.fromkeys(("flags", "identities", "traits", "environment_document"), 0)
    return {"day": day.date().isoformat(), **zeros, **requests, "labels": labels or {}}


def test_requests_are_listed_by_day_and_labels(scene: Scene, noon: datetime) -> None:
    here, elsewhere = scene.environment.pk, make_environment(make_project()).pk
    js = {"sdk": "flagsmith-js-sdk/9.3.1", "application": "shop", "application_version": "2"}
    labels = {
        "user_agent": "flagsmith-js-sdk/9.3.1",
        "client_application_name": "shop",
        "client_application_version": "2",
    }
    counts = {
        UsageKey(here, "flags", noon, ""): 3,
        UsageKey(here, "flags", noon - timedelta(hours=1), ""): 4,
        UsageKey(here, "environment-document", noon, ""): 1,
        UsageKey(here, "identities", noon, **js): 5,
        UsageKey(here, "traits", noon - 29 * DAY, ""): 2,
        UsageKey(here, "traits", noon - 30 * DAY, ""): 9,
        UsageKey(elsewhere, "flags", noon, ""): 100,
    }
    stores.current().usage.add(counts)
    mobile = make_environment(scene.project)
    stores.current().usage.add({UsageKey(mobile.pk, "flags", noon, ""): 10})
    today = row(noon, flags=17, environment_document=1)

    def listed(query: str = "") -> Any:
        return json_of(scene.api.get(path_of(scene, f"usage-data/{query}")))

    assert listed() == [row(noon - 29 * DAY, traits=2), today, row(noon, labels, identities=5)]
    assert listed("?period=90_day_period")[0] == row(noon - 30 * DAY, traits=9)
    assert listed("?client_application_name=shop") == [row(noon, labels, identities=5)]
    assert listed("?client_application_name=shop&user_agent=flagsmith-go-sdk/unknown") == []
    assert listed(f"?environment_id={mobile.pk}") == [row(noon, flags=10)]
    assert listed(f"?project_id={scene.project.pk}&environment_id={elsewhere}") == []
    assert listed(f"?project_id={make_environment().project_id}") == []
    assert json_of(scene.api.get(path_of(scene, "usage-data/total-count/"))) == {"count": 25}
    assert json_of(scene.api.get(path_of(scene, "usage/"))) == {"events": 25}
    assert json_of(scene.api.get(path_of(scene, "influx-data/")))["events_list"][-1] == {
        "name": noon.date().isoformat(),
        "Flags": 17,
        "Identities": 5,
        "Traits": 0,
        "Environment-document": 1,
    }


def test_what_was_counted_stays_when_its_environment_is_deleted(scene: Scene, noon: datetime) -> None:
    stores.current().usage.add({UsageKey(scene.environment.pk, "flags", noon, ""): 3})

    scene.api.delete(f"environments/{scene.environment.api_key}/")

    assert json_of(scene.api.get(path_of(scene, "usage-data/"))) == [row(noon, flags=3)]


def test_without_requests_there_is_nothing_and_no_total(scene: Scene) -> None:
    assert json_of(scene.api.get(path_of(scene, "usage-data/"))) == []
    assert json_of(scene.api.get(path_of(scene, "usage-data/total-count/")), 400) == {
        "count": ["This field may not be null."]
    }
    assert json_of(scene.api.get(path_of(scene, "usage/"))) == {"events": 0}
    assert json_of(scene.api.get(path_of(scene, "influx-data/"))) == {"events_list": []}


@pytest.mark.parametrize(
    ("query", "status", "answer"),
    [
        ("period=yesterday", 400, {"period": ['"yesterday" is not a valid choice.']}),
        ("project_id=abc", 400, {"project_id": ["A valid integer is required."]}),
        (
            "period=current_billing_period",
            404,
            {"detail": "No billing periods found for this organisation."},
        ),
    ],
)
def test_odd_questions_are_refused(scene: Scene, query: str, status: int, answer: object) -> None:
    assert json_of(scene.api.get(path_of(scene, f"usage-data/?{query}")), status) == answer


def test_only_the_organisations_admins_see_its_usage(client: AdminClient, scene: Scene) -> None:
    member = make_user()
    Membership.objects.create(organisation=scene.project.organisation, user=member)
    outsiders_key = make_master_api_key(make_organisation())[1]
    refusal = {"detail": "User does not have sufficient privileges to perform this action"}

    for caller in (client.as_user(member), client.as_user(make_user()), client.with_key(outsiders_key)):
        for rest in ("usage-data/", "usage-data/total-count/"):
            assert json_of(caller.get(path_of(scene, rest)), 403) == refusal
    key = make_master_api_key(scene.project.organisation)[1]
    assert json_of(client.with_key(key).get(path_of(scene, "usage-data/"))) == []
    assert client.with_key(key).get("organisations/999999/usage-data/total-count/").status_code == 403
    assert json_of(scene.api.get("organisations/abc/usage-data/"), 400) == ["Invalid organisation ID"]


def test_evaluations_of_a_feature_are_listed_by_day_and_labels(scene: Scene, noon: datetime) -> None:
    feature, environment = scene.feature("banner"), scene.environment
    key = EvaluationKey(environment.pk, "banner", noon, None, "")
    counts = {
        key: 1,
        key._replace(enabled=True): 2,
        key._replace(sdk="flagsmith-go-sdk/unknown"): 4,
        key._replace(hour=noon - 6 * DAY): 8,
        key._replace(hour=noon - 7 * DAY): 16,
        key._replace(feature_name="other"): 32,
    }
    stores.current().evaluations.add(counts)
    path = f"projects/{scene.project.pk}/features/{feature.pk}/evaluation-data/"

    listed = json_of(scene.api.get(f"{path}?environment_id={environment.pk}&period=7"))
    older = json_of(scene.api.get(f"{path.replace('evaluation', 'influx')}?environment_id={environment.pk}"))

    today, six_days_ago = noon.date().isoformat(), (noon - 6 * DAY).date().isoformat()
    assert listed == [
        {"day": six_days_ago, "count": 8, "labels": {}},
        {"day": today, "count": 3, "labels": {}},
        {"day": today, "count": 4, "labels": {"user_agent": "flagsmith-go-sdk/unknown"}},
    ]
    assert [entry["banner"] for entry in older["events_list"]] == [16, 8, 7]
    assert json_of(scene.api.get(path), 400) == {"environment_id": ["This field is required."]}
    assert scene.api.get(f"{path}?environment_id={make_environment(make_project()).pk}").status_code == 403
    other_project = make_environment(make_project(scene.project.organisation))
    assert scene.api.get(f"{path}?environment_id={other_project.pk}").status_code == 404


@pytest.fixture
def _throttled() -> Iterator[None]:
    with override_settings(VEXIL=replace(settings.VEXIL, influx_query_throttle_rate=Rate(5, 60))):
        yield


@pytest.mark.usefixtures("_throttled")
def test_the_sixth_question_in_a_minute_waits(scene: Scene) -> None:
    questions = ["usage-data/", "usage-data/", "usage/", "influx-data/", "usage-data/?period=yesterday", "usage-data/"]

    answers = [scene.api.get(path_of(scene, question)) for question in questions]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 400, 429]
    assert 50 <= int(answers[-1].headers["Retry-After"]) <= 60
