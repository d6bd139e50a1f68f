from datetime import UTC, date, datetime, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_environment, make_project
from vexil.controlplane.db import stores
from vexil.controlplane.queries import usage
from vexil.controlplane.queries.usage import ChartDay, Labels, Requests
from vexil.stores.usage import UsageKey

NOW = datetime(2026, 5, 3, 0, 30, tzinfo=UTC)
SDK = "flagsmith-python-sdk/6.0.0"


def test_a_chart_has_every_day_and_its_sdks() -> None:
    environment = make_environment()
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    flags = UsageKey(environment.pk, "flags", noon, "")
    stores.current().usage.add({flags: 1, flags._replace(sdk=SDK): 2, flags._replace(resource="traits", sdk=SDK): 4})

    days = usage.chart([environment.pk], usage.last_days(3, NOW))
    of_sdk = usage.chart([environment.pk], usage.last_days(3, NOW), Labels(user_agent=SDK))

    empty = [ChartDay(date(2026, 5, day), Requests(), ()) for day in (2, 3)]
    assert days == [ChartDay(date(2026, 5, 1), Requests(flags=3, traits=4), ((SDK, 6), (None, 1))), *empty]
    assert of_sdk == [ChartDay(date(2026, 5, 1), Requests(flags=2, traits=4), ((SDK, 6),)), *empty]


def test_more_environments_cost_no_more_statements() -> None:
    project = make_project()
    span = usage.Span(NOW - timedelta(days=30), NOW)

    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            usage.of_organisation(project.organisation, span)
        return len(captured)

    make_environment(project)
    few = statements()
    for _ in range(10):
        make_environment(project)
    assert (few, statements()) == (1, 1)
