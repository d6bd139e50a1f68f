"""Who may call what: asks every route of the Admin API as every kind of caller and notes what comes back.

`docs/rights.md` holds the result and `test_rights.py` compares. After adding a route or changing a right, write the
table anew with `python -m tests.controlplane.write_rights` and read the difference before committing it.
"""

import json
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.test import override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from tests.controlplane.client import AdminClient
from tests.controlplane.rights_world import World, make_world

METHODS = ("get", "post", "put", "patch", "delete")
REFUSALS = {"401", "403", "404"}
QUERIES = {
    "environments/": "project={project}",
    "metadata/fields/": "organisation={organisation}",
    "features/feature-segments/": "environment={environment}&feature={feature}",
    "features/featurestates/": "environment={environment}&feature={feature}",
}
"""What a list needs to be asked for."""
NOTHING = {"id": 0, "int": 0, "str": "unknown", "uuid": UUID(int=0), "path": "unknown", "slug": "unknown"}
_PARAMETER = re.compile(r"<(?P<kind>\w+):(?P<name>\w+)>")


class Route(NamedTuple):
    path: str
    """As it is declared, below /api/v1/ where it is there."""
    method: str


class Row(NamedTuple):
    """What each caller gets at one route, and which single rights let a member in."""

    route: str
    outcomes: tuple[str, ...]
    opened_by: str


def routes() -> list[Route]:
    return sorted(
        Route(path.removeprefix("api/v1/"), method)
        for path, pattern in _declared(get_resolver().url_patterns, "")
        for method in METHODS
        if hasattr(getattr(pattern.callback, "cls", None), method)
    )


def rows() -> list[Row]:
    """One for each route and method. Wants empty tables."""
    names = [setting.name for setting in fields(settings.VEXIL)]
    unlimited = {name: None for name in names if name.endswith("_throttle_rate")}
    with override_settings(VEXIL=replace(settings.VEXIL, **unlimited)):
        world = make_world()
        logging.disable(logging.WARNING)  # every refusal is a line
        try:
            return [_row(world, route) for route in routes()]
        finally:
            logging.disable(logging.NOTSET)


def _declared(patterns: Sequence[URLPattern | URLResolver], before: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _declared(pattern.url_patterns, path)
        else:
            yield path, pattern


def _row(world: World, route: Route) -> Row:
    outcomes = {name: _outcome(world, route, caller) for name, caller in world.callers.items()}
    # Where a member gets what an admin gets, no right is needed; where an admin gets nothing, none helps.
    is_decided = outcomes["member"] == outcomes["admin"] or outcomes["admin"] in REFUSALS
    opened_by = "" if is_decided else ", ".join(_opening(world, route, outcomes["member"]))
    return Row(f"{route.method.upper()} {route.path}", tuple(outcomes.values()), opened_by)


def _opening(world: World, route: Route, closed: str) -> Iterator[str]:
    """Rights with which a member gets in, without those that only come along with the right to view."""
    opened: set[str] = set()
    for key, (needed, holder) in world.holders.items():
        if opened & set(needed):
            continue
        outcome = _outcome(world, route, holder)
        if outcome != closed and outcome not in REFUSALS:
            opened.add(key)
            yield key


def _outcome(world: World, route: Route, caller: AdminClient) -> str:
    """The status; with `∅` for an empty list. Whatever the request changes is taken back."""
    with transaction.atomic():
        path = filled(route.path, world.ids(route.path))
        answer = caller.send(route.method.upper(), path, world.body_for(route.path))
        transaction.set_rollback(True)
    is_json = answer.headers.get("Content-Type", "").startswith("application/json")
    body = json.loads(answer.content) if is_json and answer.content else None
    items = body.get("results") if isinstance(body, dict) else body
    return f"{answer.status_code}{' ∅' if answer.status_code == 200 and items == [] else ''}"


def filled(path: str, ids: dict[str, Any]) -> str:
    whole = _PARAMETER.sub(lambda match: str(ids.get(match["name"], NOTHING[match["kind"]])), path)
    if path in QUERIES:
        whole += "?" + QUERIES[path].format(**ids)
    return f"/{whole}" if path.startswith(("api/", "o/", ".well-known/", "password-reset/")) else whole


COLUMNS = (
    "nobody",
    "outsider",
    "foreign key",
    "member",
    "plain key",
    "environment admin",
    "project admin",
    "admin",
    "key",
)


def table(found: Sequence[Row]) -> str:
    """Markdown."""
    head = ["Route", *COLUMNS, "a member gets in with"]
    lines = [head, ["---"] * len(head), *([f"`{row.route}`", *row.outcomes, row.opened_by] for row in found)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
