"""Issuers whose tokens an organisation takes in place of a key: part of the page of its keys."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane.actions import trust_relationships as actions
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import at_organisation
from vexil.controlplane.queries import trust_relationships as queries

_ISSUER_HINT = "Literally as tokens name it: https://token.actions.githubusercontent.com for GitHub's workflows."
_RULES_HINT = "One a line: claim = value, with * for any text. Each claim has to have one of its values."
_RULES_MAX = 100


class NewRelationship(Form):
    name = forms.CharField(max_length=100, help_text="What will use it, for example “Deployment on GitHub”.")
    issuer = forms.CharField(max_length=500, help_text=_ISSUER_HINT)
    audience = forms.CharField(max_length=500, help_text="For whom the token is made out: what the script asks for.")
    claim_rules = forms.CharField(
        label="Claims",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "sub = repo:acme/shop:ref:refs/heads/*"}),
        help_text=_RULES_HINT,
    )

    def clean_claim_rules(self) -> list[dict[str, Any]]:
        rules: dict[str, list[str]] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["claim_rules"].splitlines())):
            claim, separator, value = (part.strip() for part in line.partition("="))
            if not (claim and separator and value):
                raise forms.ValidationError(f"“{line[:50]}” is not of the form claim = value.")
            rules.setdefault(claim, []).append(value)
        if sum(map(len, rules.values())) > _RULES_MAX:
            raise forms.ValidationError(f"At most {_RULES_MAX} lines.")
        return [{"claim": claim, "values": values} for claim, values in rules.items()]


def create(request: HttpRequest, organisation_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id, needs_admin=True)
    form = NewRelationship(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = {**form.cleaned_data, "is_admin": True}
        made = form.attempt(lambda: actions.create(place.organisation, by=place.by, **fields))
        if made is not None:
            return rendering.done(request, _keys(organisation_id), f"Tokens of {made.issuer} are taken from now on.")
    return rendering.form_page(request, "organisations/trust_relationship_create.html", place, form)


def delete(request: HttpRequest, organisation_id: int, relationship_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id, needs_admin=True)
    found = queries.of_organisation(place.organisation).filter(pk=relationship_id).first()
    if found is None:
        raise Http404("trust relationship")
    actions.delete(found, by=place.by)
    return rendering.done(request, _keys(organisation_id), f"What {found.name} has given is refused from now on.")


def _keys(organisation_id: int) -> str:
    return reverse("api-keys", kwargs={"organisation_id": organisation_id})


_TRUST = "organisation/<int:organisation_id>/trust-relationships"

urlpatterns = [
    page(f"{_TRUST}/create", create, "api-keys-trust-create", methods="GET POST"),
    page(f"{_TRUST}/<int:relationship_id>/delete", delete, "api-keys-trust-delete", methods="POST"),
]
