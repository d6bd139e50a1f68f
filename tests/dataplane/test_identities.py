import asyncio
import hashlib

import pytest

from tests.dataplane.client import Client
from tests.dataplane.conftest import Serve
from tests.dataplane.snapshots import (
    CLIENT_KEY,
    SERVER_KEY,
    feature,
    identity,
    multivariate,
    override,
    segment,
    snapshot,
    state,
)
from vexil.engine import percentage
from vexil.stores.opening import Stores
from vexil.wire.snapshot import Allocation, Option

PATH = "/api/v1/identities/"


def values(answer: dict[str, list[dict[str, object]]]) -> list[object]:
    return [flag["feature_state_value"] for flag in answer["flags"]]


def shop() -> dict[str, list[object]]:
    return {
        "features": [feature(7, "banner"), feature(8, "limit")],
        "defaults": [state(11, 7, "all"), state(12, 8, 1)],
        "segments": [segment(40, override(13, 7, "pro", link=5, priority=1))],
    }


def test_an_unknown_identity_is_created_by_get(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot(**shop()))

    answer = client.get(f"{PATH}?identifier=ann%20b", CLIENT_KEY)

    assert answer.status == 200
    assert (answer.json()["identifier"], answer.json()["traits"]) == ("ann b", [])
    assert values(answer.json()) == ["all", 1]
    assert stores.identities.find(3, "ann b") is not None
    assert answer.headers["vary"] == "X_ENVIRONMENT_KEY, Accept, Origin"
    assert answer.headers["x-flagsmith-document-updated-at"] == "1717243200.25"


def test_get_without_identifier_is_answered_as_old_clients_expect(serve: Serve) -> None:
    client = serve(snapshot())

    for target in (PATH, f"{PATH}?identifier="):
        answer = client.get(target, CLIENT_KEY)
        assert (answer.status, answer.json()) == (200, {"detail": "Missing identifier"})


def test_a_transient_get_neither_stores_nor_reads(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot(**shop()))
    client.post(PATH, {"identifier": "ann", "traits": [{"trait_key": "plan", "trait_value": "pro"}]}, CLIENT_KEY)

    answer = client.get(f"{PATH}?identifier=ann&transient=false", CLIENT_KEY).json()
    client.get(f"{PATH}?identifier=new&transient=1", CLIENT_KEY)

    assert (answer["traits"], values(answer)) == ([], ["all", 1])
    assert stores.identities.find(3, "new") is None


@pytest.mark.parametrize("query", ["", "?identifier=", "?identifier=%20", "?identifier"])
def test_who_gives_no_identifier_is_told_and_nobody_is_stored(serve: Serve, stores: Stores, query: str) -> None:
    answer = serve(snapshot(**shop())).get(f"{PATH}{query}", CLIENT_KEY)

    assert (answer.status, answer.json()) == (200, {"detail": "Missing identifier"})
    assert stores.identities.find(3, "") is None


def test_one_feature_of_an_identity_is_found_by_its_exact_name(serve: Serve) -> None:
    client = serve(snapshot(**shop()))

    found = client.get(f"{PATH}?identifier=ann&feature=banner", CLIENT_KEY)
    other_case = client.get(f"{PATH}?identifier=ann&feature=Banner", CLIENT_KEY)

    assert (found.json()["feature"]["name"], found.json()["variant"]) == ("banner", None)
    assert (other_case.status, other_case.json()) == (404, {"detail": "Given feature not found"})
    assert other_case.headers["x-flagsmith-document-updated-at"] == "1717243200.25"
    assert (
        client.get(f"{PATH}?identifier=ann&feature=", CLIENT_KEY).json()
        == client.get(f"{PATH}?identifier=ann", CLIENT_KEY).json()
    )


