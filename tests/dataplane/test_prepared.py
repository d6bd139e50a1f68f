"""Answers that are kept ready must never be seen to be old."""

import gc

from tests.dataplane.conftest import Serve, publish
from tests.dataplane.snapshots import CLIENT_KEY, SERVER_KEY, feature, override, segment, snapshot, state
from tests.dataplane.test_environments import eventually
from vexil.dataplane.prepared import Prepared, PreparedAnswers
from vexil.stores.opening import Stores

PATH = "/api/v1/identities/"
BODY = {"identifier": "ann", "traits": [{"trait_key": "age", "trait_value": 3}]}


def shop(version: int = 1, value: str = "all") -> object:
    return snapshot(
        version=version,
        features=[feature(7, "banner"), feature(8, "secret", is_server_key_only=True)],
        defaults=[state(11, 7, value), state(12, 8, "s")],
        segments=[segment(40, override(13, 7, "pro", link=5, priority=1))],
    )


def test_a_trait_written_elsewhere_changes_the_next_answer(serve: Serve, stores: Stores) -> None:
    client = serve(shop())
    for _ in range(4):
        before = client.post(PATH, BODY, CLIENT_KEY).json()
        client.get(f"{PATH}?identifier=ann", CLIENT_KEY)

    identity = stores.identities.find(3, "ann")
    assert identity is not None
    stores.identities.set_traits(3, identity.id, {"plan": "pro", "age": 3})
    posted = client.post(PATH, BODY, CLIENT_KEY).json()
    read = client.get(f"{PATH}?identifier=ann", CLIENT_KEY).json()

    assert before["flags"][0]["feature_state_value"] == "all"
    assert posted == read
    assert posted["flags"][0]["feature_state_value"] == "pro"


def test_a_trait_changed_elsewhere_is_written_again(serve: Serve, stores: Stores) -> None:
    client = serve(shop())
    for _ in range(4):
        client.post(PATH, BODY, CLIENT_KEY)

    identity = stores.identities.find(3, "ann")
    assert identity is not None
    stores.identities.set_traits(3, identity.id, {"age": 99})
    client.post(PATH, BODY, CLIENT_KEY)

    restored = stores.identities.find(3, "ann")
    assert restored is not None
    assert restored.trait_values() == {"age": 3}


def test_a_deleted_identity_is_created_again(serve: Serve, stores: Stores) -> None:
    client = serve(shop())
    for _ in range(4):
        client.post(PATH, BODY, CLIENT_KEY)
        client.get(f"{PATH}?identifier=ann", CLIENT_KEY)
    identity = stores.identities.find(3, "ann")
    assert identity is not None

    stores.identities.delete(3, identity.id)
    client.get(f"{PATH}?identifier=ann", CLIENT_KEY)

    created = stores.identities.find(3, "ann")
    assert created is not None
    assert created.id != identity.id
    assert client.get(f"{PATH}?identifier=ann", CLIENT_KEY).json()["traits"] == []


def test_a_changed_flag_is_in_the_next_answer(serve: Serve, stores: Stores) -> None:
    client = serve(shop())
    for _ in range(4):
        client.post(PATH, BODY, CLIENT_KEY)

    publish(stores, shop(version=2, value="new"))

    assert eventually(lambda: b'"new"' in client.post(PATH, BODY, CLIENT_KEY).body)


def test_client_and_server_keys_have_answers_of_their_own(serve: Serve) -> None:
    client = serve(shop())

    for _ in range(4):
        by_server = client.post(PATH, BODY, SERVER_KEY).json()
        by_client = client.post(PATH, BODY, CLIENT_KEY).json()

    assert [flag["feature"]["name"] for flag in by_server["flags"]] == ["banner", "secret"]
    assert [flag["feature"]["name"] for flag in by_client["flags"]] == ["banner"]


def test_anonymous_identities_without_traits_never_share_a_name(serve: Serve) -> None:
    client = serve(shop())

    names = [client.post(PATH, {}, CLIENT_KEY).json()["identifier"] for _ in range(5)]

    assert len(set(names)) == 5


class Holder:
    def __init__(self) -> None:
        self.prepared: dict[str | bytes, Prepared] = {}


def answer() -> Prepared:
    return Prepared(None, None, None, [b"x" * 200, b"x" * 200])


def test_the_memory_of_all_answers_is_bounded() -> None:
    answers = PreparedAnswers(10_000)
    holders = [Holder() for _ in range(3)]

    for number in range(1000):
        for _ in range(2):
            answers.keep(holders[number % 3], f"request {number}", answer())

    kept = [key for holder in holders for key in holder.prepared]
    assert 1 <= len(kept) <= 10
    assert "request 999" in kept


def test_requests_that_are_asked_once_push_no_answer_out() -> None:
    answers, holder = PreparedAnswers(10_000), Holder()
    for _ in range(2):
        answers.keep(holder, "again and again", answer())

    for number in range(30_000):
        answers.keep(holder, f"request {number}", answer())

    assert list(holder.prepared) == ["again and again"]


def test_nothing_is_kept_where_there_is_no_memory_for_it() -> None:
    answers, holder = PreparedAnswers(0), Holder()

    for _ in range(2):
        answers.keep(holder, "request", answer())

    assert holder.prepared == {}


def test_a_replaced_snapshot_is_not_kept_alive_by_its_answers() -> None:
    answers, holder = PreparedAnswers(10_000), Holder()
    for _ in range(2):
        answers.keep(holder, "request", answer())
    assert len(answers._holders) == 1

    del holder
    gc.collect()

    assert len(answers._holders) == 0
