"""What SDKs report: how often features were evaluated; and the heartbeat of self-hosted servers (sdk-api.md §7)."""

from collections.abc import Iterable

from vexil.dataplane import analytics_forms, bodies
from vexil.dataplane.analytics_forms import Evaluations
from vexil.dataplane.requests import OpenRequest, Request
from vexil.dataplane.rsgi import Response
from vexil.dataplane.usage import UsageCounter
from vexil.wire import json_text
from vexil.wire.headers import Headers

_JSON: Headers = (("Content-Type", "application/json"),)


class Analytics:
    def __init__(self, usage: UsageCounter, body_bytes_max: int) -> None:
        self._usage = usage
        self._body_bytes_max = body_bytes_max

    async def post_counts(self, request: Request) -> Response:
        self._count(request, analytics_forms.counts(await bodies.read(request, self._body_bytes_max)))
        return Response(200, ())

    async def post_evaluations(self, request: Request) -> Response:
        self._count(request, analytics_forms.evaluations(await bodies.read(request, self._body_bytes_max)))
        return Response(204, ())

    async def post_telemetry(self, request: OpenRequest) -> Response:
        """Answered, so that servers which report here do not complain; nothing is kept."""
        heartbeat = analytics_forms.telemetry(await bodies.read(request, self._body_bytes_max))
        return Response(201, _JSON, json_text.dumps(heartbeat))

    def _count(self, request: Request, reported: Iterable[Evaluations]) -> None:
        """Unknown names are skipped, so that one bad entry does not cost the others."""
        environment = request.access.environment
        known = environment.catalogue.feature_names
        countable = [entry for entry in reported if entry[0] in known]
        self._usage.count_evaluations(environment.id, countable, request.headers)
