"""Applications that act as people: the page on which one lets them in, and their end."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane.actions import oauth_applications
from vexil.controlplane.dashboard import content_policy, htmx, rendering
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import actor_of
from vexil.controlplane.queries import oauth
from vexil.controlplane.queries.oauth import Authorisation

_BAD_REQUEST = 400


def authorize(request: HttpRequest) -> HttpResponse:
    """Shows who asks for what; the answer goes to the application by way of the browser.

    Always loaded as a whole: swapped into another page, say after logging in, it would have that page's policy.
    """
    if request.method == "GET" and htmx.is_htmx(request):
        return htmx.go_to(request.get_full_path())
    asked: Mapping[str, str] = (request.POST if request.method == "POST" else request.GET).dict()
    try:
        wanted = oauth.authorisation(asked)
    except oauth.BadAuthorisation as refusal:
        values = {"error": refusal.error, "description": refusal.description}
        return rendering.page(request, "account/authorize_refused.html", None, values, status=_BAD_REQUEST)
    if request.method == "POST":
        return _to_application(_answer(request, wanted))
    shown = {"wanted": wanted, "asked": _repeated(asked), "goes_to": _shown(wanted.redirect_uri)}
    response = rendering.page(request, "account/authorize.html", None, shown)
    response.headers[content_policy.HEADER] = content_policy.with_forms_to(wanted.redirect_uri)
    return response


def revoke(request: HttpRequest, application_id: int) -> HttpResponse:
    by = actor_of(request)
    assert by.user
    now = datetime.now(UTC)
    application = oauth.authorised_applications(by.user, now=now).filter(pk=application_id).first()
    if application is None:
        raise Http404("application")
    oauth_applications.revoke(application, by.user, by=by, now=now)
    said = f"{application.name} can no longer act as you."
    return rendering.done(request, reverse("account"), said)


def _answer(request: HttpRequest, wanted: Authorisation) -> str:
    if request.POST.get("answer") != "allow":
        return oauth_applications.deny(wanted)
    return oauth_applications.allow(wanted, by=actor_of(request), now=datetime.now(UTC))


def _to_application(url: str) -> HttpResponse:
    """Django's own redirects know no schemes but those of the web; ours was compared with what is registered."""
    return HttpResponse(status=302, headers={"Location": url, "Cache-Control": "no-store"})


def _repeated(asked: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the form sends once more, to be checked once more."""
    return [(name, asked[name]) for name in oauth.PARAMETERS if name in asked]


def _shown(redirect_uri: str) -> str:
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


urlpatterns = [
    page("oauth/authorize", authorize, "oauth-authorize", methods="GET POST"),
    # The metadata names it so. Other pages with a final slash are redirected, but below /api/v1/ this is a path, too.
    page("oauth/authorize/", authorize, "oauth-authorize-named"),
    page("account/applications/<int:application_id>/revoke", revoke, "account-applications-revoke", methods="POST"),
]
