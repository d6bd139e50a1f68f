"""Every list of the Admin API takes as many statements for eleven rows more as for one more."""

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests.controlplane import growth, rights
from tests.controlplane.rights_world import World, make_world

_OF_A_KIND = "an integration is there once"
DOES_NOT_GROW = {
    "admin/dashboard/release-pipelines/": "there are none",
    "auth/mfa/user-active-methods/": "there is one method",
    "environments/<str:environment_key>/cohorts/": "there are none",
    "environments/permissions/": "the rights that there are",
    "features/download-feature-export/<id:export_id>/": "one file",
    "organisations/<str:organisation>/api-usage-notification/": "shows the newest notice only",
    "organisations/<str:organisation>/metadata-model-fields/supported-content-types/": "what fields can be set on",
    "organisations/<str:organisation>/metadata-model-fields/supported-required-for-models/": "the same",
    "organisations/permissions/": "the rights that there are",
    "projects/<id:project_id>/feature-health/providers/": "one of each kind",
    "projects/permissions/": "the rights that there are",
}
"""Lists that stay as long as they are, and why."""
QUERIES = {
    **rights.QUERIES,
    "organisations/<str:organisation>/metadata-model-fields/supported-required-for-models/": "model_name=feature",
    "projects/<id:project_id>/features/": "environment={environment}&segment={segment}",
    "projects/<id:project_id>/features/<id:feature_id>/evaluation-data/": "environment_id={environment}",
    "projects/<id:project_id>/metadata/fields/": "include_organisation=true",
    "projects/<id:project_id>/segments/<id:segment_id>/associated-features/": "environment={environment}",
}


class Listed(NamedTuple):
    rows: int
    statements: int


@pytest.mark.timeout(600)
def test_ten_more_of_everything_cost_no_list_a_statement_more(database: str) -> None:
    names = [setting.name for setting in fields(settings.VEXIL)]
    unlimited = {name: None for name in names if name.endswith("_throttle_rate")}
    with override_settings(VEXIL=replace(settings.VEXIL, **unlimited)):
        world = make_world()
        growth.grow(world, range(1))
        few = dict(_lists(world))
        growth.grow(world, range(1, 11))
        many = dict(_lists(world))

    same = {route for route in many if many[route].rows == few[route].rows}
    assert {route for route in same if not _is_of_a_kind(route)} == set(DOES_NOT_GROW)
    more = {route: (few[route], many[route]) for route in few if many[route].statements > few[route].statements}
    assert more == {}


def _lists(world: World) -> Iterator[tuple[str, Listed]]:
    """Each route that answers with a list, and what that took."""
    for route in rights.routes():
        if route.method != "get" or "docs" in route.path:
            continue
        with transaction.atomic():
            ids = world.ids(route.path)
            query = QUERIES.get(route.path, "").format(**ids)
            path = rights.filled(route.path, ids).partition("?")[0] + (f"?{query}" if query else "")
            with CaptureQueriesContext(connection) as statements:
                answer = world.callers["admin"].get(path)
            transaction.set_rollback(True)
        rows = _rows(answer)
        if rows is not None:
            yield route.path, Listed(len(rows), len(statements))


def _rows(answer: Any) -> list[Any] | None:
    if answer.status_code != 200 or not answer.headers.get("Content-Type", "").startswith("application/json"):
        return None
    body = json.loads(answer.content)
    found = body.get("results") if isinstance(body, dict) else body
    return found if isinstance(found, list) else None


def _is_of_a_kind(route: str) -> bool:
    """Each place has one integration of each kind."""
    return "/integrations/" in route and route.count("<") == 1
