"""Writes of other processes between the two statements of an upsert, which needs no transaction on SQLite."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from vexil.stores.identities import Identity, IdentityStore, Upsert
from vexil.stores.opening import SQLITE_FILE, open_stores
from vexil.stores.sqlite.connections import Connections, connect
from vexil.stores.sqlite.identities import SqliteIdentities

Meddle = Callable[[IdentityStore], None]


def saved_after(meddle: Meddle, folder: Path, *upserts: Upsert) -> tuple[list[Identity], IdentityStore]:
    """What is saved when `meddle` comes right before the first write; and the other process's store."""
    others = open_stores(None, folder)
    others.migrate()
    others.identities.save_many([Upsert(1, "ann", {"plan": "pro"}), Upsert(1, "bob")])
    meddles = [meddle]

    def before_a_statement(statement: str) -> None:
        if statement.split()[0] in {"INSERT", "UPDATE"} and meddles:
            meddles.pop()(others.identities)

    def open_file(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.set_trace_callback(before_a_statement)
        return connection

    saved = SqliteIdentities(Connections(folder / SQLITE_FILE, open_file)).save_many(upserts)
    assert not meddles
    return saved, others.identities


def create_and_delete(others: IdentityStore) -> None:
    others.delete(1, others.create(1, "ghost").id)


def create_the_same(others: IdentityStore) -> None:
    others.save_many([Upsert(1, "cem", {"theirs": 1})])


def rename_to_the_same(others: IdentityStore) -> None:
    others.rename(1, 2, "cem")


@pytest.mark.parametrize(
    ("meddle", "ids", "traits"),
    [
        (create_and_delete, [4, 5], {"mine": 2}),
        (create_the_same, [3, 4], {"theirs": 1, "mine": 2}),
        (rename_to_the_same, [2, 4], {"mine": 2}),
    ],
)
def test_new_identities_are_saved_once_and_under_ids_of_their_own(
    meddle: Meddle, ids: list[int], traits: dict[str, int], tmp_path: Path
) -> None:
    upserts = [Upsert(1, "cem", {"mine": 1}), Upsert(1, "dan"), Upsert(1, "cem", {"mine": 2})]

    (cem, dan, again), others = saved_after(meddle, tmp_path, *upserts)

    assert ([cem.id, dan.id], again) == (ids, cem)
    assert [others.find(1, "cem"), others.find(1, "dan")] == [cem, dan]
    assert cem.trait_values() == traits


def set_another(others: IdentityStore) -> None:
    others.save_many([Upsert(1, "ann", {"theirs": 1})])


def set_and_unset_another(others: IdentityStore) -> None:
    set_another(others)
    others.save_many([Upsert(1, "ann", {"theirs": None})])


def delete_and_create(others: IdentityStore) -> None:
    others.delete(1, 1)
    others.create(1, "ann")


@pytest.mark.parametrize(
    ("meddle", "identity_id", "traits"),
    [
        (set_another, 1, [(1, "plan", "pro"), (2, "theirs", 1), (3, "mine", 1)]),
        (set_and_unset_another, 1, [(1, "plan", "pro"), (3, "mine", 1)]),
        (delete_and_create, 3, [(1, "mine", 1)]),
    ],
)
def test_traits_are_set_on_what_is_there_then(
    meddle: Meddle, identity_id: int, traits: list[tuple[int, str, object]], tmp_path: Path
) -> None:
    (ann, bob), others = saved_after(meddle, tmp_path, Upsert(1, "ann", {"mine": 1}), Upsert(1, "bob", {"mine": 1}))

    assert [others.find(1, "ann"), others.find(1, "bob")] == [ann, bob]
    assert ann.id == identity_id
    assert [(trait.id, trait.key, trait.value) for trait in ann.traits] == traits
    assert bob.trait_values() == {"mine": 1}
