"""The address at which operators look for pages of their own: it leads to that of the installation's health."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse

from vexil.controlplane.dashboard.paths import page


def home(request: HttpRequest) -> HttpResponse:
    """compat: who is not logged in goes by way of the log-in that scripts and bookmarks know."""
    if not request.user.is_authenticated:
        return HttpResponseRedirect(f"{reverse('operators-login')}?next={request.path}")
    return HttpResponseRedirect(reverse("health"))


def log_in(request: HttpRequest) -> HttpResponse:
    """There is one way to log in, with the second step of those who have one; then back to where it began."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(reverse("operators"))
    return HttpResponseRedirect(f"{reverse('login')}?redirect={reverse('operators')}")


urlpatterns: list[URLPattern] = [
    page("admin/", home, "operators", is_public=True),
    page("admin/login/", log_in, "operators-login", is_public=True),
]
