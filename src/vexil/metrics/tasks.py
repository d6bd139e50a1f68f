"""Work that is left to the task runner, and what becomes of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Literal

from vexil.metrics.families import TASK_SECONDS, TASKS_ENQUEUED, TASKS_FINISHED
from vexil.metrics.registry import registry
from vexil.tracing import tracing

WEBHOOK = "webhooks.send"
INTEGRATION = "integrations.send"
FEATURE_EXPORT = "feature_files.export"
FEATURE_IMPORT = "feature_files.import"
LAUNCH_DARKLY_IMPORT = "launch_darkly.import"


class Attempt:
    """Does well unless it says that it does not, or an exception leaves it."""

    def __init__(self) -> None:
        self.is_failure = False


def enqueued(identifier: str, times: int = 1) -> None:
    if times:
        registry.count(TASKS_ENQUEUED, identifier, by=times)


@contextmanager
def attempt(
    identifier: str, kind: Literal["recurring", "standard"] = "standard", *, parent: str = ""
) -> Iterator[Attempt]:
    """Count it when it ends, and for how long it ran; `parent` is the span of the request that left it to us."""
    began, made = perf_counter(), Attempt()
    try:
        with tracing.task(identifier, kind, parent):
            yield made
            if made.is_failure:
                tracing.failed()
    except BaseException:
        made.is_failure = True
        raise
    finally:
        labels = (identifier, kind, "failure" if made.is_failure else "success")
        registry.count(TASKS_FINISHED, *labels)
        registry.observe(TASK_SECONDS, perf_counter() - began, *labels)
