import asyncio
from typing import Any

import pytest

from tests.dataplane.client import Client
from tests.dataplane.conftest import Serve
from tests.dataplane.snapshots import CLIENT_KEY, SERVER_KEY, snapshot
from vexil.stores.identities import TraitValue
from vexil.stores.opening import Stores


def trait(identifier: str, key: str, value: Any) -> dict[str, Any]:
    return {"identity": {"identifier": identifier}, "trait_key": key, "trait_value": value}


def stored(stores: Stores, identifier: str) -> dict[str, TraitValue] | None:
    identity = stores.identities.find(3, identifier)
    return identity.trait_values() if identity else None


@pytest.mark.parametrize(
    ("value", "kept"), [("pro", "pro"), (7, 7), (1.5, 1.5), (False, False), (["a", 1], "['a', 1]"), ("", "")]
)
def test_one_trait_is_stored_and_echoed(serve: Serve, stores: Stores, value: Any, kept: TraitValue) -> None:
    client = serve(snapshot())

    answer = client.post("/api/v1/traits/", trait("ann", "plan", value), CLIENT_KEY)

    assert (answer.status, answer.json()) == (200, trait("ann", "plan", kept))
    assert stored(stores, "ann") == {"plan": kept}
    assert answer.headers["allow"] == "POST, OPTIONS"


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        (
            {},
            {
                "identity": ["This field is required."],
                "trait_key": ["This field is required."],
                "trait_value": ["This field is required."],
            },
        ),
        (trait("", "", None), {
            "identity": {"identifier": ["This field may not be blank."]},
            "trait_key": ["This field may not be blank."],
            "trait_value": ["This field may not be null."],
        }),
        ({**trait("a", "k", 1), "identity": None}, {"identity": ["This field may not be null."]}),
        (
            {**trait("a", "k", 1), "identity": "a"},
            {"identity": {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]}},
        ),
        ([], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
    ],
)  # fmt: skip
def test_incomplete_trait_is_refused_with_all_its_problems(serve: Serve, body: Any, problems: Any) -> None:
    client = serve(snapshot())

    answer = client.post("/api/v1/traits/", body, CLIENT_KEY)

    assert (answer.status, answer.json()) == (400, problems)


def test_bulk_deletes_nulls_and_keeps_the_first_of_equal_keys(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot())
    client.request("PUT", "/api/v1/traits/bulk/", key=CLIENT_KEY, body=[trait("ann", "old", 1), trait("ann", "age", 5)])

    given = [
        trait("ann", "plan", "first"),
        trait("ann", "old", None),
        trait("bob", "age", 7),
        trait("ann", "plan", "second"),
    ]
    answer = client.request("PUT", "/api/v1/traits/bulk/", key=CLIENT_KEY, body=given)

    assert (answer.status, answer.json()) == (200, [given[0], given[2], given[3]])
    assert stored(stores, "ann") == {"age": 5, "plan": "first"}
    assert stored(stores, "bob") == {"age": 7}


def test_bulk_with_one_bad_item_stores_nothing(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot())

    answer = client.request("PUT", "/api/v1/traits/bulk/", key=CLIENT_KEY, body=[trait("ann", "a", 1), {}])

    required = ["This field is required."]
    assert answer.status == 400
    assert answer.json() == [{}, {"identity": required, "trait_key": required, "trait_value": required}]
    assert stored(stores, "ann") is None


@pytest.mark.parametrize("body", [{}, ["text"], "text", None])
def test_bulk_takes_only_a_list_of_objects(serve: Serve, body: Any) -> None:
    client = serve(snapshot())

    answer = client.request("PUT", "/api/v1/traits/bulk/", key=CLIENT_KEY, body=b"null" if body is None else body)

    assert (answer.status, answer.json()) == (400, {"detail": "Invalid request data"})


def test_many_identities_are_stored_by_one_request(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot())

    given = [trait(f"user-{number}", "n", number) for number in range(1200)]
    answer = client.request("PUT", "/api/v1/traits/bulk/", key=CLIENT_KEY, body=given)

    assert (answer.status, len(answer.json())) == (200, 1200)
    assert [stored(stores, f"user-{number}") for number in (0, 600, 1199)] == [{"n": 0}, {"n": 600}, {"n": 1199}]


def increment(client: Client, key: str, by: Any, identifier: str = "ann") -> tuple[int, Any]:
    body = {"identifier": identifier, "trait_key": key, "increment_by": by}
    answer = client.post("/api/v1/traits/increment-value/", body, CLIENT_KEY)
    return answer.status, answer.json()


def test_increment_starts_at_zero_and_may_go_down(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot())

    answers = [increment(client, "visits", by) for by in (3, "2", -10)]

    assert answers == [
        (200, {"trait_key": "visits", "trait_value": 3, "identifier": "ann"}),
        (200, {"trait_key": "visits", "trait_value": 5, "identifier": "ann"}),
        (200, {"trait_key": "visits", "trait_value": -5, "identifier": "ann"}),
    ]
    assert stored(stores, "ann") == {"visits": -5}


def test_what_cannot_be_incremented_is_left_alone(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot())
    client.post("/api/v1/traits/", trait("ann", "plan", "pro"), CLIENT_KEY)
    client.post("/api/v1/traits/", trait("ann", "most", 2**63 - 1), CLIENT_KEY)

    answers = [increment(client, "plan", 1), increment(client, "most", 1), increment(client, "new", "many")]

    assert answers == [
        (400, ["Trait is not an integer."]),
        (400, ["The sum does not fit into 64 bits."]),
        (400, {"increment_by": ["A valid integer is required."]}),
    ]
    assert stored(stores, "ann") == {"plan": "pro", "most": 2**63 - 1}


def test_increments_of_many_clients_at_once_are_all_kept(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot())
    body = {"identifier": "ann", "trait_key": "visits", "increment_by": 1}

    async def all_at_once() -> list[int]:
        answers = await asyncio.gather(
            *(client.send("POST", "/api/v1/traits/increment-value/", key=CLIENT_KEY, body=body) for _ in range(200))
        )
        return [answer.json()["trait_value"] for answer in answers]

    assert sorted(client.loop.run_until_complete(all_at_once())) == list(range(1, 201))
    assert stored(stores, "ann") == {"visits": 200}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/traits/", trait("ann", "plan", "pro")),
        ("PUT", "/api/v1/traits/bulk/", [trait("ann", "plan", "pro")]),
        ("POST", "/api/v1/traits/increment-value/", {"identifier": "ann", "trait_key": "plan", "increment_by": 1}),
        ("POST", "/api/v1/identities/ann/traits/plan", {"trait_value": "pro"}),
    ],
)
def test_traits_are_set_only_where_that_is_allowed(
    serve: Serve, stores: Stores, method: str, path: str, body: Any
) -> None:
    closed_to_clients = serve(snapshot(environment={"allow_client_traits": False}))
    by_client = closed_to_clients.request(method, path, key=CLIENT_KEY, body=body)
    after_client = stored(stores, "ann")
    by_server = closed_to_clients.request(method, path, key=SERVER_KEY, body=body)
    closed_to_all = serve(snapshot(version=2, organisation={"persist_trait_data": False}))
    not_stored = closed_to_all.request(method, path, key=SERVER_KEY, body=body)

    assert (by_client.status, after_client, by_server.status) == (400, None, 200)
    assert by_client.json() in (
        {"non_field_errors": ["Setting traits not allowed with client key."]},
        {"detail": "Unable to set traits with client key."},
    )
    assert (not_stored.status, not_stored.json()) == (
        403,
        {"detail": "Organisation is not authorised to store traits."},
    )
