from datetime import UTC, datetime, timedelta

from vexil.stores.opening import Stores
from vexil.stores.workers import WorkerReport
from vexil.told_errors import ErrorCount

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def report(pid: int, told_at: datetime, **fields: object) -> WorkerReport:
    given = {"host": "node", "role": "all", "version": "1", "started_at": NOON, "streams": 0, **fields}
    return WorkerReport(pid=pid, told_at=told_at, **given)  # type: ignore[arg-type]  # of the right types above


def test_a_report_takes_the_place_of_the_last_one_of_the_same_process(stores: Stores) -> None:
    newest = report(1, NOON + timedelta(seconds=10), streams=7, errors={"throttled": ErrorCount(3, NOON)})
    other = report(2, NOON)
    for each in (report(1, NOON), other, newest):
        stores.workers.tell(each)

    assert stores.workers.reports() == [newest, other]


def test_processes_that_are_silent_for_an_hour_are_forgotten(stores: Stores) -> None:
    for minutes in (0, 1, 60):
        stores.workers.tell(report(minutes, NOON + timedelta(minutes=minutes)))
    stores.workers.tell(report(61, NOON + timedelta(minutes=61, seconds=-1)))

    assert [each.pid for each in stores.workers.reports()] == [61, 60, 1]
