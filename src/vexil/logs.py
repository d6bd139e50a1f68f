"""Log lines: structured events, for people or for collectors; those of other libraries look the same."""

import json
import logging
import logging.config
import os
import sys
import threading
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog

from vexil.monitoring import Monitoring
from vexil.tracing import tracing

Event = MutableMapping[str, Any]


class Unusable(Exception):
    """The configuration of logs in a file cannot be used; the message says why."""


def configure(config: Monitoring) -> None:
    """Send our events and other libraries' warnings to standard output, or where the file says; raise `Unusable`."""
    threshold = getattr(logging, config.log_level.upper())
    if config.logging_file:
        _configure_as_in(Path(config.logging_file))
        return
    finish = _finish(config.log_format)
    structlog.configure(
        processors=[*_FACTS, *finish],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=_Printer,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    away = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_FACTS, processors=[away, *finish]))
    third_party = logging.DEBUG if threshold == logging.DEBUG else max(threshold, logging.WARNING)
    logging.basicConfig(level=third_party, handlers=[handler])
    for name in config.application_loggers:
        logging.getLogger(name).setLevel(threshold)
    if config.logs_statements:
        logging.getLogger("django.db.backends").setLevel(logging.DEBUG)
    # Refused requests are answers, not log lines; their paths hold keys and links for choosing a password.
    logging.getLogger("django.request").setLevel(logging.ERROR)


class _Printer(structlog.PrintLogger):
    """Knows the name of the module that it prints for."""

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.name = name


def _configure_as_in(file: Path) -> None:
    """Our events go to the loggers of their modules, with what they tell behind their names."""
    try:
        logging.config.dictConfig(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, AttributeError, ImportError) as error:
        raise Unusable(f"LOGGING_CONFIGURATION_FILE {file} cannot be used: {error}") from None
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            _add_trace,
            structlog.processors.format_exc_info,
            _as_text,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _finish(line_format: str) -> list[Any]:
    """What makes a line of an event."""
    if line_format == "json":
        # Without local variables: they would carry keys, tokens and traits into the log.
        return [structlog.processors.format_exc_info, _named_for_collectors, structlog.processors.JSONRenderer()]
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), exception_formatter=plain)]


def _add_trace(_: object, _method: str, event: Event) -> Event:
    event.update(tracing.ids())
    return event


def _named_for_collectors(_: object, _method: str, event: Event) -> Event:
    """The names that collectors of Flagsmith's lines know (operations.md §5.2)."""
    line: dict[str, Any] = {
        "message": event.pop("event"),
        "levelname": str(event.pop("level")).upper(),
        "logger_name": event.pop("logger", ""),
        "pid": os.getpid(),
        "thread_name": threading.current_thread().name,
        "timestamp": event.pop("timestamp"),
    }
    if "exception" in event:
        line["exc_info"] = event.pop("exception")
    line.update(event)
    return line


def _as_text(_: object, _method: str, event: Event) -> str:
    exception = event.pop("exception", None)
    told = " ".join([str(event.pop("event")), *(f"{name}={value}" for name, value in event.items())])
    return f"{told}\n{exception}" if exception else told


_FACTS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    _add_trace,
    structlog.stdlib.add_logger_name,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
