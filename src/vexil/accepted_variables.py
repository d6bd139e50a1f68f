"""Variables that an installation may bring along from Flagsmith, and that change nothing here."""

from vexil.variables import Parser
from vexil.variables import boolean as _boolean
from vexil.variables import integer as _integer
from vexil.variables import one_of as _one_of

_SECONDS = _integer(0, 31_536_000)
_NUMBER = _integer(0, 1_000_000_000)
_FROM_MEMORY = "Accepted, without effect: answers come from memory and are at most 100 ms behind a change."
_FROM_ROW = "Accepted, without effect: flags come from memory, and one row is read, so that traits are never old."
_REFUSED_FROM_MEMORY = "Accepted, without effect: every key is known in memory, and so is that one is not."
_EACH_SECOND = "Accepted, without effect: counts are written twice a second and at shutdown."
_BY_RUNNER = (
    "Accepted, without effect: the task runner does what is left to later, and looks for it once a second or oftener."
)
_FORGOTTEN = (
    "Accepted, without effect: messages of webhooks are kept for 30 days, other finished work leaves nothing behind."
)
_NO_THREADS = (
    "Accepted, without effect: a worker answers all its connections at once and is started again when it ends."
)
_NO_STATSD = "Accepted, without effect: metrics are those of `PROMETHEUS_ENABLED`."
_CACHES = (
    "ENVIRONMENT_CACHE",
    "CACHE_FLAGS",
    "GET_FLAGS_ENDPOINT_CACHE",
    "CACHE_ENVIRONMENT_DOCUMENT",
    "CACHE_ENVIRONMENT_SEGMENTS",
    "CACHE_PROJECT_SEGMENTS",
)
WITHOUT_EFFECT: dict[str, tuple[Parser, str]] = {
    **{f"{cache}_SECONDS": (_SECONDS, _FROM_MEMORY) for cache in _CACHES},
    **{f"{cache}_{part}": (str, _FROM_MEMORY) for cache in _CACHES for part in ("BACKEND", "LOCATION")},
    "GET_IDENTITIES_ENDPOINT_CACHE_SECONDS": (_SECONDS, _FROM_ROW),
    "GET_IDENTITIES_ENDPOINT_CACHE_BACKEND": (str, _FROM_ROW),
    "GET_IDENTITIES_ENDPOINT_CACHE_LOCATION": (str, _FROM_ROW),
    "ENVIRONMENT_SEGMENTS_CACHE_LOCATION": (str, _FROM_MEMORY),
    "CACHE_ENVIRONMENT_DOCUMENT_MODE": (_one_of("expiring", "persistent"), _FROM_MEMORY),
    "CACHE_ENVIRONMENT_DOCUMENT_OPTIONS": (str, _FROM_MEMORY),
    "CACHE_BAD_ENVIRONMENTS_SECONDS": (_SECONDS, _REFUSED_FROM_MEMORY),
    "CACHE_BAD_ENVIRONMENTS_AFTER_FAILURES": (_integer(0, 1_000_000), _REFUSED_FROM_MEMORY),
    "USE_CACHE_FOR_USAGE_DATA": (_boolean, _EACH_SECOND),
    "API_USAGE_CACHE_SECONDS": (_SECONDS, _EACH_SECOND),
    "PG_API_USAGE_CACHE_SECONDS": (_SECONDS, _EACH_SECOND),
    "FEATURE_EVALUATION_CACHE_SECONDS": (_SECONDS, _EACH_SECOND),
    "TASK_RUN_METHOD": (_one_of("separate_thread", "synchronously", "task_processor"), _BY_RUNNER),
    **{
        f"TASK_{name}": (_NUMBER, _BY_RUNNER)
        for name in (
            "PROCESSOR_SLEEP_INTERVAL_MS",
            "PROCESSOR_SLEEP_INTERVAL",
            "PROCESSOR_NUM_THREADS",
            "PROCESSOR_GRACE_PERIOD_MS",
            "PROCESSOR_QUEUE_POP_SIZE",
            "BACKOFF_DEFAULT_DELAY_SECONDS",
        )
    },
    "ENABLE_CLEAN_UP_OLD_TASKS": (_boolean, _FORGOTTEN),
    "TASK_DELETE_RETENTION_DAYS": (_NUMBER, _FORGOTTEN),
    "TASK_DELETE_BATCH_SIZE": (_NUMBER, _FORGOTTEN),
    "TASK_DELETE_INCLUDE_FAILED_TASKS": (_boolean, _FORGOTTEN),
    "TASK_DELETE_RUN_TIME": (str, _FORGOTTEN),
    "TASK_DELETE_RUN_EVERY": (str, _FORGOTTEN),
    "RECURRING_TASK_RUN_RETENTION_DAYS": (_NUMBER, _FORGOTTEN),
    "GUNICORN_THREADS": (_NUMBER, _NO_THREADS),
    "GUNICORN_TIMEOUT": (_NUMBER, _NO_THREADS),
    "STATSD_HOST": (str, _NO_STATSD),
    "STATSD_PORT": (_NUMBER, _NO_STATSD),
    "STATSD_PREFIX": (str, _NO_STATSD),
}
"""Settings of Flagsmith's caches, tasks and processes, which an installation may bring along: still checked, so that a
typing error shows."""
