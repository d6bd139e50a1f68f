"""From prepared values to HTML: pages, fragments and where to go after a change."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string

from vexil.controlplane.dashboard import htmx, usage_alerts
from vexil.controlplane.dashboard.navigation import navigation
from vexil.controlplane.dashboard.places import Place

INVALID = 422
"""The status of a form that was not taken."""


Values = Mapping[str, Any]


def page(
    request: HttpRequest, template: str, place: Place | None = None, values: Values | None = None, *, status: int = 200
) -> HttpResponse:
    """A whole page; `place` fills the navigation around it."""
    around = {
        "place": place,
        "navigation": navigation(request, place),
        "theme": theme_of(request),
        "alert": usage_alerts.of(place),
    }
    html = render_to_string(template, {**around, **(values or {})}, request)
    return htmx.varied(HttpResponse(html, status=status))


def form_page(
    request: HttpRequest, template: str, place: Place | None, form: BaseForm, values: Values | None = None
) -> HttpResponse:
    """A page around a form, which comes back with what was typed and what is wrong with it."""
    status = INVALID if form.errors else 200
    return page(request, template, place, {"form": form, **(values or {})}, status=status)


def fragment(
    request: HttpRequest, template: str, place: Place | None = None, values: Values | None = None, *, status: int = 200
) -> HttpResponse:
    """A part of a page, followed by what there is to say of a change."""
    html = render_to_string(template, {"place": place, **(values or {})}, request)
    said = render_to_string("layouts/toasts.html", {"is_update": True}, request)
    return htmx.varied(HttpResponse(html + said, status=status))


def done(request: HttpRequest, url: str, said: str = "") -> HttpResponse:
    """After a change: on to the page that shows it."""
    if said:
        messages.success(request, said)
    return htmx.go_to(url) if htmx.is_fragment(request) else HttpResponseRedirect(url)


def theme_of(request: HttpRequest) -> str:
    """`light`, `dark`, or nothing for what the system has."""
    theme = request.COOKIES.get("theme", "")
    return theme if theme in {"light", "dark"} else ""