def test_traits_are_stored_and_decide_from_then_on(serve: Serve) -> None:
    client = serve(snapshot(**shop()))

    posted = client.post(
        PATH, {"identifier": "ann", "traits": [{"trait_key": "plan", "trait_value": "pro"}]}, CLIENT_KEY
    ).json()
    read = client.get(f"{PATH}?identifier=ann", CLIENT_KEY).json()

    assert values(posted) == values(read) == ["pro", 1]
    assert (posted["flags"][0]["id"], posted["flags"][0]["feature_segment"]) == (13, 5)
    assert (
        posted["traits"] == read["traits"] == [{"id": 1, "trait_key": "plan", "trait_value": "pro", "transient": False}]
    )


def test_a_trait_new_to_a_known_identity_has_no_id_in_its_own_answer(serve: Serve) -> None:
    client = serve(snapshot())
    client.post(PATH, {"identifier": "ann", "traits": [{"trait_key": "a", "trait_value": 1}]}, CLIENT_KEY)

    posted = client.post(
        PATH, {"identifier": "ann", "traits": [{"trait_key": "b", "trait_value": 2}]}, CLIENT_KEY
    ).json()
    read = client.get(f"{PATH}?identifier=ann", CLIENT_KEY).json()

    assert [trait["id"] for trait in posted["traits"]] == [1, None]
    assert [trait["id"] for trait in read["traits"]] == [1, 2]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("0042", "0042"),
        (42, 42),
        (2**63 - 1, 2**63 - 1),
        (1.5, 1.5),
        (2.0, 2.0),
        (True, True),
        ("", ""),
        (["a", 1, None], "['a', 1, None]"),
        ({"k": "v"}, "{'k': 'v'}"),
        ("ü✓", "ü✓"),
    ],
)
def test_a_trait_keeps_its_type(serve: Serve, given: object, stored: object) -> None:
    client = serve(snapshot())
    client.post(PATH, {"identifier": "ann", "traits": [{"trait_key": "t", "trait_value": given}]}, CLIENT_KEY)

    (trait,) = client.get(f"{PATH}?identifier=ann", CLIENT_KEY).json()["traits"]

    assert (trait["trait_value"], type(trait["trait_value"])) == (stored, type(stored))


def test_null_deletes_a_trait_and_is_ignored_for_an_unknown_one(serve: Serve) -> None:
    client = serve(snapshot())
    client.post(PATH, {"identifier": "ann", "traits": [{"trait_key": "a", "trait_value": 1}]}, CLIENT_KEY)

    answer = client.post(
        PATH,
        {
            "identifier": "ann",
            "traits": [{"trait_key": "a", "trait_value": None}, {"trait_key": "never", "trait_value": None}],
        },
        CLIENT_KEY,
    )

    assert answer.json()["traits"] == []
    assert client.get(f"{PATH}?identifier=ann", CLIENT_KEY).json()["traits"] == []


def test_of_a_repeated_trait_the_last_counts(serve: Serve) -> None:
    client = serve(snapshot())
    traits = [{"trait_key": "a", "trait_value": 1}, {"trait_key": "a", "trait_value": 2}]

    answer = client.post(PATH, {"identifier": "ann", "traits": traits}, CLIENT_KEY).json()

    assert [trait["trait_value"] for trait in answer["traits"]] == [2]


def test_a_transient_trait_decides_but_is_not_stored(serve: Serve) -> None:
    client = serve(snapshot(**shop()))
    client.post(PATH, {"identifier": "ann", "traits": [{"trait_key": "plan", "trait_value": "free"}]}, CLIENT_KEY)

    trait = {"trait_key": "plan", "trait_value": "pro", "transient": True}
    posted = client.post(PATH, {"identifier": "ann", "traits": [trait]}, CLIENT_KEY).json()
    read = client.get(f"{PATH}?identifier=ann", CLIENT_KEY).json()

    assert values(posted) == ["pro", 1]
    assert posted["traits"] == [{"id": None, "trait_key": "plan", "trait_value": "pro", "transient": True}]
    assert values(read) == ["all", 1]
    assert [trait["trait_value"] for trait in read["traits"]] == ["free"]


