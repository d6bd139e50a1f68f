"""Connecting a program to an environment: what to paste, and whether it has asked for flags yet."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vexil.controlplane import permissions
from vexil.controlplane.dashboard import htmx, rendering, snippets
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, actor_of, at_environment
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Feature
from vexil.controlplane.queries import usage

_CONNECTED = 286  # by which htmx stops asking


def start(request: HttpRequest) -> HttpResponse:
    """The first environment that somebody may see; those without any go where they can make one."""
    environment = permissions.viewable_environments(actor_of(request)).order_by("pk").first()
    if environment is None:
        return HttpResponseRedirect(reverse("home"))
    parts = {"project_id": environment.project_id, "environment_key": environment.api_key}
    return HttpResponseRedirect(reverse("getting-started", kwargs=parts))


def connect(request: HttpRequest, project_id: int, environment_key: str) -> HttpResponse:
    place = at_environment(request, project_id, environment_key)
    feature = Feature.live.filter(project=place.project, is_archived=False).order_by("pk").first()
    language = snippets.language_of(request)
    snippet = snippets.filled(
        language, key=environment_key, api=api_url(request), feature=feature.name if feature else "your_feature"
    )
    links = [(one.label, f"?language={one.key}", one.key == language) for one in snippets.SNIPPETS]
    values = {"snippet": snippet, "languages": links, "feature": feature, **_heard(place)}
    if htmx.is_fragment(request):
        response = rendering.fragment(request, "getting_started/snippet.html", place, values)
    else:
        response = rendering.page(request, "getting_started/connect.html", place, values)
    response.set_cookie(snippets.COOKIE, language, max_age=31_536_000, samesite="Lax", secure=True)
    return response


def listen(request: HttpRequest, project_id: int, environment_key: str) -> HttpResponse:
    """Asked every other second until a program has asked for this environment's flags."""
    place = at_environment(request, project_id, environment_key)
    heard = _heard(place)
    status = _CONNECTED if heard["is_connected"] else 200
    return rendering.fragment(request, "getting_started/listening.html", place, heard, status=status)


def api_url(request: HttpRequest) -> str:
    """Where SDKs find the Flags API: as configured, else where this page was found."""
    configured: str = settings.VEXIL.api_url
    return request.build_absolute_uri(configured) if configured.startswith("/") else configured


def _heard(place: Place) -> dict[str, object]:
    assert place.environment is not None
    first = stores.current().evaluations.first(place.environment.pk)
    now = datetime.now(UTC)
    recent = usage.Span(now - timedelta(days=1), now + timedelta(hours=1))
    requests = usage.by_environment([place.environment.pk], recent).get(place.environment.pk, 0)
    return {"is_connected": first is not None or requests > 0, "first": first, "requests": requests}


_ENVIRONMENT = "project/<int:project_id>/environment/<str:environment_key>/getting-started"

urlpatterns = [
    page("getting-started", start, "getting-started-first"),
    page(_ENVIRONMENT, connect, "getting-started"),
    page(f"{_ENVIRONMENT}/listen", listen, "getting-started-listen"),
]
