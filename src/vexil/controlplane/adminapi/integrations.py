"""Integrations of environments, projects and organisations: who may view the place sees them, its admins change them.

One set of views serves all kinds; each path says which kind and which level it is for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.urls import URLPattern
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import deliveries
from vexil.controlplane.actions import integrations as actions
from vexil.controlplane.adminapi import errors, integration_forms, lookups, slack_channels
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.integration_forms import Form
from vexil.controlplane.adminapi.pagination import Pages, SizedPages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.adminapi.webhook_deliveries import delivery_json
from vexil.controlplane.db.models import Integration
from vexil.controlplane.integrations.catalogue import GITHUB, SLACK
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import integrations as queries


@dataclass(frozen=True, slots=True)
class Level:
    """Where integrations are, and who sees and changes them there."""

    route: str
    seen: Callable[[Actor, Any], queries.Place]
    changed: Callable[[Actor, Any], queries.Place]
    added_to: Callable[[Actor, Any], queries.Place]


ENVIRONMENT = Level(
    "environments/<str:place>/integrations/",
    lookups.environment,
    lookups.administered_environment,
    lookups.administered_environment,
)
PROJECT = Level(
    "projects/<id:place>/integrations/",
    lookups.project,
    lookups.administered_project,
    lookups.project_to_administer,
)
ORGANISATION = Level(
    "organisations/<str:place>/integrations/",
    lookups.organisation_above,
    lookups.organisation_above,
    lookups.organisation_above,
)


class _OfAKind(APIView):
    kind: ClassVar[str] = ""
    level: ClassVar[Level] = ENVIRONMENT
    form: ClassVar[type[Form]] = Form

    def found(self, request: Request, place: Any, integration_id: int, *, to_change: bool = False) -> Integration:
        look_up = self.level.changed if to_change else self.level.seen
        integration = queries.of_place(look_up(actor_of(request), place), self.kind).filter(pk=integration_id).first()
        if integration is None:
            raise errors.no_match(self.form.__name__)
        return integration


class Integrations(_OfAKind):
    def get(self, request: Request, place: Any) -> Response:
        integrations = queries.of_place(self.level.seen(actor_of(request), place), self.kind)
        if self.kind == GITHUB:
            # compat: the one list of integrations that comes in pages.
            pages = Pages()
            page = pages.paginate_queryset(integrations, request, view=self) or []
            return pages.get_paginated_response(self.form(page, many=True).data)
        return Response(self.form(integrations, many=True).data)

    def post(self, request: Request, place: Any) -> Response:
        by = actor_of(request)
        found = self.level.added_to(by, place)
        form = self.form(data=request.data)
        form.is_valid(raise_exception=True)
        if self.kind == SLACK:
            slack_channels.join(found, form.validated_data["channel_id"])
        integration = actions.create(found, self.kind, by=by, settings=form.validated_data)
        url = integration.settings.get("url")
        # compat: the place of a new identity webhook is said to be the URL that it calls.
        return Response(self.form(integration).data, status=201, headers={"Location": url} if url else {})


class OneIntegration(_OfAKind):
    def get(self, request: Request, **named: Any) -> Response:
        return Response(self.form(self.found(request, **named)).data)

    def put(self, request: Request, **named: Any) -> Response:
        return self._update(request, self.found(request, to_change=True, **named), partial=False)

    def patch(self, request: Request, **named: Any) -> Response:
        return self._update(request, self.found(request, to_change=True, **named), partial=True)

    def delete(self, request: Request, **named: Any) -> Response:
        actions.delete(self.found(request, to_change=True, **named), by=actor_of(request))
        return Response(status=204)

    def _update(self, request: Request, integration: Integration, *, partial: bool) -> Response:
        form = self.form(integration, data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        changed = actions.update(integration, by=actor_of(request), settings=form.validated_data)
        return Response(self.form(changed).data)


class Deliveries(_OfAKind):
    """What was sent, newest first. Ours; the reference keeps no record."""

    def get(self, request: Request, **named: Any) -> Response:
        pages = SizedPages()
        sent = self.found(request, to_change=True, **named).deliveries.order_by("-pk")
        page = pages.paginate_queryset(sent, request) or []
        return pages.get_paginated_response([delivery_json(delivery) for delivery in page])


class Replay(_OfAKind):
    def post(self, request: Request, delivery_id: int, **named: Any) -> Response:
        integration = self.found(request, to_change=True, **named)
        delivery = integration.deliveries.select_related("integration", "webhook").filter(pk=delivery_id).first()
        if delivery is None:
            raise errors.no_match("WebhookDelivery")
        return Response(delivery_json(deliveries.replay(delivery, by=actor_of(request))), status=202)


def routes(level: Level, kind: str, form: type[Form]) -> list[URLPattern]:
    own = f"{level.route}{kind}/"
    views: dict[str, type[_OfAKind]] = {
        own: Integrations,
        f"{own}<id:integration_id>/": OneIntegration,
        f"{own}<id:integration_id>/deliveries/": Deliveries,
        f"{own}<id:integration_id>/deliveries/<id:delivery_id>/replay/": Replay,
    }
    return [path(route, view, kind=kind, level=level, form=form) for route, view in views.items()]


FORMS = {
    ENVIRONMENT: integration_forms.OF_ENVIRONMENTS,
    PROJECT: integration_forms.OF_PROJECTS,
    ORGANISATION: integration_forms.OF_ORGANISATIONS,
}

urlpatterns = [
    pattern for level, forms in FORMS.items() for kind, form in forms.items() for pattern in routes(level, kind, form)
]
