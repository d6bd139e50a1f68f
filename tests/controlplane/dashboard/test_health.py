"""The page about the installation's health."""

from datetime import UTC, datetime, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene
from tests.factories import make_environment, make_user
from vexil import __version__
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, RecurringJob, Webhook
from vexil.controlplane.db.models.webhooks import DeliveryStatus, WebhookDelivery
from vexil.stores.workers import WorkerReport
from vexil.told_errors import ErrorCount, told_errors

PATH = "/health-page"


def operator() -> Pages:
    return Pages(make_user(is_superuser=True))


def facts(pages: Pages) -> dict[str, str]:
    page = pages.get(PATH)
    return dict(zip(page.texts(".facts dt"), page.texts(".facts dd"), strict=True))


def test_only_superusers_find_it(scene: Scene, admin: Pages) -> None:
    assert [admin.get(PATH).status, operator().get(PATH).status] == [404, 200]
    assert PATH not in admin.get("/").attributes("a", "href")
    assert PATH in operator().get(PATH).attributes(".menu-list a", "href")
    assert Pages().get(PATH).location == f"/login?redirect={PATH}"


def test_it_tells_of_the_installation_and_the_task_runner(scene: Scene) -> None:
    pages = operator()
    never = facts(pages)
    job = RecurringJob.objects.create(name="usage.fold", due_at=datetime.now(UTC) + timedelta(minutes=30))
    in_time = facts(pages)
    RecurringJob.objects.filter(pk=job.pk).update(due_at=datetime.now(UTC) - timedelta(minutes=30))
    late = facts(pages)

    assert never["Vexil"].startswith(__version__)
    assert never["Database"].startswith({"sqlite": "SQLite 3", "postgresql": "PostgreSQL 1"}[connection.vendor])
    assert never["Migrations"] == "all applied"
    assert never["Task runner"].startswith("has never run")
    assert in_time["Task runner"].startswith("keeps up next job in 29")
    assert late["Task runner"].replace("\xa0", " ") == "behind a job is due since 30 minutes"


def test_it_counts_deliveries_that_wait_and_that_failed(scene: Scene) -> None:
    webhook, now = Webhook.objects.create(environment=scene.environment, url="https://example.com/"), datetime.now(UTC)
    for status, next_attempt_at, finished_at in (
        (DeliveryStatus.PENDING, now - timedelta(minutes=5), None),
        (DeliveryStatus.PENDING, now + timedelta(minutes=5), None),
        (DeliveryStatus.FAILED, now, now - timedelta(hours=1)),
        (DeliveryStatus.FAILED, now, now - timedelta(days=2)),
    ):
        WebhookDelivery.objects.create(
            webhook=webhook, body="{}", status=status, next_attempt_at=next_attempt_at, finished_at=finished_at
        )

    told = facts(operator())

    assert told["Deliveries due"].replace("\xa0", " ") == "1 the oldest since 5 minutes"
    assert told["To be tried again"] == "1"
    assert told["Failed in 24 hours"].startswith("1 ")


def test_it_shows_what_processes_tell_of_themselves(scene: Scene) -> None:
    now = datetime.now(UTC)
    for pid, ago, streams, errors in (
        (11, 5, 4, {"throttled": ErrorCount(2, now), "no_such_object": ErrorCount(1, now)}),
        (12, 90, 3, {"throttled": ErrorCount(5, now), "unknown_path": ErrorCount(9, now - timedelta(hours=2))}),
        (13, 1800, 1, {"internal_error": ErrorCount(1, now - timedelta(minutes=31))}),
    ):
        told_at = now - timedelta(seconds=ago)
        report = WorkerReport("node", pid, "all", "1", told_at, told_at, streams, errors)
        stores.current().workers.tell(report)

    page = operator().get(PATH)

    told, processes = page.soup.select("table")[:2]
    assert [row.get_text(" ", strip=True).split()[0] for row in told.select("tbody tr")] == [
        "throttled",
        "internal_error",
        "no_such_object",
    ]
    assert told.select_one("td.number").get_text() == "7"  # type: ignore[union-attr]  # it is there, as seen above
    assert told.select_one("a")["href"] == "/docs/http-errors/#throttled"  # type: ignore[index]
    shown = [row.get_text(" ", strip=True).replace("\xa0", " ") for row in processes.select("tbody tr")]
    assert shown[0].startswith("11 ")
    assert shown[0].endswith("4 answers")
    assert shown[1].endswith("3 silent since 1 minute")
    assert len(shown) == 2
    assert facts(operator())["Event streams"].startswith("4 ")
    assert page.texts(".badge.warn") == ["needs a look"]


def test_errors_of_programs_are_counted_and_mistyped_pages_are_not(scene: Scene) -> None:
    before = told_errors.lately().get("no_such_object", ErrorCount(0, datetime.now(UTC))).times
    scene.api.get("projects/99999999/")
    Pages(scene.admin).get("/nowhere")

    assert told_errors.lately()["no_such_object"].times == before + 1


def test_it_lists_snapshots_and_those_behind_first(scene: Scene) -> None:
    scene.feature("flag")
    unpublished = make_environment(scene.project, name="<b>new</b>")
    behind = make_environment(scene.project, name="behind")
    scene.feature("other")
    Environment.objects.filter(pk=behind.pk).update(version=99)
    Environment.objects.filter(pk=unpublished.pk).update(version=99)

    page = operator().get(PATH)

    rows = {row.split()[0]: row for row in page.texts("tbody tr")}
    assert list(rows)[-1] == scene.environment.name.split()[0]
    assert rows["behind"].split(" 99 ")[1].startswith("behind since")
    assert page.texts("tbody tr")[-1].endswith("current")
    assert page.texts(".badge.warn") == ["needs a look"]


def test_more_environments_cost_no_more_statements(scene: Scene) -> None:
    pages = operator()
    pages.get(PATH)
    with CaptureQueriesContext(connection) as few:
        pages.get(PATH)
    for _ in range(20):
        make_environment(scene.project)
    with CaptureQueriesContext(connection) as many:
        pages.get(PATH)

    assert len(many) == len(few) <= 12


def test_the_address_that_operators_know_leads_there() -> None:
    operator = make_user(is_superuser=True)

    stranger = [Pages().get(path).location for path in ("/admin/", "/admin/login/?next=/admin/")]
    known = [Pages(operator).get(path).location for path in ("/admin/", "/admin/login/")]

    assert stranger == ["/admin/login/?next=/admin/", "/login?redirect=/admin/"]
    assert known == ["/health-page", "/admin/"]
