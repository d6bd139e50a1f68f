"""One integration: its settings, what was sent to the other service, and its end."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from vexil.controlplane.actions import deliveries, slack_channels
from vexil.controlplane.actions import integrations as actions
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.dashboard import feature_rows, rendering
from vexil.controlplane.dashboard import slack_channels as channels
from vexil.controlplane.dashboard.integration_forms import IntegrationForm
from vexil.controlplane.dashboard.integration_kinds import KINDS, Kind
from vexil.controlplane.dashboard.integration_lists import one_url
from vexil.controlplane.dashboard.pages import paged
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_environment, at_organisation, at_project
from vexil.controlplane.db.models import Environment, Integration, WebhookDelivery
from vexil.controlplane.integrations import catalogue, settings_fields
from vexil.controlplane.integrations.outgoing import Unreachable
from vexil.controlplane.integrations.settings_fields import Field
from vexil.controlplane.queries import integrations as queries

_FIELDS = {
    "environment": settings_fields.OF_ENVIRONMENTS,
    "project": settings_fields.OF_PROJECTS,
    "organisation": settings_fields.OF_ORGANISATIONS,
}


@dataclass(frozen=True, slots=True)
class _Spot:
    """A kind of integration in one place, and the integration if there is one."""

    place: Place
    owner: queries.Place
    level: str
    key: str
    parts: dict[str, int | str]
    integration: Integration | None

    @property
    def kind(self) -> Kind:
        return KINDS[self.key]

    @property
    def fields(self) -> tuple[Field, ...]:
        return _FIELDS[self.level][self.key]

    @property
    def list_url(self) -> str:
        if self.place.project is None:
            return reverse("organisation-integrations", kwargs=self.parts)
        return reverse("integrations", kwargs={"project_id": self.place.project.pk})

    def url(self, verb: str = "", **more: int) -> str:
        return one_url(self.level, self.key, {**self.parts, **more}, verb)


def shown(request: HttpRequest, integration_kind: str, **parts: Any) -> HttpResponse:
    spot = _spot(request, integration_kind, parts, to_change=request.method == "POST")
    present = spot.integration.settings if spot.integration else None
    form = IntegrationForm(request.POST or None, kind=spot.kind, fields=spot.fields, present=present)
    if request.method == "POST" and form.is_valid() and _save(spot, form):
        said = f"{spot.kind.label} is {'saved' if spot.integration else 'connected'}."
        return rendering.done(request, spot.url(), said)
    values = _values(request, spot, form)
    if values["channels_url"]:
        form.fields["channel_id"].widget.attrs["list"] = channels.LIST_ID
    return rendering.form_page(request, "integrations/integration.html", spot.place, form, values)


def delete(request: HttpRequest, integration_kind: str, **parts: Any) -> HttpResponse:
    spot = _spot(request, integration_kind, parts, to_change=True)
    actions.delete(_there(spot), by=spot.place.by)
    return rendering.done(request, spot.list_url, f"{spot.kind.label} hears nothing of {spot.owner.name} any more.")


def replay(request: HttpRequest, integration_kind: str, delivery_id: int, **parts: Any) -> HttpResponse:
    spot = _spot(request, integration_kind, parts, to_change=True)
    sent = _there(spot).deliveries.select_related("integration", "webhook").filter(pk=delivery_id).first()
    if sent is None:
        raise Http404("delivery")
    try:
        deliveries.replay(sent, by=spot.place.by)
        messages.success(request, "It is sent once more, with the settings as they are now.")
    except Refused as refusal:
        messages.error(request, str(refusal))
    return rendering.done(request, spot.url())


def _save(spot: _Spot, form: IntegrationForm) -> bool:
    """Say whether it worked; what is wrong stands in the form."""
    given = form.settings()
    try:
        if spot.key == catalogue.SLACK and isinstance(spot.owner, Environment):
            slack_channels.join(spot.owner, given["channel_id"])
        if spot.integration:
            actions.update(spot.integration, by=spot.place.by, settings=given)
        else:
            actions.create(spot.owner, spot.key, by=spot.place.by, settings=given)
    except slack_channels.NoToken:
        form.add_error(None, "Slack has not let this project in yet: connect it first.")
    except Unreachable as error:
        form.add_error("channel_id", str(error))
    except actions.AlreadyIntegrated:
        form.add_error(None, "Somebody else has connected it meanwhile: open this page again to see it.")
    return form.is_valid()


def _values(request: HttpRequest, spot: _Spot, form: IntegrationForm) -> dict[str, Any]:
    may_change = spot.place.rights.is_admin
    sent = WebhookDelivery.objects.filter(integration=spot.integration).order_by("-pk")
    part = paged(request, sent, 20) if spot.integration and may_change else None
    is_webhook, is_slack = spot.key == catalogue.IDENTITY_WEBHOOK, spot.key == catalogue.SLACK and may_change
    slack_url = _slack_url(request, spot) if is_slack else ""
    has_slack = is_slack and not slack_url
    return {
        "kind": spot.kind,
        "owner": spot.owner,
        "integration": spot.integration,
        "may_change": may_change,
        "facts": [(bound.label, feature_rows.shown(bound.initial)) for bound, _ in form.rows() if bound.initial],
        "page": part,
        "deliveries": [(row, spot.url("-replay", delivery_id=row.pk)) for row in part.rows] if part else [],
        "list_url": spot.list_url,
        "delete_url": spot.url("-delete"),
        "repositories_url": _repositories_url(spot) if spot.integration else "",
        "slack_url": slack_url,
        "channels_url": channels.url(spot.owner) if isinstance(spot.owner, Environment) and has_slack else "",
        "is_off": is_webhook and settings.VEXIL.disable_webhooks,
    }


def _repositories_url(spot: _Spot) -> str:
    return reverse("organisation-integrations-repositories", kwargs=spot.parts) if spot.key == catalogue.GITHUB else ""


def _slack_url(request: HttpRequest, spot: _Spot) -> str:
    """Where a browser goes to let Slack give the project a token; nothing where it has one."""
    assert isinstance(spot.owner, Environment)
    assert spot.place.by.user is not None
    try:
        slack_channels.token(spot.owner)
    except slack_channels.NoToken:
        signature = slack_channels.signature(spot.place.by.user, spot.owner.api_key)
        query = urlencode({"redirect_url": request.build_absolute_uri(), "signature": signature})
        return f"/api/v1/environments/{spot.owner.api_key}/integrations/slack/oauth/?{query}"
    return ""


def _spot(request: HttpRequest, kind: str, parts: dict[str, Any], *, to_change: bool) -> _Spot:
    owner: queries.Place
    if "environment_key" in parts:
        place, level = at_environment(request, **parts), "environment"
        assert place.environment is not None
        owner = place.environment
    elif "project_id" in parts:
        place, level = at_project(request, **parts), "project"
        assert place.project is not None
        owner = place.project
    else:
        place, level = at_organisation(request, **parts, needs_admin=True), "organisation"
        owner = place.organisation
    if kind not in _FIELDS[level]:
        raise Http404("integration")
    if to_change and not place.rights.is_admin:
        raise PermissionDenied("admin")
    return _Spot(place, owner, level, kind, parts, queries.of_place(owner, kind).first())


def _there(spot: _Spot) -> Integration:
    if spot.integration is None:
        raise Http404("integration")
    return spot.integration


_PROJECT = "project/<int:project_id>"
_ROUTES = {
    "integrations-one": f"{_PROJECT}/integrations/<str:integration_kind>",
    "integrations-environment-one": f"{_PROJECT}/environment/<str:environment_key>/integrations/<str:integration_kind>",
    "organisation-integrations-one": "organisation/<int:organisation_id>/integrations/<str:integration_kind>",
}

urlpatterns = [
    pattern
    for name, route in _ROUTES.items()
    for pattern in (
        page(route, shown, name, methods="GET POST"),
        page(f"{route}/delete", delete, f"{name}-delete", methods="POST"),
        page(f"{route}/deliveries/<int:delivery_id>/replay", replay, f"{name}-replay", methods="POST"),
    )
]
