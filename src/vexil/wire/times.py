"""The three ways in which an environment's time of change is written."""

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime


def unix_text(moment: datetime) -> str:
    """Unix seconds as SDKs compare them with the event stream, e.g. `1700000000.123456`."""
    return repr(moment.timestamp())


def http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def parse_http_date(text: str) -> datetime | None:
    """None for what is no date: a malformed condition counts as none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def zulu(iso: str) -> str:
    """`2024-01-02T03:04:05.678901+00:00` as flags carry it: with Z, and without microseconds when they are 0."""
    return iso.replace("+00:00", "Z").replace(".000000Z", "Z")


def zulu_of(moment: datetime) -> str:
    return zulu(moment.astimezone(UTC).isoformat(timespec="microseconds"))
