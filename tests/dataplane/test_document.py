from tests.dataplane.conftest import Serve
from tests.dataplane.snapshots import SERVER_KEY, feature, snapshot, state

PATH = "/api/v1/environment-document/"
LAST_MODIFIED = "Sat, 01 Jun 2024 12:00:00 GMT"


def test_the_document_carries_its_time_of_change(serve: Serve) -> None:
    client = serve(snapshot(features=[feature(7, "a")], defaults=[state(11, 7, "x")]))

    answer = client.get(PATH, SERVER_KEY)

    assert (answer.status, answer.json()["updated_at"]) == (200, "2024-06-01T12:00:00.250000+00:00")
    assert answer.headers["last-modified"] == LAST_MODIFIED
    assert answer.headers["x-flagsmith-document-updated-at"] == "1717243200.25"
    assert answer.headers["vary"] == "Accept, Origin"


def test_an_unchanged_document_is_not_sent_again(serve: Serve) -> None:
    client = serve(snapshot())

    for since in (LAST_MODIFIED, "Fri, 01 Jan 2100 00:00:00 GMT"):
        answer = client.get(PATH, SERVER_KEY, if_modified_since=since)
        assert (answer.status, answer.body, answer.headers["last-modified"]) == (304, b"", LAST_MODIFIED)
        assert "x-flagsmith-document-updated-at" not in answer.headers


def test_a_changed_document_or_a_malformed_condition_gets_it_whole(serve: Serve) -> None:
    client = serve(snapshot())

    for since in ("Sat, 01 Jun 2024 11:59:59 GMT", "yesterday", "", "Sat, 99 Jun 2024 12:00:00 GMT"):
        assert client.get(PATH, SERVER_KEY, if_modified_since=since).status == 200
