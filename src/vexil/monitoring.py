"""Settings of what an installation tells of itself to those who watch over it."""

import re
from collections import defaultdict
from dataclasses import dataclass

from vexil.variables import boolean as _boolean
from vexil.variables import comma_separated
from vexil.variables import integer as _integer
from vexil.variables import one_of as _one_of
from vexil.variables import setting as _setting

_ITEM = re.compile(r"\{[!-z|~]+\}[ioe]")


def _patterns(text: str) -> tuple[str, ...]:
    found = comma_separated(text)
    try:
        re.compile("|".join(found))
    except re.error:
        raise ValueError("parts of paths, comma-separated, as regular expressions") from None
    return found


def _address(text: str) -> str:
    if not re.fullmatch(r"https?://[^/]+.*", text):
        raise ValueError("an address such as http://collector:4318")
    return text


def _access_log_format(text: str) -> str:
    try:
        text % defaultdict(int)
    except (ValueError, TypeError):
        raise ValueError("a format such as %(h)s %(r)s %(s)s") from None
    return text


def _items(text: str) -> tuple[str, ...]:
    found = tuple(item.lower() for item in comma_separated(text))
    if not all(_ITEM.fullmatch(item) for item in found):
        raise ValueError("items such as {x-request-id}i, comma-separated")
    return found


@dataclass(frozen=True, slots=True)
class Monitoring:
    """Log lines, metrics for Prometheus, and spans for OpenTelemetry."""

    log_level: str = _setting(
        "LOG_LEVEL",
        "info",
        "Least severe log lines that are written.",
        _one_of("debug", "info", "warning", "error", "critical"),
    )
    log_format: str = _setting(
        "LOG_FORMAT", "generic", "`generic` for people, `json` for collectors.", _one_of("generic", "json")
    )
    logging_file: str = _setting(
        "LOGGING_CONFIGURATION_FILE",
        "",
        "Configuration of Python's `logging` as a JSON file, in place of all other settings of logs.",
    )
    application_loggers: tuple[str, ...] = _setting(
        "APPLICATION_LOGGERS",
        (),
        "Loggers of other libraries, comma-separated, that write from `LOG_LEVEL` on; the others do from `warning` on.",
        comma_separated,
    )
    logs_statements: bool = _setting(
        "DJANGO_ENABLE_DB_LOGGING",
        False,
        "With `DEBUG`, log every SQL statement of the Admin API with its values. Never in production.",
        _boolean,
    )
    access_log: str = _setting(
        "ACCESS_LOG_LOCATION",
        "",
        "File for a line about each request, or `-` for standard output; unset, none are written. Paths can hold "
        "secrets, and each request for flags costs several times as much.",
    )
    access_log_format: str = _setting(
        "ACCESS_LOG_FORMAT",
        '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"',
        "Format of those lines, as Gunicorn has it.",
        _access_log_format,
    )
    access_log_extras: tuple[str, ...] = _setting(
        "ACCESS_LOG_EXTRA_ITEMS",
        (),
        "Headers to add to those lines with `LOG_FORMAT=json`, comma-separated: `{header}i` of the request, "
        "`{header}o` of the answer.",
        _items,
    )
    metrics: bool = _setting(
        "PROMETHEUS_ENABLED",
        False,
        "Show metrics at `/metrics/`, to whoever can reach it, and on a port of their own.",
        _boolean,
    )
    metrics_port: int = _setting("VEXIL_METRICS_PORT", 9100, "That port; 0 for none.", _integer(0, 65_535))
    metrics_host: str = _setting(
        "VEXIL_METRICS_HOST",
        "",
        "Address of that port; unset, that of `vexil serve`, and 127.0.0.1 for `vexil worker`.",
    )
    metrics_dir: str = _setting(
        "PROMETHEUS_MULTIPROC_DIR",
        "",
        "Where each server makes a folder for the counts of its processes; unset, among temporary files.",
    )
    otlp_endpoint: str = _setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "",
        "Where spans are sent (OTLP), such as `http://collector:4318`; unset, there are none. Needs `vexil[otel]`; "
        "further variables of OpenTelemetry (`OTEL_…`) are heeded as well.",
        _address,
    )
    otlp_protocol: str = _setting(
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "http/protobuf",
        "How: `http/protobuf`, or `grpc`, which needs `vexil[otel-grpc]`.",
        _one_of("http/protobuf", "grpc"),
    )
    otel_service_name: str = _setting(
        "OTEL_SERVICE_NAME",
        "",
        "Name of the service in spans; unset, `flagsmith-api`, and `flagsmith-task-processor` for the task runner.",
    )
    untraced_paths: tuple[str, ...] = _setting(
        "OTEL_TRACING_EXCLUDED_URL_PATHS",
        (),
        "Paths without spans: parts of them, comma-separated, as regular expressions.",
        _patterns,
    )
