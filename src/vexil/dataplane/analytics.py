"""What SDKs report: how often features were evaluated; and the heartbeat of self-hosted servers (sdk-api.md §7)."""

from collections.abc import Mapping
from typing import Any

from vexil.dataplane import analytics_forms, bodies
from vexil.dataplane.environments import Access
from vexil.dataplane.labels import Labels
from vexil.dataplane.requests import OpenRequest, Request, Sender
from vexil.dataplane.rsgi import Response
from vexil.dataplane.usage import UsageCounter
from vexil.wire import json_text
from vexil.wire.headers import Headers

_JSON: Headers = (("Content-Type", "application/json"),)
_COUNTED = Response(200, ())


class Analytics:
    def __init__(self, usage: UsageCounter, body_bytes_max: int) -> None:
        self._usage = usage
        self._body_bytes_max = body_bytes_max

    async def post_counts(self, request: Request) -> Response:
        form = analytics_forms.counts(await bodies.read(request, self._body_bytes_max))
        self._count(request.access, form, self._usage.labels.of(request.headers))
        return _COUNTED

    def post_counts_at_once(self, access: Access, sender: Sender, content: bytes) -> Response | None:
        form = bodies.json_object(content, sender.headers.get("content-type"))
        if form is None:
            return None
        self._count(access, form, sender.labels)
        return _COUNTED

    async def post_evaluations(self, request: Request) -> Response:
        reported = analytics_forms.evaluations(await bodies.read(request, self._body_bytes_max))
        environment, labels = request.access.environment, self._usage.labels.of(request.headers)
        for name, enabled, count in reported:
            if name in environment.catalogue.feature_names:
                self._usage.evaluated(environment.id, enabled, labels)[name] += count
        return Response(204, ())

    async def post_telemetry(self, request: OpenRequest) -> Response:
        """Answered, so that servers which report here do not complain; nothing is kept."""
        heartbeat = analytics_forms.telemetry(await bodies.read(request, self._body_bytes_max))
        return Response(201, _JSON, json_text.dumps(heartbeat))

    def _count(self, access: Access, form: Mapping[str, Any], labels: Labels) -> None:
        """What is unknown, or no count, is skipped, so that one bad entry does not cost the others."""
        known = access.environment.catalogue.feature_names
        counts = self._usage.evaluated(access.environment.id, None, labels)
        for name, count in form.items():
            if name in known and analytics_forms.is_count(count):
                counts[name] += count
