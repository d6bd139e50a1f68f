"""Webhooks of an organisation or of an environment: added, changed, tried, and what became of each message."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane.actions import deliveries, webhook_messages
from vexil.controlplane.actions import webhooks as actions
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.dashboard import outside_urls, rendering
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.pages import paged
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_environment, at_organisation
from vexil.controlplane.db.models import Environment, Organisation, Webhook, WebhookDelivery
from vexil.controlplane.integrations import outgoing
from vexil.controlplane.integrations import webhooks as sending
from vexil.controlplane.queries import webhooks as queries


class WebhookForm(Form):
    url = forms.URLField(
        label="URL", max_length=200, assume_scheme="https", widget=forms.URLInput(attrs={"placeholder": "https://…"})
    )
    secret = forms.CharField(
        required=False,
        max_length=255,
        strip=False,
        help_text="Signs each message: X-Flagsmith-Signature is its HMAC-SHA256.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    enabled = forms.BooleanField(required=False, initial=True)

    def clean_url(self) -> str:
        return outside_urls.checked(self.cleaned_data["url"])


@dataclass(frozen=True, slots=True)
class _Scope:
    """The place whose webhooks these are, and how its pages are addressed."""

    place: Place
    owner: Environment | Organisation
    prefix: str
    parts: dict[str, int | str]

    @property
    def webhooks(self) -> QuerySet[Webhook]:
        if isinstance(self.owner, Environment):
            return queries.of_environment(self.owner)
        return queries.of_organisation(self.owner)

    def url(self, name: str = "", **more: int) -> str:
        return reverse(f"{self.prefix}webhooks{name}", kwargs={**self.parts, **more})


def listed(request: HttpRequest, **parts: Any) -> HttpResponse:
    scope = _scope(request, parts)
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = actions.create(scope.owner, by=scope.place.by, **form.cleaned_data)
        return rendering.done(request, scope.url("-one", webhook_id=made.pk), "Webhook added.")
    rows = [(webhook, scope.url("-one", webhook_id=webhook.pk)) for webhook in scope.webhooks]
    values = {"webhooks": rows, "owner": scope.owner, "are_off": settings.VEXIL.disable_webhooks}
    return rendering.form_page(request, "webhooks/list.html", scope.place, form, values)


def shown(request: HttpRequest, webhook_id: int, **parts: Any) -> HttpResponse:
    scope = _scope(request, parts)
    webhook = _found(scope, webhook_id)
    initial = {"url": webhook.url, "secret": webhook.secret, "enabled": webhook.enabled}
    form = WebhookForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.update(webhook, by=scope.place.by, **form.cleaned_data)
        return rendering.done(request, scope.url("-one", webhook_id=webhook_id), "Webhook saved.")
    sent = WebhookDelivery.objects.filter(webhook=webhook).order_by("-pk")
    part = paged(request, sent, 20)
    values = {
        "webhook": webhook,
        "page": part,
        "deliveries": [(row, scope.url("-replay", webhook_id=webhook_id, delivery_id=row.pk)) for row in part.rows],
        "list_url": scope.url(),
        "delete_url": scope.url("-delete", webhook_id=webhook_id),
        "try_url": scope.url("-try", webhook_id=webhook_id),
    }
    return rendering.form_page(request, "webhooks/webhook.html", scope.place, form, values)


def attempt(request: HttpRequest, webhook_id: int, **parts: Any) -> HttpResponse:
    """Send an example at once, and tell what came back."""
    scope = _scope(request, parts)
    webhook = _found(scope, webhook_id)
    allow = settings.VEXIL.webhooks_may_be_internal
    try:
        answer = sending.send(webhook.url, webhook.secret, webhook_messages.example(), allow_internal=allow)
    except outgoing.Unreachable as error:
        messages.error(request, f"The URL cannot be reached: {error}")
    else:
        is_good = 200 <= answer.status < 300
        tell = messages.success if is_good else messages.error
        tell(request, f"The receiver answered {answer.status}{'.' if is_good else f': {answer.body[:200]}'}")
    return rendering.done(request, scope.url("-one", webhook_id=webhook_id))


def replay(request: HttpRequest, webhook_id: int, delivery_id: int, **parts: Any) -> HttpResponse:
    scope = _scope(request, parts)
    delivery = WebhookDelivery.objects.filter(webhook=_found(scope, webhook_id), pk=delivery_id).first()
    if delivery is None:
        raise Http404("delivery")
    try:
        deliveries.replay(delivery, by=scope.place.by)
        messages.success(request, "It is sent once more.")
    except Refused as refusal:
        messages.error(request, str(refusal))
    return rendering.done(request, scope.url("-one", webhook_id=webhook_id))


def delete(request: HttpRequest, webhook_id: int, **parts: Any) -> HttpResponse:
    scope = _scope(request, parts)
    actions.delete(_found(scope, webhook_id), by=scope.place.by)
    return rendering.done(request, scope.url(), "Webhook deleted.")


def _scope(request: HttpRequest, parts: dict[str, Any]) -> _Scope:
    if "environment_key" in parts:
        place = at_environment(request, **parts, needs_admin=True)
        assert place.environment is not None
        return _Scope(place, place.environment, "environment-", parts)
    place = at_organisation(request, **parts, needs_admin=True)
    return _Scope(place, place.organisation, "organisation-", parts)


def _found(scope: _Scope, webhook_id: int) -> Webhook:
    webhook = scope.webhooks.filter(pk=webhook_id).select_related("environment", "organisation").first()
    if webhook is None:
        raise Http404("webhook")
    return webhook


_PLACES = {
    "environment-": "project/<int:project_id>/environment/<str:environment_key>/webhooks",
    "organisation-": "organisation/<int:organisation_id>/webhooks",
}

urlpatterns = [
    pattern
    for prefix, route in _PLACES.items()
    for pattern in (
        page(route, listed, f"{prefix}webhooks", methods="GET POST"),
        page(f"{route}/<int:webhook_id>", shown, f"{prefix}webhooks-one", methods="GET POST"),
        page(f"{route}/<int:webhook_id>/try", attempt, f"{prefix}webhooks-try", methods="POST"),
        page(f"{route}/<int:webhook_id>/delete", delete, f"{prefix}webhooks-delete", methods="POST"),
        page(
            f"{route}/<int:webhook_id>/deliveries/<int:delivery_id>/replay",
            replay,
            f"{prefix}webhooks-replay",
            methods="POST",
        ),
    )
]
