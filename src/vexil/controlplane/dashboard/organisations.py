"""One's organisations, a new one, and the way from the start page to where somebody works."""

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vexil.controlplane import permissions
from vexil.controlplane.actions import organisations as actions
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import actor_of, at_organisation
from vexil.controlplane.db.models import User
from vexil.controlplane.queries import installation
from vexil.controlplane.queries import organisations as queries


class NewOrganisation(Form):
    name = forms.CharField(max_length=2000, widget=forms.TextInput(attrs={"autofocus": True}))


def home(request: HttpRequest) -> HttpResponse:
    """Wherever it makes sense to start: log-in, the first organisation, or the page that makes one."""
    if not request.user.is_authenticated:
        has_people, _ = installation.people()
        return HttpResponseRedirect(reverse("login" if has_people else "welcome"))
    mine = list(permissions.organisations_of(actor_of(request)).order_by("pk")[:2])
    if len(mine) == 1:
        return HttpResponseRedirect(reverse("projects", kwargs={"organisation_id": mine[0].pk}))
    return HttpResponseRedirect(reverse("organisations" if mine else "organisation-create"))


def listed(request: HttpRequest) -> HttpResponse:
    by = actor_of(request)
    mine = queries.with_details(permissions.organisations_of(by), by)
    return rendering.page(
        request, "organisations/list.html", None, {"organisations": list(mine), "may_create": _may_create(request)}
    )


def create(request: HttpRequest) -> HttpResponse:
    if not _may_create(request):
        raise PermissionDenied("admin")
    form = NewOrganisation(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: actions.create(name=form.cleaned_data["name"], by=actor_of(request)))
        if made is not None:
            return rendering.done(
                request, reverse("projects", kwargs={"organisation_id": made.pk}), "Organisation created."
            )
    return rendering.form_page(request, "organisations/create.html", None, form)


def switcher(request: HttpRequest, organisation_id: int) -> HttpResponse:
    """What the menu in the top bar offers: this organisation's projects, and the other organisations."""
    place = at_organisation(request, organisation_id)
    projects = permissions.viewable_projects(place.by).filter(organisation=place.organisation).order_by("name")[:50]
    others = permissions.organisations_of(place.by).exclude(pk=organisation_id).order_by("name")[:50]
    return rendering.fragment(
        request, "organisations/switcher.html", place, {"projects": list(projects), "others": list(others)}
    )


def _may_create(request: HttpRequest) -> bool:
    assert isinstance(request.user, User)
    return request.user.is_superuser or not settings.VEXIL.restrict_org_create_to_superusers


urlpatterns = [
    page("", home, "home", is_public=True),
    page("organisations", listed, "organisations"),
    page("create", create, "organisation-create", methods="GET POST"),
    page("organisation/<int:organisation_id>/switcher", switcher, "switcher"),
]