def test_a_transient_identity_uses_stored_traits_and_overrides_and_stores_nothing(serve: Serve, stores: Stores) -> None:
    known = stores.identities.create(3, "ann")
    stores.identities.set_traits(3, known.id, {"plan": "pro"})
    client = serve(snapshot(**shop(), identity_overrides=[identity(known.id, "ann", state(20, 8, 9))]))

    body = {"identifier": "ann", "transient": True, "traits": [{"trait_key": "age", "trait_value": 3}]}
    answer = client.post(PATH, body, CLIENT_KEY).json()
    client.post(PATH, {**body, "identifier": "stranger"}, CLIENT_KEY)

    assert values(answer) == ["pro", 9]
    assert answer["traits"] == [
        {"id": 1, "trait_key": "plan", "trait_value": "pro", "transient": False},
        {"id": None, "trait_key": "age", "trait_value": 3, "transient": True},
    ]
    assert stores.identities.find(3, "ann") == stores.identities.get(3, known.id)
    assert len(stores.identities.get(3, known.id).traits) == 1  # type: ignore[union-attr]
    assert stores.identities.find(3, "stranger") is None


def test_an_anonymous_identity_is_named_after_its_traits(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot(**shop()))
    traits = [
        {"trait_key": "plan", "trait_value": "pro"},
        {"trait_key": "beta", "trait_value": True},
        {"trait_key": "age", "trait_value": None},
    ]

    answer = client.post(PATH, {"traits": traits}, CLIENT_KEY).json()

    assert answer["identifier"] == hashlib.sha256(b"betaTrueplanpro").hexdigest()
    assert values(answer) == ["pro", 1]
    assert all(trait["transient"] and trait["id"] is None for trait in answer["traits"])
    assert stores.identities.page(3, offset=0, limit=10).total == 0


@pytest.mark.parametrize("body", [{}, {"identifier": None}, {"identifier": ""}, {"identifier": "  "}, b""])
def test_without_identifier_and_traits_the_name_is_by_chance(serve: Serve, body: object) -> None:
    client = serve(snapshot())

    names = {client.post(PATH, body, CLIENT_KEY).json()["identifier"] for _ in range(2)}

    assert len(names) == 2
    assert all(len(name) == 32 and int(name, 16) >= 0 for name in names)


def test_client_keys_set_no_traits_where_the_environment_forbids_it(serve: Serve) -> None:
    client = serve(snapshot(environment={"allow_client_traits": False}))
    body = {"identifier": "ann", "traits": [{"trait_key": "plan", "trait_value": "pro"}]}

    by_client = client.post(PATH, body, CLIENT_KEY)
    by_server = client.post(PATH, body, SERVER_KEY)

    assert (by_client.status, by_client.json()["traits"]) == (200, [])
    assert len(by_server.json()["traits"]) == 1


def test_an_organisation_that_stores_no_traits_stores_the_identity_only(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot(organisation={"persist_trait_data": False}, **shop()))

    body = {"identifier": "ann", "traits": [{"trait_key": "plan", "trait_value": "pro"}]}
    answer = client.post(PATH, body, CLIENT_KEY).json()

    assert values(answer) == ["pro", 1]
    stored = stores.identities.find(3, "ann")
    assert stored is not None
    assert stored.traits == ()


def test_identity_override_beats_segment_override_beats_default(serve: Serve) -> None:
    client = serve(snapshot(**shop(), identity_overrides=[identity(501, "ann", state(20, 7, "hers"))]))
    traits = [{"trait_key": "plan", "trait_value": "pro"}]

    hers = client.post(PATH, {"identifier": "ann", "traits": traits}, CLIENT_KEY).json()
    his = client.post(PATH, {"identifier": "bob", "traits": traits}, CLIENT_KEY).json()

    assert (values(hers), values(his)) == (["hers", 1], ["pro", 1])
    assert (hers["flags"][0]["id"], hers["flags"][0]["identity"]) == (20, 501)


