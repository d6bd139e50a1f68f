from datetime import UTC, datetime, timedelta

from vexil.told_errors import ErrorCount, ToldErrors, added

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_errors_are_counted_by_code_and_forgotten_after_an_hour() -> None:
    told = ToldErrors()
    told.add("no_such_object", NOON)
    for minutes in (0, 30, 59):
        told.add("throttled", NOON + timedelta(minutes=minutes))

    last = NOON + timedelta(minutes=59)
    assert told.lately(last) == {"throttled": ErrorCount(3, last), "no_such_object": ErrorCount(1, NOON)}
    assert told.lately(NOON + timedelta(minutes=61)) == {"throttled": ErrorCount(2, last)}
    assert told.lately(NOON + timedelta(hours=3)) == {}


def test_what_several_processes_told_is_added() -> None:
    later = NOON + timedelta(minutes=1)

    both = added([{"throttled": ErrorCount(2, later)}, {"throttled": ErrorCount(3, NOON)}])

    assert both == {"throttled": ErrorCount(5, later)}
