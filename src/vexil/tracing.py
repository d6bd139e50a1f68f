"""Spans for OpenTelemetry: of the control plane's requests, of tasks, and of requests for flags that belong to a trace.

Where nobody collects them, none of its packages is loaded and every question is answered at once. They are an extra
(`pip install 'vexil[otel]'`), and read their further settings, `OTEL_*`, by themselves.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from vexil.monitoring import Monitoring

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer

PARENT = "traceparent"
API, TASK_RUNNER = "flagsmith-api", "flagsmith-task-processor"
"""Names of the services unless the operator gives one."""

_SAMPLED = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f][13579bdf]")
_STATIC = "/static/"
_LAST_SECONDS = 3.0
"""For the last spans to be sent, when a process ends."""


class NotInstalled(Exception):
    """Spans are wanted, and the packages that send them are missing."""


class Request:
    """A request that is traced, until its `end`."""

    def __init__(self, span: "Span", context: "Context", method: str) -> None:
        self._span = span
        self._context = context
        self._method = method

    @contextmanager
    def current(self) -> Iterator[None]:
        """In one thread, or one asyncio task: what is done and logged meanwhile belongs to it."""
        from opentelemetry.context import attach, detach  # noqa: PLC0415 -- optional dependency

        token = attach(self._context)
        try:
            yield
        finally:
            detach(token)

    def end(self, route: str | None, status: int) -> None:
        from opentelemetry.trace import StatusCode  # noqa: PLC0415 -- optional dependency

        self._span.set_attribute("http.response.status_code", status)
        if route:
            self._span.update_name(f"{self._method} {route}")
            self._span.set_attribute("http.route", route)
        if status >= 500:
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


class Tracing:
    def __init__(self) -> None:
        self._tracer: Tracer | None = None
        self._excluded: re.Pattern[str] | None = None

    def check(self, config: Monitoring) -> None:
        """Load what is needed, before processes are forked that share it; raise `NotInstalled`."""
        if config.otlp_endpoint:
            exporter(config.otlp_protocol)

    @contextmanager
    def running(self, config: Monitoring, service: str) -> Iterator[None]:
        """Collect spans in this process and send them, if that is wanted. A child that is forked needs its own."""
        if not config.otlp_endpoint:
            yield
            return
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415 -- optional dependency
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 -- optional dependency
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 -- optional dependency

        provider = TracerProvider(
            resource=Resource.create({SERVICE_NAME: config.otel_service_name or service}), shutdown_on_exit=False
        )
        sender = exporter(config.otlp_protocol)()
        provider.add_span_processor(BatchSpanProcessor(sender))
        self._tracer = provider.get_tracer("vexil")
        self._excluded = re.compile("|".join(config.untraced_paths)) if config.untraced_paths else None
        try:
            yield
        finally:
            self._tracer = None
            # A collector that is away would be tried for ten seconds.
            giving_up = threading.Timer(_LAST_SECONDS, sender.shutdown)
            giving_up.start()
            provider.shutdown()
            giving_up.cancel()

    def is_wanted_by(self, headers: Mapping[str, str]) -> bool:
        """Whether the request belongs to a trace that is recorded."""
        return self._tracer is not None and bool(_SAMPLED.match(headers.get(PARENT, "")))

    def request(self, method: str, path: str, headers: Mapping[str, str]) -> Request | None:
        """A new span, in the trace that the headers name; None where there is to be none."""
        if self._tracer is None or path.startswith(_STATIC) or (self._excluded and self._excluded.search(path)):
            return None
        from opentelemetry.propagate import extract  # noqa: PLC0415 -- optional dependency
        from opentelemetry.trace import SpanKind, set_span_in_context  # noqa: PLC0415 -- optional dependency

        context = extract(headers)
        attributes = {"http.request.method": method}
        span = self._tracer.start_span(method, context, kind=SpanKind.SERVER, attributes=attributes)
        return Request(span, set_span_in_context(span, context), method)

    @contextmanager
    def task(self, identifier: str, kind: str, parent: str = "") -> Iterator[None]:
        """A span for the work within, in the trace of the request that left it to us, if that is known."""
        if self._tracer is None:
            yield
            return
        from opentelemetry.propagate import extract  # noqa: PLC0415 -- optional dependency
        from opentelemetry.trace import SpanKind  # noqa: PLC0415 -- optional dependency

        attributes = {"task_identifier": identifier, "task_type": kind}
        context = extract({PARENT: parent})
        with self._tracer.start_as_current_span(identifier, context, SpanKind.CONSUMER, attributes):
            yield

    def failed(self) -> None:
        """The present span stands for something that did not work."""
        if self._tracer is not None:
            from opentelemetry.trace import StatusCode, get_current_span  # noqa: PLC0415 -- optional dependency

            get_current_span().set_status(StatusCode.ERROR)

    def parent(self) -> str:
        """What tasks that are left to later are to name as their `parent`; empty outside of a span."""
        carrier: dict[str, str] = {}
        if self._tracer is not None:
            from opentelemetry.propagate import inject  # noqa: PLC0415 -- optional dependency

            inject(carrier)
        return carrier.get(PARENT, "")

    def ids(self) -> dict[str, str]:
        """For log lines: the present trace and span, if there are any."""
        if self._tracer is None:
            return {}
        from opentelemetry.trace import get_current_span  # noqa: PLC0415 -- optional dependency

        context = get_current_span().get_span_context()
        if not context.is_valid:
            return {}
        return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}


def exporter(protocol: str) -> "Callable[[], SpanExporter]":
    """What makes a sender of spans to the address in OTEL_EXPORTER_OTLP_ENDPOINT; raise `NotInstalled`."""
    package = "grpc" if protocol == "grpc" else "http"
    try:
        module = import_module(f"opentelemetry.exporter.otlp.proto.{package}.trace_exporter")
    except ImportError:
        extra = "otel-grpc" if protocol == "grpc" else "otel"
        raise NotInstalled(f"OTEL_EXPORTER_OTLP_ENDPOINT needs more packages: pip install 'vexil[{extra}]'") from None
    made: type[SpanExporter] = module.OTLPSpanExporter
    return made


tracing = Tracing()
"""That of this process."""
