"""Every write leaves one event, and the snapshot follows it; a request that fails on the way leaves nothing."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings

from tests.controlplane import rights
from tests.controlplane.rights_world import World, make_world
from tests.controlplane.writes import NOT_WRITES, REFUSING, WRITES, Leaves, Write
from vexil.controlplane.db.models import Environment, Event
from vexil.controlplane.queries import snapshots


class Induced(Exception):
    """No failure that anybody expects."""


@pytest.mark.timeout(600)
def test_every_write_leaves_one_event_and_a_failed_one_leaves_nothing(database: str) -> None:
    names = [setting.name for setting in fields(settings.VEXIL)]
    unlimited = {name: None for name in names if name.endswith("_throttle_rate")}
    wrong: dict[str, Any] = {}
    logging.disable(logging.CRITICAL)  # each induced failure is a traceback
    try:
        with override_settings(VEXIL=replace(settings.VEXIL, **unlimited)):
            world = make_world()
            for route, write in WRITES.items():
                if found := _faults(world, route, write):
                    wrong[route] = found
    finally:
        logging.disable(logging.NOTSET)

    assert wrong == {}, "\n".join(f"{route}: {faults}" for route, faults in wrong.items())


def test_no_route_that_writes_is_forgotten() -> None:
    routes = {f"{route.method.upper()} {route.path}" for route in rights.routes() if route.method != "get"}

    told = {*WRITES, *NOT_WRITES, *REFUSING}

    assert (routes - told, told - routes) == (set(), set())


def _faults(world: World, route: str, write: Write) -> list[str]:
    """What is wrong with one write, in words."""
    with _taken_back(world, route, write) as send:
        faults = _of_success(world, write, send)
    with _taken_back(world, route, write) as send:
        faults += _of_failure(send)
    return faults


@contextmanager
def _taken_back(world: World, route: str, write: Write) -> Iterator[Any]:
    """Gives what sends the request; afterwards everything is as it was."""
    method, path = route.split(" ", 1)
    with transaction.atomic():
        write.prepare(world)
        filled = rights.filled(path, world.ids(path))
        caller = world.writers()[write.caller]
        body = _substituted(write.body, world.names())
        connection.run_on_commit.clear()  # what the preparation would have built
        yield lambda: caller.send(method, filled, body, headers={"Content-Type": write.content_type})
        transaction.set_rollback(True)


def _of_success(world: World, write: Write, send: Any) -> list[str]:
    environment_id = world.scene.environment.pk
    before, last = _snapshot(environment_id), _last_event()
    answer = send()
    if not 200 <= answer.status_code < 300:
        return [f"{answer.status_code} {answer.content[:300]!r}"]
    made = list(Event.objects.filter(pk__gt=last).order_by("pk"))
    if len(made) != 1:
        return [f"{len(made)} events: {[event.kind for event in made]}"]
    faults = _of_event(made[0], write)
    after = _snapshot(environment_id)
    if before != after and not connection.run_on_commit:
        faults.append("the snapshot would differ, and nobody builds it")
    if before and after and before[1:] != after[1:] and before[0] == after[0]:
        faults.append("the snapshot would differ under the same version")
    return faults


def _of_event(event: Event, write: Write) -> list[str]:
    faults = []
    if not (event.user_id or event.master_api_key_prefix):
        faults.append("nobody did it")
    if not event.subject_id:
        faults.append("it happened to nothing")
    has = (event.before is not None, event.after is not None)
    wanted = {
        Leaves.AFTER: (False, True),
        Leaves.BOTH: (True, True),
        Leaves.BEFORE: (True, False),
        Leaves.NEITHER: (False, False),
    }[write.leaves]
    if has != wanted:
        faults.append(f"{event.kind}: before {event.before}, after {event.after}; wanted {write.leaves.value}")
    elif write.leaves == Leaves.BOTH and event.before == event.after:
        faults.append(f"{event.kind}: before and after are the same: {event.before}")
    return faults


def _of_failure(send: Any) -> list[str]:
    rows = _all_rows()
    with connection.execute_wrapper(_fail_after_event):
        answer = send()
    faults = [] if answer.status_code == 500 else [f"{answer.status_code} in spite of the failure"]
    changed = [table for table, found in _all_rows().items() if found != rows[table]]
    if changed:
        faults.append(f"left behind after the failure: {changed}")
    if connection.run_on_commit:
        faults.append("a snapshot would be built after the failure")
    return faults


def _fail_after_event(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """The event is written, and then something breaks."""
    result = execute(sql, params, many, context)
    if sql.startswith(f"INSERT INTO {connection.ops.quote_name(Event._meta.db_table)}"):
        raise Induced
    return result


def _snapshot(environment_id: int) -> tuple[int, Any, Any] | None:
    """Version and content, the latter without what every build changes."""
    version = Environment.objects.values_list("version", flat=True).get(pk=environment_id)
    found = snapshots.of_environment(environment_id, now=datetime.now(UTC))
    if found is None:
        return None
    content = msgspec.to_builtins(found[0])
    content.pop("version")
    content["environment"].pop("updated_at")
    return version, content, found[1]


def _last_event() -> int:
    return Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _all_rows() -> dict[str, list[Any]]:
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found[table] = sorted(map(repr, cursor.fetchall()))
    return found


def _substituted(value: Any, names: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _substituted(entry, names) for key, entry in value.items()}
    if isinstance(value, list):
        return [_substituted(entry, names) for entry in value]
    return names[value[1:]] if isinstance(value, str) and value.startswith("$") else value
