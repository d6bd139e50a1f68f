from datetime import UTC, datetime, timedelta

from tests.controlplane.client import AdminClient
from tests.factories import make_environment, make_feature, make_organisation, make_project, make_user
from vexil.controlplane.db import stores
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
