"""A project with one environment, made through the actions, and what tests do with it again and again."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connections

from tests.controlplane.client import AdminClient
from tests.factories import make_environment, make_organisation, make_project, make_user
from vexil.controlplane.actions import features, segments
from vexil.controlplane.actions.features import NewFeature
from vexil.controlplane.actions.segments import NewSegment
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Feature, FeatureState, Project, Segment, User
from vexil.controlplane.permissions import SYSTEM
from vexil.stores.identities import Identity
from vexil.wire import snapshot

T = TypeVar("T")


@dataclass(frozen=True)
class Scene:
    admin: User
    project: Project
    environment: Environment
    api: AdminClient
    """As the organisation's admin."""

    def feature(self, name: str = "flag", **fields: Any) -> Feature:
        return features.create(self.project, NewFeature(name=name, **fields), by=SYSTEM)

    def segment(self, name: str = "segment", *, trait: str = "plan", value: str = "pro") -> Segment:
        condition = {"operator": "EQUAL", "property": trait, "value": value, "description": None}
        rules = [{"type": "ALL", "conditions": [condition], "rules": []}]
        return segments.create(self.project, NewSegment(name=name, rules=rules), by=SYSTEM)

    def identity(self, identifier: str = "kim") -> Identity:
        return stores.current().identities.create(self.environment.pk, identifier)

    def default(self, feature: Feature) -> FeatureState:
        return FeatureState.live.get(
            environment=self.environment, feature=feature, feature_segment=None, identity_id=None
        )

    def snapshot(self) -> snapshot.Snapshot:
        """What the data plane would load now."""
        stored = stores.current().snapshots.body(self.environment.pk)
        assert stored is not None
        return snapshot.decode(stored[1])


def make_scene() -> Scene:
    admin = make_user()
    project = make_project(make_organisation(admin=admin))
    return Scene(admin, project, make_environment(project), AdminClient().as_user(admin))


def json_of(response: Any, status: int = 200) -> Any:
    """The body of an answer that has this status."""
    assert (response.status_code, response.content) == (status, response.content)
    return json.loads(response.content) if response.content else None


def at_once(*calls: Callable[[], T]) -> list[T]:
    """The results of calls made at the same time, each on a database connection of its own."""

    def run(call: Callable[[], T]) -> T:
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(run, call) for call in calls]]
