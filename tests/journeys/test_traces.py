"""Spans of a server arrive at a collector, in the traces of those who asked, and log lines name them."""

import json
import time
from collections.abc import Callable
from gzip import decompress
from http.server import BaseHTTPRequestHandler

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests import http_servers
from tests.journeys.admin import Admin
from tests.journeys.running import Server
from vexil.tracing import NotInstalled, exporter

_SEEN_SECONDS = 10.0
_SCRIPT, _BROWSER, _UNSAMPLED = "1" * 32, "2" * 32, "3" * 32
_CALLER = "a" * 16


class Collector:
    """What an OTLP collector got, by traces and names of spans."""

    def __init__(self) -> None:
        self.spans: dict[tuple[str, str], tuple[str, Span]] = {}
        spans = self.spans

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sent = ExportTraceServiceRequest.FromString(
                    decompress(body) if self.headers["Content-Encoding"] == "gzip" else body
                )
                for resource in sent.resource_spans:
                    named = {item.key: item.value.string_value for item in resource.resource.attributes}
                    for scope in resource.scope_spans:
                        for span in scope.spans:
                            spans[span.trace_id.hex(), span.name] = (named["service.name"], span)
                self.send_response(200)
                self.end_headers()

        self.handler = Handler

    def wait_for(self, *wanted: tuple[str, str]) -> None:
        give_up_at = time.monotonic() + _SEEN_SECONDS
        while not set(wanted) <= set(self.spans) and time.monotonic() < give_up_at:
            time.sleep(0.05)

    def shown(self, trace: str, name: str) -> tuple[str, str, bool]:
        """Service, parent, and whether it went wrong."""
        service, span = self.spans[trace, name]
        return service, span.parent_span_id.hex(), span.status.code == 2

    def id_of(self, trace: str, name: str) -> str:
        return self.spans[trace, name][1].span_id.hex()


def of_trace(trace: str, *, sampled: bool = True) -> dict[str, str]:
    return {"traceparent": f"00-{trace}-{_CALLER}-{'01' if sampled else '00'}"}


def test_spans_belong_to_the_traces_of_those_who_asked(new_server: Callable[..., Server]) -> None:
    collector = Collector()
    export, exporting = (_SCRIPT, "POST /api/v1/features/create-feature-export/"), (_SCRIPT, "feature_files.export")
    create, telling = (_SCRIPT, "POST /api/v1/projects/{project_id}/features/"), (_SCRIPT, "webhooks.send")
    flags = (_BROWSER, "GET /api/v1/flags/")
    with http_servers.serving(collector.handler) as port:
        server = new_server(
            LOG_FORMAT="json",
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}",
            OTEL_BSP_SCHEDULE_DELAY="50",
            OTEL_TRACING_EXCLUDED_URL_PATHS="organisations/$,/auth/",
            VEXIL_WEBHOOKS_MAY_BE_INTERNAL="true",
            WEBHOOK_BACKOFF_RETRIES="1",
        ).start()
        admin = Admin(server.api_url)
        admin.create_project()
        admin.post(f"organisations/{admin.organisation['id']}/webhooks/", {"url": "http://127.0.0.1:1/"})
        asked = {"environment_id": admin.environment["id"], "tag_ids": []}
        created = {"name": "banner"}
        for path, body in (
            ("features/create-feature-export/", asked),
            (f"projects/{admin.project['id']}/features/", created),
        ):
            admin.client.post(path, json=body, headers=of_trace(_SCRIPT)).raise_for_status()
        key = {"X-Environment-Key": admin.client_key}
        for headers in ({}, of_trace(_UNSAMPLED, sampled=False), of_trace(_BROWSER), of_trace(_BROWSER)):
            httpx.get(f"{server.api_url}flags/", headers=key | headers).raise_for_status()
        collector.wait_for(export, exporting, create, telling, flags)
        assert server.stop() == 0

    assert collector.shown(*export) == ("flagsmith-api", _CALLER, False)
    assert collector.shown(*exporting) == ("flagsmith-task-processor", collector.id_of(*export), False)
    assert collector.shown(*telling) == ("flagsmith-task-processor", collector.id_of(*create), True)
    assert collector.shown(*flags) == ("flagsmith-api", _CALLER, False)
    routes = [name for _, name in collector.spans if name.startswith(("GET", "POST"))]
    assert routes.count("GET /api/v1/flags/") == 1
    assert {"POST /api/v1/organisations/", "POST /api/v1/auth/users/"} & set(routes) == set()
    lines = [json.loads(line) for line in server.written().splitlines() if line.startswith("{")]
    assert {line["span_id"] for line in lines if line.get("trace_id") == _SCRIPT} >= {collector.id_of(*create)}


def test_a_missing_exporter_is_named_with_what_to_install() -> None:
    with pytest.raises(NotInstalled, match=r"pip install 'vexil\[otel-grpc\]'"):
        exporter("grpc")
