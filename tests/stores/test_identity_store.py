import sqlite3
from datetime import UTC, datetime

import psycopg
import pytest

from vexil.stores.identities import IdentifierTaken, Identity, TraitValue, Unstorable, Upsert
from vexil.stores.opening import Stores


def names(identities: list[Identity]) -> list[str]:
    return [identity.identifier for identity in identities]


def traits(identity: Identity | None) -> list[tuple[int, str, TraitValue]]:
    assert identity
    return [(trait.id, trait.key, trait.value) for trait in identity.traits]


def test_unknown_identity_is_none(stores: Stores) -> None:
    stores.identities.create(1, "ann")

    found = [stores.identities.find(1, "bob"), stores.identities.find(2, "ann"), stores.identities.get(2, 1)]

    assert found == [None, None, None]


def test_saved_identity_is_found_by_identifier_and_by_id(stores: Stores) -> None:
    before = datetime.now(UTC)

    (saved,) = stores.identities.save_many([Upsert(1, "ann", {"plan": "pro", "age": 7})])

    assert saved.created_at >= before
    assert traits(saved) == [(1, "plan", "pro"), (2, "age", 7)]
    assert [trait.created_at for trait in saved.traits] == [saved.created_at] * 2
    assert stores.identities.find(1, "ann") == saved
    assert stores.identities.get(1, saved.id) == saved


@pytest.mark.parametrize(
    "value",
    [
        "",
        "text",
        "Zoë 🦊",
        'quo"te\\',
        "nul\0",
        "[1]",
        True,
        False,
        0,
        1,
        -5,
        2**63 - 1,
        -(2**63),
        1.0,
        0.1,
        1e22,
        -2.5,
    ],
)
def test_value_keeps_its_type(stores: Stores, value: TraitValue) -> None:
    stores.identities.save_many([Upsert(1, "ann", {"value": value})])

    found = stores.identities.find(1, "ann")

    assert found
    stored = found.trait_values()["value"]
    assert (type(stored), stored) == (type(value), value)


def test_equal_number_of_another_type_replaces_a_value(stores: Stores) -> None:
    stores.identities.save_many([Upsert(1, "ann", {"value": 1})])

    (saved,) = stores.identities.save_many([Upsert(1, "ann", {"value": True})])

    assert saved.trait_values()["value"] is True


def test_traits_keep_the_order_of_their_first_setting(stores: Stores) -> None:
    stores.identities.save_many([Upsert(1, "ann", {"c": 1, "a": 1, "b": 1})])

    (saved,) = stores.identities.save_many([Upsert(1, "ann", {"b": 2, "d": 2, "c": 2})])

    assert traits(saved) == [(1, "c", 2), (2, "a", 1), (3, "b", 2), (4, "d", 2)]


def test_deleted_trait_comes_back_last_under_a_new_id(stores: Stores) -> None:
    stores.identities.save_many([Upsert(1, "ann", {"a": 1, "b": 1})])
    stores.identities.save_many([Upsert(1, "ann", {"b": None, "never-there": None})])

    (saved,) = stores.identities.save_many([Upsert(1, "ann", {"b": 2})])

    assert traits(saved) == [(1, "a", 1), (3, "b", 2)]


def test_equal_values_write_nothing(stores: Stores) -> None:
    saved = stores.identities.save_many([Upsert(1, "ann", {"a": 1.5}), Upsert(1, "bob")])

    again = stores.identities.save_many([Upsert(1, "ann", {"a": 1.5}), Upsert(1, "bob")])

    assert again == saved


def test_later_upsert_of_one_batch_wins(stores: Stores) -> None:
    batch = [Upsert(1, "ann", {"a": 1, "b": 1}), Upsert(1, "bob", {"a": 5}), Upsert(1, "ann", {"a": 2})]

    first, bob, last = stores.identities.save_many(batch)

    assert traits(first) == traits(last) == [(1, "a", 2), (2, "b", 1)]
    assert [stores.identities.find(1, "ann"), stores.identities.find(1, "bob")] == [last, bob]


