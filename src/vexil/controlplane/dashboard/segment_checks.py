"""Trying a segment's rules before they are saved: who would be in it, and what a regular expression takes."""

from django.http import HttpRequest, HttpResponse

from vexil import engine
from vexil.controlplane import permissions
from vexil.controlplane.dashboard import rendering, rule_drafts, traits
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import at_project
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment
from vexil.controlplane.queries import explanations
from vexil.controlplane.queries import segments as queries
from vexil.stores.identities import Identity


def check(request: HttpRequest, project_id: int) -> HttpResponse:
    """Which conditions of the rules in the form somebody meets: a stored identity, or one made up with its traits."""
    place = at_project(request, project_id)
    assert place.project is not None
    seen = permissions.environments_seen(place.standing, place.project)
    environment = next((one for one in seen if one.api_key == request.POST.get("environment")), None)
    if environment is None:
        return rendering.fragment(request, "segments/check.html", place, {"problem": "Choose an environment."})
    identifier = request.POST.get("identifier", "").strip()
    given, wrong = traits.of_lines(request.POST.get("traits", ""))
    identity = (
        _stored(environment, identifier)
        if place.standing.at_environment(environment).include(permissions.VIEW_IDENTITIES)
        else None
    )
    subject = queries.subject_of_anybody(environment, identifier or "somebody", identity, given)
    rules = explanations.rules_of([draft.as_stored() for draft in rule_drafts.of_form(request.POST)])
    traces = engine.explain_rules(request.POST.get("segment", "0"), rules, subject)
    values = {
        "is_in": bool(traces) and all(trace.is_met for trace in traces),
        "traces": traces,
        "identity": identity,
        "identifier": identifier,
        "traits": subject.traits,
        "wrong": wrong,
    }
    return rendering.fragment(request, "segments/check.html", place, values)


def pattern(request: HttpRequest, project_id: int) -> HttpResponse:
    """What a regular expression takes from the beginning of a text, as evaluation does it."""
    place = at_project(request, project_id)
    text = next((str(value) for name, value in request.GET.items() if name.endswith(".value")), "")
    sample = request.GET.get("sample", "")
    fault = engine.pattern_error(text)
    is_match = fault is None and queries.pattern_matches(text, sample)
    return rendering.fragment(
        request, "segments/pattern.html", place, {"fault": fault, "is_match": is_match, "sample": sample}
    )


def _stored(environment: Environment, identifier: str) -> Identity | None:
    return stores.current().identities.find(environment.pk, identifier) if identifier else None


_SEGMENTS = "project/<int:project_id>/segments"

urlpatterns = [
    page(f"{_SEGMENTS}/check", check, "segments-check", methods="POST"),
    page(f"{_SEGMENTS}/pattern", pattern, "segments-pattern"),
]
