"""What the data plane tells metrics of besides its requests."""

from collections.abc import Mapping
from typing import Any

from vexil.dataplane.environments import Access, Environments
from vexil.dataplane.streams import Streams
from vexil.metrics.families import DOCUMENT_QUERIES, ENVIRONMENTS, SNAPSHOT_CHANGE, STREAMS, WAITING
from vexil.metrics.registry import registry
from vexil.stores.batches import Batches


def watch(streams: Streams, environments: Environments, batches: Mapping[str, Batches[Any, Any] | None]) -> None:
    """Let the present state be read whenever metrics are handed over."""
    registry.watch(STREAMS, lambda: {(): streams.count})
    registry.watch(WAITING, lambda: {(name,): batch.waiting for name, batch in batches.items() if batch})
    registry.watch(ENVIRONMENTS, lambda: {(): environments.size})
    registry.watch(SNAPSHOT_CHANGE, lambda: {(): environments.last_change})


def loaded(access: Access | None, resource: str) -> None:
    """An environment was not in memory when the resource was asked for."""
    if access and resource == "environment-document":
        registry.count(DOCUMENT_QUERIES, "miss")