def test_same_identifier_in_two_environments_is_two_identities(stores: Stores) -> None:
    one, two = stores.identities.save_many([Upsert(1, "ann", {"a": 1}), Upsert(2, "ann", {"a": 2})])

    assert one.id != two.id
    assert stores.identities.find_many([(2, "ann"), (1, "bob"), (1, "ann"), (2, "ann")]) == [two, None, one, two]


def test_batch_with_a_value_that_no_database_holds_is_refused_whole(stores: Stores) -> None:
    with pytest.raises(Unstorable):
        stores.identities.save_many([Upsert(1, "ann", {"a": 1}), Upsert(1, "bob", {"a": float("nan")})])
    with pytest.raises(Unstorable):
        stores.identities.save_many([Upsert(1, "ann", {"a": 1}), Upsert(1, "b\0b")])

    assert stores.identities.page(1, offset=0, limit=9).total == 0


def test_longest_identifier_is_stored(stores: Stores) -> None:
    identifier = "".join(chr(0x4E00 + number) for number in range(2000))

    saved = stores.identities.create(1, identifier)

    assert stores.identities.find(1, identifier) == saved


def test_created_identity_claims_its_identifier(stores: Stores) -> None:
    created = stores.identities.create(1, "ann")

    with pytest.raises(IdentifierTaken):
        stores.identities.create(1, "ann")

    assert stores.identities.find(1, "ann") == created
    assert traits(created) == []


def test_renamed_identity_keeps_id_and_traits(stores: Stores) -> None:
    (ann, bob) = stores.identities.save_many([Upsert(1, "ann", {"a": 1}), Upsert(1, "bob")])

    renamed = stores.identities.rename(1, ann.id, "eve")

    assert renamed == ann._replace(identifier="eve") == stores.identities.find(1, "eve")
    assert stores.identities.find(1, "ann") is None
    assert stores.identities.rename(2, ann.id, "eve") is None
    with pytest.raises(IdentifierTaken):
        stores.identities.rename(1, bob.id, "eve")


def test_id_of_a_deleted_identity_never_comes_back(stores: Stores) -> None:
    deleted = stores.identities.create(1, "ann")

    answers = [stores.identities.delete(environment, deleted.id) for environment in (2, 1, 1)]
    (again,) = stores.identities.save_many([Upsert(1, "ann")])

    assert answers == [False, True, False]
    assert again.id > deleted.id
    assert traits(again) == []


def test_deleting_an_environment_spares_the_others(stores: Stores) -> None:
    stores.identities.save_many([Upsert(1, f"user-{number}") for number in range(2500)] + [Upsert(2, "ann")])

    stores.identities.delete_environment(1)

    assert stores.identities.page(1, offset=0, limit=9).total == 0
    assert names(stores.identities.page(2, offset=0, limit=9).identities) == ["ann"]


def test_many_are_got_in_ascending_order_of_id(stores: Stores) -> None:
    ann, bob, eve = (stores.identities.create(1, name) for name in ("ann", "bob", "eve"))
    other = stores.identities.create(2, "ann")

    assert stores.identities.get_many(1, [eve.id, ann.id, other.id, 999]) == [ann, eve]
    assert stores.identities.get_many(1, []) == []
    assert stores.identities.get_many(1, [bob.id]) == [bob]


def test_pages_go_by_creation(stores: Stores) -> None:
    for name in ("eve", "ann", "bob", "dan"):
        stores.identities.create(1, name)
    stores.identities.create(2, "elsewhere")

    page = stores.identities.page(1, offset=1, limit=2)

    assert (page.total, names(page.identities)) == (4, ["ann", "bob"])


@pytest.mark.parametrize(
    ("contains", "expected"),
    [("AN", ["ann", "dan"]), ("%", ["50%_\\"]), ("_\\", ["50%_\\"]), ("zoë", ["ZOË"]), ("x", []), ("\0", [])],
)
def test_search_ignores_case_and_knows_no_wildcards(stores: Stores, contains: str, expected: list[str]) -> None:
    for name in ("ann", "dan", "50%_\\", "ZOË"):
        stores.identities.create(1, name)

    page = stores.identities.page(1, offset=0, limit=9, contains=contains)

    assert (page.total, names(page.identities)) == (len(expected), expected)