def test_the_lowest_priority_number_wins_and_the_first_segment_on_a_tie(serve: Serve) -> None:
    client = serve(
        snapshot(
            features=[feature(7, "a"), feature(8, "b"), feature(9, "c")],
            defaults=[state(11, 7, "x"), state(12, 8, "x"), state(13, 9, "x")],
            segments=[
                segment(
                    40,
                    override(21, 7, "first", link=1, priority=2),
                    override(22, 8, "first", link=2, priority=0),
                    override(23, 9, "first", link=3, priority=None),
                ),
                segment(
                    41,
                    override(24, 7, "second", link=4, priority=1),
                    override(25, 8, "second", link=5, priority=0),
                    override(26, 9, "second", link=6, priority=9),
                ),
            ],
        )
    )

    body = {"identifier": "ann", "traits": [{"trait_key": "plan", "trait_value": "pro"}]}

    assert values(client.post(PATH, body, CLIENT_KEY).json()) == ["second", "first", "second"]


def test_variants_are_allocated_by_the_states_seed_and_the_identity(serve: Serve) -> None:
    options = (Option(4, "one", "1"), Option(5, None, 2))
    shares = [Allocation(71, "u2", 5, 30.0), Allocation(70, "u1", 4, 30.0)]
    client = serve(
        snapshot(
            features=[multivariate(8, "mv", *options)],
            defaults=[state(12, 8, "control", seed="93", allocations=shares)],
        )
    )

    for number in range(60):
        name = f"user-{number}"
        bucket = percentage(["93", f"{CLIENT_KEY}_{name}"])
        expected = ("1", "one") if bucket < 30 else (2, None) if bucket < 60 else ("control", "control")
        (flag,) = client.get(f"{PATH}?identifier={name}", CLIENT_KEY).json()["flags"]
        assert (flag["feature_state_value"], flag["variant"]) == expected


def test_without_composite_keys_the_stored_identitys_number_is_hashed(serve: Serve, stores: Stores) -> None:
    options = (Option(4, "one", "1"),)
    client = serve(
        snapshot(
            environment={"use_identity_composite_key_for_hashing": False},
            features=[multivariate(8, "mv", *options)],
            defaults=[state(12, 8, "control", allocations=[Allocation(70, "u1", 4, 50.0)])],
        )
    )

    for number in range(20):
        known = stores.identities.create(3, f"user-{number}")
        expected = "one" if percentage(["12", str(known.id)]) < 50 else "control"
        (flag,) = client.get(f"{PATH}?identifier=user-{number}", CLIENT_KEY).json()["flags"]
        assert flag["variant"] == expected


def test_a_percentage_split_holds_for_each_identity(serve: Serve) -> None:
    split = segment(40, override(13, 7, "in", link=5, priority=0), operator="PERCENTAGE_SPLIT", prop="", value="40")
    client = serve(snapshot(features=[feature(7, "a")], defaults=[state(11, 7, "out")], segments=[split]))

    for number in range(30):
        name = f"user-{number}"
        expected = "in" if percentage(["40", f"{CLIENT_KEY}_{name}"]) <= 40 else "out"
        assert values(client.get(f"{PATH}?identifier={name}", SERVER_KEY).json()) == [expected]


def test_a_flag_that_an_override_enables_is_not_hidden(serve: Serve) -> None:
    parts = shop()
    parts["defaults"] = [state(11, 7, "all", enabled=False), state(12, 8, 1, enabled=False)]
    client = serve(snapshot(project={"hide_disabled_flags": True}, **parts))

    body = {"identifier": "ann", "traits": [{"trait_key": "plan", "trait_value": "pro"}]}

    assert values(client.post(PATH, body, CLIENT_KEY).json()) == ["pro"]
    assert values(client.post(PATH, {"identifier": "bob"}, CLIENT_KEY).json()) == []


def test_hidden_sensitive_data_leaves_no_traits_in_the_answer(serve: Serve) -> None:
    client = serve(snapshot(environment={"hide_sensitive_data": True}, **shop()))

    body = {"identifier": "ann", "traits": [{"trait_key": "plan", "trait_value": "pro"}]}
    answer = client.post(PATH, body, CLIENT_KEY).json()

    assert (answer["traits"], values(answer)) == ([], ["pro", 1])


