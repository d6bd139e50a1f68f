from datetime import UTC, datetime, timedelta

import pytest

from tests.dataplane.conftest import Serve
from tests.dataplane.snapshots import CLIENT_KEY, SERVER_KEY, snapshot
from vexil.dataplane.labels import LabelBook, Labels, sdk_label
from vexil.stores.opening import Stores
from vexil.stores.sqlite.usage import SqliteUsage


def counted(stores: Stores) -> dict[tuple[str, str], int]:
    now = datetime.now(UTC)
    totals = stores.usage.totals([3], now - timedelta(hours=2), now + timedelta(hours=1))
    return {(key.resource, key.sdk): number for key, number in totals.items()}


def test_every_request_with_a_known_key_is_counted_once(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot())

    for _ in range(3):
        client.get("/api/v1/flags/", CLIENT_KEY)
    client.get("/api/v1/flags/", "unknown")
    client.get("/api/v1/flags/")
    client.get("/api/v1/flags/?feature=nope", CLIENT_KEY)
    client.request("PUT", "/api/v1/flags/", key=CLIENT_KEY)
    client.get("/api/v1/identities/?identifier=a", CLIENT_KEY, user_agent="flagsmith-python-sdk/6.3.0")
    client.get("/api/v1/environment-document/", SERVER_KEY)
    client.get("/api/v1/environment-document/", CLIENT_KEY)
    client.get("/health/liveness/")
    client.close()

    assert counted(stores) == {
        ("flags", ""): 5,
        ("identities", "flagsmith-python-sdk/6.3.0"): 1,
        ("environment-document", ""): 2,
    }


def test_counting_goes_on_after_a_failure_of_the_store(serve: Serve, stores: Stores) -> None:
    if not isinstance(stores.usage, SqliteUsage):
        pytest.skip("one store is enough to fail")
    client = serve(snapshot())
    database = stores.usage._connections.get()

    database.execute("ALTER TABLE usage RENAME TO usage_away")
    client.get("/api/v1/flags/", CLIENT_KEY)
    client.run(client.data_plane._usage.flush())
    database.execute("ALTER TABLE usage_away RENAME TO usage")
    client.get("/api/v1/flags/", CLIENT_KEY)
    client.close()

    assert counted(stores) == {("flags", ""): 2}


def test_nothing_is_counted_where_counting_is_switched_off(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot(), enable_api_usage_tracking=False)

    client.get("/api/v1/flags/", CLIENT_KEY)
    client.close()

    assert counted(stores) == {}


@pytest.mark.parametrize(
    ("user_agent", "label"),
    [
        ("flagsmith-js-sdk/9.1.0", "flagsmith-js-sdk/9.1.0"),
        ("flagsmith-go-sdk", "flagsmith-go-sdk/unknown"),
        ("flagsmith-python-sdk/6.3.0 requests/2.32", "flagsmith-python-sdk/6.3.0"),
        ("flagsmith-js-sdk/<script>", "flagsmith-js-sdk/unknown"),
        ("flagsmith-js-sdk/" + "9" * 51, "flagsmith-js-sdk/unknown"),
        ("flagsmith-cobol-sdk/1", ""),
        ("curl/8.0", ""),
        ("", ""),
    ],
)
def test_sdks_are_known_by_name(user_agent: str, label: str) -> None:
    assert sdk_label(user_agent) == label


def test_requests_are_counted_by_the_application_that_they_name(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot())
    shop = {"flagsmith-application-name": "shop", "flagsmith-application-version": "1.2"}

    client.get("/api/v1/flags/", CLIENT_KEY, **shop)
    client.get("/api/v1/flags/", CLIENT_KEY, **shop)
    client.get("/api/v1/flags/", CLIENT_KEY, flagsmith_application_name="x" * 5000)
    client.close()

    now = datetime.now(UTC)
    totals = stores.usage.totals([3], now - timedelta(hours=2), now + timedelta(hours=1))
    counted = {(key.application, key.application_version): number for key, number in totals.items()}
    assert counted == {("shop", "1.2"): 2, ("x" * 100, ""): 1}


def test_applications_without_end_are_counted_without_their_names() -> None:
    book = LabelBook(senders_max=2)

    found = [book.of({"flagsmith-application-name": name, "user-agent": name}) for name in ("a", "b", "c", "a")]

    assert found == [Labels("", "a"), Labels("", "b"), Labels(), Labels("", "a")]


def test_what_is_remembered_of_senders_is_short() -> None:
    book = LabelBook()

    long = book.of({"user-agent": "flagsmith-js-sdk/1 " + "x" * 60_000, "flagsmith-application-name": "y" * 60_000})

    assert (long, book.of({"user-agent": "flagsmith-js-sdk/1"}).sdk) == (Labels(long.sdk, "y" * 100), long.sdk)
    assert max(map(len, book._by_agent)) < 300
    assert max(len(name) for _, name, _ in book._by_application) == 100


def test_versions_without_end_are_counted_under_their_sdk() -> None:
    book = LabelBook(senders_max=2)

    found = [book.of({"user-agent": f"flagsmith-js-sdk/{version}"}).sdk for version in ("1", "2", "3", "4", "1")]

    assert [label.partition("/")[2] for label in found] == ["1", "2", "unknown", "unknown", "1"]