def test_exact_search_minds_case(stores: Stores) -> None:
    for name in ("ann", "Ann", "anna"):
        stores.identities.create(1, name)

    page = stores.identities.page(1, offset=0, limit=9, exact="Ann")

    assert (page.total, names(page.identities)) == (1, ["Ann"])


def test_traits_of_a_known_identity_are_set_and_deleted(stores: Stores) -> None:
    (ann,) = stores.identities.save_many([Upsert(1, "ann", {"a": 1, "b": 2})])

    changed = stores.identities.set_traits(1, ann.id, {"a": None, "b": 3, "c": "new"})

    assert traits(changed) == [(2, "b", 3), (3, "c", "new")]
    assert stores.identities.get(1, ann.id) == changed
    assert stores.identities.set_traits(2, ann.id, {"a": 1}) is None


def test_the_newest_identities_come_first_and_then_those_before_them(stores: Stores) -> None:
    for name in ("ann", "bob", "cem"):
        stores.identities.create(1, name)
    stores.identities.create(2, "dan")

    first = stores.identities.newest(1, before_id=None, limit=2)
    rest = stores.identities.newest(1, before_id=first[-1].id, limit=2)

    assert (names(first), names(rest)) == (["cem", "bob"], ["ann"])


def test_identities_are_walked_in_order_of_id(stores: Stores) -> None:
    for name in ("cem", "ann", "bob"):
        stores.identities.create(1, name)
    stores.identities.create(2, "dan")

    first = stores.identities.after(1, 0, limit=2)
    rest = stores.identities.after(1, first[-1].id, limit=2)

    assert (names(first), names(rest)) == (["cem", "ann"], ["bob"])


def test_restored_identities_keep_their_ids_where_these_are_free(stores: Stores) -> None:
    taken = stores.identities.create(1, "ann")
    (bob,) = stores.identities.save_many([Upsert(1, "bob", {"plan": "own"})])
    known = '[[1,"plan","pro",5],[4,"age",7,6]]'
    wanted = [
        Identity(900, 2, "cem", 123, known),
        Identity(taken.id, 2, "dan", 124, "[]"),
        Identity(0, 2, "eve", 125, "[]"),
        Identity(901, 1, "bob", 126, known),
    ]

    moved = stores.identities.restore_many(wanted)
    again = stores.identities.restore_many(wanted)
    later = stores.identities.create(2, "fay")
    (cem,) = stores.identities.save_many([Upsert(2, "cem", {"new": True})])

    assert (moved, again) == (1, 0)
    assert stores.identities.get(2, 900) == cem
    assert cem.created_at_us == 123
    assert traits(cem) == [(1, "plan", "pro"), (4, "age", 7), (5, "new", True)]
    assert traits(stores.identities.get(1, bob.id)) == [(1, "plan", "own"), (2, "age", 7)]
    assert sorted(names(stores.identities.after(2, 0, limit=9))) == ["cem", "dan", "eve", "fay"]
    assert later.id > 900


def test_identities_that_ask_for_one_id_are_refused_and_not_lost(stores: Stores) -> None:
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.UniqueViolation)):
        stores.identities.restore_many([Identity(900, 1, "ann", 1, "[]"), Identity(900, 1, "bob", 2, "[]")])

    assert stores.identities.find_many([(1, "ann"), (1, "bob")]) == [None, None]


def test_a_search_finds_beginnings_first_and_parts_in_any_case(stores: Stores) -> None:
    for name in ("x-user-1", "USER-2", "user-1", "user-10", "u%er", "other"):
        stores.identities.create(1, name)
    stores.identities.create(2, "user-elsewhere")

    found = stores.identities.search(1, "user-1", limit=10)
    folded = stores.identities.search(1, "user", limit=10)
    literal = stores.identities.search(1, "%", limit=10)
    some = stores.identities.search(1, "user", limit=2)

    assert (names(found.identities), found.is_complete) == (["user-1", "user-10", "x-user-1"], True)
    assert sorted(names(folded.identities)) == ["USER-2", "user-1", "user-10", "x-user-1"]
    assert names(literal.identities) == ["u%er"]
    assert (names(some.identities), some.is_complete) == (["user-1", "user-10"], False)
    assert stores.identities.search(1, "nobody", limit=10).identities == []
    assert stores.identities.search(1, "a" * 3000, limit=10).identities == []
