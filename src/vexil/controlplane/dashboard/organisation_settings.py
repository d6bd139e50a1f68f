"""An organisation's settings, its keys for scripts, and its end."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane.actions import master_api_keys, organisations
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.deletions import is_confirmed
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import at_organisation
from vexil.controlplane.queries import master_api_keys as queries
from vexil.controlplane.queries import trust_relationships


class OrganisationSettings(Form):
    name = forms.CharField(max_length=2000)
    webhook_notification_email = forms.EmailField(
        required=False, label="Mail about webhooks", help_text="Who is told when a webhook cannot be reached."
    )
    restrict_project_create_to_admin = forms.BooleanField(
        required=False, label="Only administrators create projects", help_text="Whatever rights members have."
    )
    force_2fa = forms.BooleanField(
        required=False,
        label="Ask for two-step log-in",
        help_text="Who has not set it up is led to that before anything else; scripts with tokens and keys go on.",
    )


class NewKey(Form):
    name = forms.CharField(max_length=50, help_text="What will use it, for example “Terraform”.")
    expiry_date = forms.DateField(
        required=False, label="Expires on", help_text="UTC.", widget=forms.DateInput(attrs={"type": "date"})
    )

    def clean_expiry_date(self) -> datetime | None:
        day = self.cleaned_data["expiry_date"]
        if day is None:
            return None
        end = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
        if end <= datetime.now(UTC):
            raise forms.ValidationError("This day is over.")
        return end


def settings(request: HttpRequest, organisation_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id, needs_admin=True)
    organisation = place.organisation
    initial = {name: getattr(organisation, name) for name in OrganisationSettings.base_fields}
    form = OrganisationSettings(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        changes: dict[str, Any] = dict(form.cleaned_data)
        changes["webhook_notification_email"] = changes["webhook_notification_email"] or None
        organisations.update(organisation, by=place.by, **changes)
        return rendering.done(request, _url("organisation-settings", organisation_id), "Settings saved.")
    return rendering.form_page(request, "organisations/settings.html", place, form)


def delete(request: HttpRequest, organisation_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id, needs_admin=True)
    if not is_confirmed(request, place.organisation.name, "the organisation's name"):
        return rendering.done(request, _url("organisation-settings", organisation_id))
    organisations.delete(place.organisation, by=place.by)
    return rendering.done(request, reverse("organisations"), f"Organisation {place.organisation.name} deleted.")


def keys(request: HttpRequest, organisation_id: int) -> HttpResponse:
    """A new key is shown in the answer to the form that makes it, and never again."""
    place = at_organisation(request, organisation_id, needs_admin=True)
    form, text = NewKey(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        _, text = master_api_keys.create(place.organisation, by=place.by, **form.cleaned_data)
        form = NewKey()
    values = {
        "keys": list(queries.usable_keys(place.organisation).select_related("created_by")),
        "new_key": text,
        "relationships": list(trust_relationships.of_organisation(place.organisation)),
    }
    return rendering.form_page(request, "organisations/keys.html", place, form, values)


def delete_key(request: HttpRequest, organisation_id: int, prefix: str) -> HttpResponse:
    place = at_organisation(request, organisation_id, needs_admin=True)
    key = queries.usable_keys(place.organisation).filter(prefix=prefix).first()
    if key is None:
        raise Http404("key")
    master_api_keys.delete(key, by=place.by)
    return rendering.done(request, _url("api-keys", organisation_id), f"Key {key.name} is refused from now on.")


def _url(name: str, organisation_id: int) -> str:
    return reverse(name, kwargs={"organisation_id": organisation_id})


_ORGANISATION = "organisation/<int:organisation_id>"

urlpatterns = [
    page(f"{_ORGANISATION}/settings", settings, "organisation-settings", methods="GET POST"),
    page(f"{_ORGANISATION}/settings/delete", delete, "organisation-settings-delete", methods="POST"),
    page(f"{_ORGANISATION}/api-keys", keys, "api-keys", methods="GET POST"),
    page(f"{_ORGANISATION}/api-keys/<str:prefix>/delete", delete_key, "api-keys-delete", methods="POST"),
]