def test_a_number_is_an_identifier_and_blanks_around_one_are_none(serve: Serve) -> None:
    client = serve(snapshot())

    assert client.post(PATH, {"identifier": 123}, CLIENT_KEY).json()["identifier"] == "123"
    assert client.post(PATH, {"identifier": " ann "}, CLIENT_KEY).json()["identifier"] == "ann"


def test_forms_are_understood(serve: Serve) -> None:
    client = serve(snapshot())
    form = {"content-type": "application/x-www-form-urlencoded"}
    parts = {"content-type": "multipart/form-data; boundary=xx"}
    multipart = b'--xx\r\nContent-Disposition: form-data; name="identifier"\r\n\r\nbob\r\n--xx--\r\n'

    by_form = client.request("POST", PATH, key=CLIENT_KEY, body=b"identifier=ann&pad=x", headers=dict(form))
    by_parts = client.request("POST", PATH, key=CLIENT_KEY, body=multipart, headers=dict(parts))

    assert (by_form.json()["identifier"], by_parts.json()["identifier"]) == ("ann", "bob")


def test_forms_name_what_json_nests(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot())
    form = {"content-type": "application/x-www-form-urlencoded"}
    traits = (
        b"identifier=ann&traits[1]trait_key=plan&traits[1]trait_value=pro&traits[0].trait_key=a&traits[0].trait_value="
    )

    identified = client.request("POST", PATH, key=CLIENT_KEY, body=traits, headers=dict(form))
    set_one = client.request(
        "POST",
        "/api/v1/traits/",
        key=CLIENT_KEY,
        body=b"identity.identifier=ann&trait_key=age&trait_value=30",
        headers=dict(form),
    )
    broken = client.request("POST", PATH, key=CLIENT_KEY, body=b"traits[0]trait_value=1", headers=dict(form))

    assert [(trait["trait_key"], trait["trait_value"]) for trait in identified.json()["traits"]] == [
        ("a", ""),
        ("plan", "pro"),
    ]
    assert set_one.json() == {"identity": {"identifier": "ann"}, "trait_key": "age", "trait_value": "30"}
    assert (broken.status, broken.json()) == (400, {"traits": [{"trait_key": ["This field is required."]}]})


def test_each_answer_is_by_the_traits_of_its_own_request_although_others_set_the_same(
    serve: Serve, stores: Stores
) -> None:
    client = serve(snapshot(**shop()))
    asked = {"identifier": "ann", "traits": [{"trait_key": "plan", "trait_value": "pro"}]}
    other = {"identity": {"identifier": "ann"}, "trait_key": "plan", "trait_value": "free"}

    async def together() -> list[object]:
        answer, _ = await asyncio.gather(
            client.send("POST", PATH, key=CLIENT_KEY, body=asked),
            client.send("POST", "/api/v1/traits/", key=CLIENT_KEY, body=other),
        )
        return [answer.json()["traits"][0]["trait_value"], *values(answer.json())]

    answers = [client.run(together()) for _ in range(3)]
    client.request("POST", PATH, key=CLIENT_KEY, body=asked)

    assert answers == [["pro", "pro", 1]] * 3
    # Written once more, although the same was asked before and the stored trait is what it was then.
    stored = stores.identities.find(3, "ann")
    assert stored
    assert stored.trait_values() == {"plan": "pro"}


def test_many_writers_of_one_identity_lose_nothing(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot())

    async def write(client: Client, number: int) -> int:
        body = {"identifier": "ann", "traits": [{"trait_key": f"t{number}", "trait_value": number}]}
        return (await client.send("POST", PATH, key=CLIENT_KEY, body=body)).status

    async def all_at_once() -> list[int]:
        return await asyncio.gather(*(write(client, number) for number in range(50)))

    assert client.loop.run_until_complete(all_at_once()) == [200] * 50
    stored = stores.identities.find(3, "ann")
    assert stored is not None
    assert stored.trait_values() == {f"t{number}": number for number in range(50)}
