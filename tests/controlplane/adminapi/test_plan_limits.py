"""What a plan limits where billing is on. Without billing nothing of this is refused, which the other tests show."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import make_organisation, make_user
from vexil.controlplane.actions import invites, plans, usage_notices
from vexil.controlplane.actions.plans import OwnLimits
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import AuditRecord, FeatureVersion, Membership
from vexil.controlplane.permissions import SYSTEM
from vexil.stores.usage import UsageKey

NOW = datetime.now(UTC)
NO_SEAT = {"detail": "Please upgrade your plan to add additional seats/users"}


@pytest.fixture(autouse=True)
def _billing() -> Iterator[None]:
    with override_settings(VEXIL=replace(settings.VEXIL, billing=True)):
        yield


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def put_on(scene: Scene, plan: str, **limits: Any) -> None:
    plans.set_plan(scene.project.organisation, plan, by=SYSTEM, now=NOW, limits=OwnLimits(**limits))


def path_of(scene: Scene, rest: str) -> str:
    return f"organisations/{scene.project.organisation_id}/{rest}"


def test_the_plan_is_shown_with_its_limits(scene: Scene) -> None:
    free = {"max_projects": 1, "audit_log_visibility_days": 0, "feature_history_visibility_days": 7}
    unbilled = {"payment_source": None, "chargebee_email": None}
    path = path_of(scene, "get-subscription-metadata/")
    assert json_of(scene.api.get(path)) == {"max_seats": 1, "max_api_calls": 50_000, **free, **unbilled}

    put_on(scene, "enterprise", max_api_calls=7)

    assert json_of(scene.api.get(path)) == {"max_seats": 1000, "max_api_calls": 7, **dict.fromkeys(free), **unbilled}
    shown = json_of(scene.api.get(path_of(scene, "")))["subscription"]
    assert (shown["plan"], shown["max_api_calls"], shown["has_active_billing_periods"]) == ("enterprise", 7, True)


def test_a_project_more_than_the_plan_includes_is_refused(scene: Scene) -> None:
    body = {"name": "Second", "organisation": scene.project.organisation_id}
    refused = scene.api.post("projects/", body)
    assert (refused.status_code, refused.headers["Vexil-Error-Code"]) == (403, "plan_limit_reached")

    put_on(scene, "startup")

    assert scene.api.post("projects/", body).status_code == 201


def test_nobody_joins_beyond_the_seats_of_the_plan(client: AdminClient, scene: Scene) -> None:
    organisation, user = scene.project.organisation, make_user()
    link = invites.create_link(organisation, by=SYSTEM)
    joining = f"users/join/link/{link.hash}/"
    assert json_of(scene.api.post(path_of(scene, "invites/"), {"email": "a@example.com"}), 400) == NO_SEAT
    assert json_of(client.as_user(user).post(joining), 400) == NO_SEAT

    put_on(scene, "free", max_seats=2)

    assert scene.api.post(path_of(scene, "invites/"), {"email": "a@example.com"}).status_code == 201
    assert client.as_user(user).post(joining).status_code == 200
    assert client.as_user(user).post(joining).status_code == 200, "who is in needs no second seat"
    assert json_of(client.as_user(make_user()).post(joining), 400) == NO_SEAT


def test_the_audit_log_goes_back_as_far_as_the_plan_lets_see(scene: Scene) -> None:
    json_of(scene.api.post(f"projects/{scene.project.pk}/features/", {"name": "old"}), 201)
    AuditRecord.objects.update(created_at=NOW - timedelta(days=40))
    json_of(scene.api.post(f"projects/{scene.project.pk}/segments/", _SEGMENT), 201)
    paths = [f"projects/{scene.project.pk}/audit/", path_of(scene, "audit/"), "audit/"]

    def kinds(path: str) -> set[str]:
        return {entry["related_object_type"] for entry in json_of(scene.api.get(path))["results"]}

    assert [kinds(path) for path in paths] == [set()] * 3
    put_on(scene, "startup")
    assert [kinds(path) for path in paths] == [{"SEGMENT"}] * 3
    put_on(scene, "enterprise")
    everything = kinds(paths[0])
    assert "FEATURE" in everything
    assert [kinds(path) for path in paths] == [everything] * 3


_SEGMENT = {
    "name": "new",
    "rules": [{"type": "ALL", "conditions": [{"operator": "EQUAL", "property": "a", "value": "b"}], "rules": []}],
}


def test_more_organisations_cost_no_more_statements_in_the_audit_log(scene: Scene) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert scene.api.get("audit/").status_code == 200
        return len(captured)

    few = statements()
    for _ in range(10):
        make_organisation(admin=scene.admin)
    assert statements() == few


def test_versions_older_than_the_plan_lets_see_are_hidden_but_for_the_one_that_counts(scene: Scene) -> None:
    feature = scene.feature()
    scene.api.post(f"environments/{scene.environment.api_key}/enable-v2-versioning/")
    FeatureVersion.objects.update(live_from=NOW - timedelta(days=40))
    FeatureVersion.objects.create(
        environment=scene.environment, feature=feature, published=True, live_from=NOW - timedelta(days=8)
    )
    FeatureVersion.objects.create(
        environment=scene.environment, feature=feature, published=True, live_from=NOW - timedelta(days=6)
    )
    path = f"environments/{scene.environment.pk}/features/{feature.pk}/versions/"

    assert json_of(scene.api.get(path))["count"] == 2
    put_on(scene, "enterprise")
    assert json_of(scene.api.get(path))["count"] == 3


def test_the_newest_notice_of_the_period_is_listed_for_members(client: AdminClient, scene: Scene) -> None:
    member = make_user()
    Membership.objects.create(organisation=scene.project.organisation, user=member)
    put_on(scene, "free", max_api_calls=100)
    hour = NOW.replace(minute=0, second=0, microsecond=0)
    for calls in (80, 20):
        stores.current().usage.add({UsageKey(scene.environment.pk, "flags", hour - timedelta(hours=1), ""): calls})
        usage_notices.notify_all(NOW)

    [notice] = json_of(client.as_user(member).get(path_of(scene, "api-usage-notification/")))["results"]

    assert notice == {
        "organisation_id": scene.project.organisation_id,
        "percent_usage": 100,
        "notified_at": NOW.isoformat().replace("+00:00", "Z"),
    }


def test_usage_is_listed_by_the_months_of_a_paid_plan(scene: Scene) -> None:
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    for days, calls in ((0, 1), (3, 2), (20, 4), (50, 8)):
        stores.current().usage.add(
            {UsageKey(scene.environment.pk, "flags", midnight - timedelta(days=days), ""): calls}
        )
    path = path_of(scene, "usage-data/?period=")
    assert scene.api.get(f"{path}current_billing_period").status_code == 404

    plans.set_plan(
        scene.project.organisation, "startup", by=SYSTEM, now=NOW, term_starts_at=midnight - timedelta(days=10)
    )

    assert [row["flags"] for row in json_of(scene.api.get(f"{path}current_billing_period"))] == [2, 1]
    assert [row["flags"] for row in json_of(scene.api.get(f"{path}previous_billing_period"))] == [4]
