"""Every metric that there is: its name, what it means, its labels."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Those of Prometheus' own clients."""
_SIZES = tuple(kilobytes * 1024.0 for kilobytes in (1, 10, 100, 500, 1024, 5 * 1024, 10 * 1024))


@dataclass(frozen=True, slots=True)
class Family:
    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    """Upper ends of a histogram's buckets, but for the last, which has none."""
    together: Callable[[Iterable[float]], float] = sum
    """What the processes' gauges come to."""


_REQUEST = ("route", "method", "response_status")
_TASK = ("task_identifier", "task_type", "result")

BUILD = Family("flagsmith_build_info", "gauge", "Version of the server.", ("ci_commit_sha", "version"))
REQUESTS = Family("flagsmith_http_server_requests_total", "counter", "Requests that were answered.", _REQUEST)
REQUEST_SECONDS = Family(
    "flagsmith_http_server_request_duration_seconds",
    "histogram",
    "Time from a request's head to its answer.",
    _REQUEST,
    _SECONDS,
)
RESPONSE_BYTES = Family(
    "flagsmith_http_server_response_size_bytes", "histogram", "Size of the answers' bodies as sent.", _REQUEST, _SIZES
)
DOCUMENT_QUERIES = Family(
    "flagsmith_environment_document_cache_queries_total",
    "counter",
    "Environment documents given from memory (hit), or after a load from the database (miss).",
    ("result",),
)
TASKS_ENQUEUED = Family(
    "flagsmith_task_processor_enqueued_tasks_total",
    "counter",
    "Pieces of work left to the task runner.",
    ("task_identifier",),
)
TASKS_FINISHED = Family(
    "flagsmith_task_processor_finished_tasks_total", "counter", "Attempts of the task runner that ended.", _TASK
)
TASK_SECONDS = Family(
    "flagsmith_task_processor_task_duration_seconds", "histogram", "How long those attempts took.", _TASK, _SECONDS
)
TASKS_WAITING = Family(
    "vexil_tasks_waiting",
    "gauge",
    "Messages that are due and not yet sent, of all nodes of the database.",
    together=max,
)
REGISTRATIONS = Family(
    "flagsmith_oauth2_dcr_registrations_total",
    "counter",
    "Applications that registered themselves for OAuth2, or tried to.",
    ("token_endpoint_auth_method", "outcome"),
)
ERRORS = Family(
    "vexil_errors_total", "counter", "Errors told to clients, by their code in the documentation.", ("code",)
)
STREAMS = Family("vexil_event_streams", "gauge", "Clients connected to an event stream.")
WAITING = Family(
    "vexil_batch_waiting", "gauge", "Requests waiting for a shared commit or read of identities.", ("batch",)
)
ENVIRONMENTS = Family("vexil_environments", "gauge", "Environments in memory of each worker.", together=min)
SNAPSHOT_CHANGE = Family(
    "vexil_snapshot_change", "gauge", "Number of the newest change that all workers have taken in.", together=min
)
SNAPSHOT_SECONDS = Family(
    "vexil_snapshot_load_seconds",
    "histogram",
    "Time to read and compile an environment's snapshot, in each worker.",
    bounds=_SECONDS,
)
PROCESS_STARTS = Family("vexil_process_starts_total", "counter", "How often each process was started.", ("process",))
PROCESS_CPU = Family("vexil_process_cpu_seconds_total", "counter", "Processor time of each process.", ("process",))
PROCESS_MEMORY = Family(
    "vexil_process_resident_memory_bytes",
    "gauge",
    "Memory of each process, parts shared with others included.",
    ("process",),
)

ALL = (
    BUILD, REQUESTS, REQUEST_SECONDS, RESPONSE_BYTES, DOCUMENT_QUERIES, TASKS_ENQUEUED, TASKS_FINISHED, TASK_SECONDS,
    TASKS_WAITING, REGISTRATIONS, ERRORS, STREAMS, WAITING, ENVIRONMENTS, SNAPSHOT_CHANGE, SNAPSHOT_SECONDS,
    PROCESS_STARTS, PROCESS_CPU, PROCESS_MEMORY,
)  # fmt: skip
BY_NAME = {family.name: family for family in ALL}
