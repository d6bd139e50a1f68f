"""Log lines: structured events, for people or for collectors."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from vexil.tracing import tracing

# Without local variables: they would carry keys, tokens and traits into the log.
_TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def configure(level: str, line_format: str) -> None:
    """Send our events and other libraries' warnings to standard output."""
    threshold = getattr(logging, level.upper())
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _add_trace,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if line_format == "json":
        processors += [_TRACEBACKS, structlog.processors.JSONRenderer()]
    else:
        plain = structlog.dev.plain_traceback
        processors += [structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), exception_formatter=plain)]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    third_party = logging.DEBUG if threshold == logging.DEBUG else max(threshold, logging.WARNING)
    # Refused requests are answers, not log lines; their paths hold keys and links for choosing a password.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    logging.basicConfig(stream=sys.stdout, level=third_party, format="%(asctime)s %(levelname)s %(name)s %(message)s")


def _add_trace(_: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event.update(tracing.ids())
    return event
