from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import ANY as ANY_TEXT

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import json_of
from tests.factories import make_environment, make_feature, make_organisation, make_project, make_user
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import FeatureState, Integration
from vexil.stores.usage import UsageKey

SUMMARY = "admin/dashboard/summary/"
ZEROS = {
    "total_organisations": 0,
    "active_organisations": 0,
    "total_projects": 0,
    "total_environments": 0,
    "total_flags": 0,
    "total_users": 0,
    "active_users": 0,
    "total_api_calls_30d": 0,
    "total_integrations": 0,
}


def test_an_administrator_sees_the_totals_of_the_own_organisations_and_a_member_zeros(client: AdminClient) -> None:
    now = datetime.now(UTC)
    admin, member = make_user(last_login=now), make_user(last_login=now - timedelta(days=40))
    project = make_project(make_organisation(admin=admin, member=member))
    busy, _ = make_environment(project), make_environment(project)
    make_feature(project)
    make_environment(make_project(make_organisation()))
    hour = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    stores.current().usage.add(
        {UsageKey(busy.pk, "flags", hour, ""): 7, UsageKey(busy.pk, "flags", hour - timedelta(days=31), ""): 5}
    )

    assert client.as_user(member).get(SUMMARY).json() == ZEROS
    assert client.as_user(admin).get(SUMMARY).json() == {
        "total_organisations": 1,
        "active_organisations": 1,
        "total_projects": 1,
        "total_environments": 2,
        "total_flags": 1,
        "total_users": 2,
        "active_users": 1,
        "total_api_calls_30d": 7,
        "total_integrations": 0,
    }


def test_only_known_periods_are_taken(client: AdminClient) -> None:
    mine = client.as_user(make_user())
    refused = mine.get(f"{SUMMARY}?days=7")

    assert (refused.status_code, refused.json()) == (400, {"days": ['"7" is not a valid choice.']})
    assert mine.get("admin/dashboard/integrations/?days=30").json() == []


def hub(client: AdminClient, name: str) -> Any:
    return json_of(client.get(f"admin/dashboard/{name}/"))


def test_organisations_are_shown_with_their_projects_and_what_they_use(client: AdminClient) -> None:
    now = datetime.now(UTC)
    admin = make_user(last_login=now)
    project = make_project(make_organisation(admin=admin, member=make_user()))
    environment = make_environment(project)
    old = now - timedelta(days=project.stale_flags_limit_days + 1)
    make_feature(project, created_date=old)
    FeatureState.objects.create(environment=environment, feature=make_feature(project, created_date=old))
    make_feature(make_project(make_organisation()))
    hour = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    calls = [("flags", hour, 7), ("identities", hour, 2), ("flags", hour - timedelta(days=45), 5)]
    stores.current().usage.add({UsageKey(environment.pk, kind, at, ""): count for kind, at, count in calls})
    Integration.objects.create(kind="amplitude", environment=environment, settings={})
    mine = client.as_user(admin)

    assert hub(mine, "organisations") == [
        {
            "id": project.organisation_id,
            "name": project.organisation.name,
            "created_date": ANY_TEXT,
            "total_flags": 2,
            "active_flags": 1,
            "stale_flags": 1,
            "total_users": 2,
            "active_users_30d": 1,
            "admin_users": 1,
            "api_calls_30d": 9,
            "api_calls_60d": 14,
            "api_calls_90d": 14,
            "api_calls_allowed": 50_000,
            "flag_evaluations_30d": 7,
            "identity_requests_30d": 2,
            "overage_30d": 0,
            "overage_60d": 0,
            "overage_90d": 0,
            "project_count": 1,
            "environment_count": 1,
            "integration_count": 1,
            "projects": [
                {
                    "id": project.pk,
                    "name": project.name,
                    "api_calls_30d": 9,
                    "flag_evaluations_30d": 7,
                    "flags": 2,
                    "environments": [
                        {
                            "id": environment.pk,
                            "name": environment.name,
                            "api_calls_30d": 9,
                            "flag_evaluations_30d": 7,
                        }
                    ],
                }
            ],
        }
    ]
    assert hub(mine, "usage-trends") == [
        {"date": hour.date().isoformat(), "api_calls": 9, "flag_evaluations": 7, "identity_requests": 2}
    ]
    assert hub(mine, "integrations") == [
        {
            "organisation_id": project.organisation_id,
            "organisation_name": project.organisation.name,
            "integration_type": "amplitude",
            "scope": "environment",
            "count": 1,
        }
    ]
    assert hub(mine, "stale-flags") == [
        {
            "organisation_id": project.organisation_id,
            "organisation_name": project.organisation.name,
            "project_id": project.pk,
            "project_name": project.name,
            "stale_flags": 1,
            "total_flags": 2,
        }
    ]


def test_a_member_sees_empty_lists(client: AdminClient) -> None:
    member = make_user()
    project = make_project(make_organisation(admin=make_user(), member=member))
    make_feature(project)

    names = ("organisations", "usage-trends", "stale-flags", "integrations", "release-pipelines")

    assert [hub(client.as_user(member), name) for name in names] == [[]] * 5
