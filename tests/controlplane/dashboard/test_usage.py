"""Usage as people look at it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene
from tests.factories import make_environment, make_project, make_user
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Membership, Subscription
from vexil.stores.usage import UsageKey

PYTHON = "flagsmith-python-sdk/5.2.0"


def path(scene: Scene) -> str:
    return f"/organisation/{scene.project.organisation_id}/usage"


def count(environment: Environment, resource: str, number: int, *, days_ago: int = 0, sdk: str = "") -> None:
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=days_ago)
    stores.current().usage.add({UsageKey(environment.pk, resource, hour, sdk): number})


def test_without_requests_the_page_says_what_would_be_counted(scene: Scene, admin: Pages) -> None:
    page = admin.get(path(scene))

    assert (page.texts(".empty h2"), page.soup.select("svg.usage-chart")) == (["No requests"], [])


def test_requests_are_drawn_and_listed_by_day_resource_and_sdk(scene: Scene, admin: Pages) -> None:
    count(scene.environment, "flags", 30, sdk=PYTHON)
    count(scene.environment, "identities", 10)
    count(scene.environment, "environment-document", 5, days_ago=3, sdk=PYTHON)

    page = admin.get(path(scene))

    assert page.texts(".usage-totals dd") == ["45", "30", "10", "0", "5"]
    heights = [float(height) for height in page.attributes(".usage-chart rect", "height")]
    # 40 requests of a day are the most, so the axis ends at 50: four units for each.
    assert [round(height / heights[0], 2) for height in heights] == [1.0, 6.0, 2.0]
    assert page.one(".usage-chart title#usage-chart-title").get_text().startswith("45 requests from ")
    assert [row.split()[4:] for row in page.texts(".usage-tables tbody tr")[:2]] == [
        ["40", "30", "10", "0", "0"],
        ["5", "0", "0", "0", "5"],
    ]
    assert page.texts(".usage-tables tbody tr")[2:] == [f"{PYTHON} 35", "Other clients 10"]


def test_filters_narrow_what_is_counted(scene: Scene, admin: Pages) -> None:
    other = make_environment(make_project(scene.project.organisation))
    count(scene.environment, "flags", 1, sdk=PYTHON)
    count(scene.environment, "flags", 20, days_ago=40)
    count(make_environment(scene.project), "flags", 300, sdk=PYTHON)
    count(other, "flags", 4000)

    def total(**query: object) -> str:
        return admin.fragment(path(scene), query).texts(".usage-totals dd")[0]

    assert total() == "4,301"
    assert total(period=90) == "4,321"
    assert total(period=90, project=scene.project.pk) == "321"
    assert total(period=90, project=scene.project.pk, environment=scene.environment.pk) == "21"
    assert total(period=90, project=scene.project.pk, sdk=PYTHON) == "301"
    assert total(period=90, sdk="other") == "4,020"


def test_the_plans_allowance_is_told_with_billing_on(scene: Scene, admin: Pages) -> None:
    count(scene.environment, "flags", 80)
    Subscription.objects.filter(organisation=scene.project.organisation).update(max_api_calls=100)
    before = admin.get(path(scene)).soup.select("progress")

    with override_settings(VEXIL=replace(settings.VEXIL, billing=True)):
        page = admin.get(path(scene))

    assert before == []
    assert "80 of 100 requests of your plan" in page.text
    assert page.one("progress.warn")["value"] == "80"


def test_members_see_it_and_strangers_do_not(scene: Scene) -> None:
    member = make_user()
    Membership.objects.create(user=member, organisation=scene.project.organisation)
    count(scene.environment, "flags", 5)

    page = Pages(member).get(path(scene))

    assert page.texts(".usage-totals dd")[0] == "5"
    assert page.texts("select[name=project] option") == ["All projects"]
    assert Pages(make_user()).get(path(scene)).status == 404


def test_more_environments_and_sdks_cost_no_more_statements(scene: Scene, admin: Pages) -> None:
    query = {"project": scene.project.pk}
    count(scene.environment, "flags", 5)
    admin.get(path(scene), query)
    with CaptureQueriesContext(connection) as few:
        admin.get(path(scene), query)
    for number in range(10):
        count(make_environment(scene.project), "flags", 5, sdk=f"flagsmith-go-sdk/{number}.0.0")
    with CaptureQueriesContext(connection) as many:
        admin.get(path(scene), query)

    assert len(many) == len(few) <= 12
