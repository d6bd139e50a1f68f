"""Setting up an authenticator app for one's own account, and leaving it."""

import io
from datetime import UTC, datetime

import segno
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from vexil.controlplane.actions import second_factors as actions
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.db.models import User

_SECRET = "second_factor_secret"  # noqa: S105 -- the name of a place in the session
_LINK = "second_factor_link"


class Code(Form):
    code = forms.CharField(
        max_length=12,
        label="Code of the app",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


def begin(request: HttpRequest) -> HttpResponse:
    try:
        secret = actions.begin(_user(request))
    except actions.AlreadyActive:
        messages.info(request, "Two-step log-in is on already.")
        return HttpResponseRedirect(reverse("account"))
    request.session[_SECRET], request.session[_LINK] = secret.text, secret.link
    return HttpResponseRedirect(reverse("second-factor"))


def confirm(request: HttpRequest) -> HttpResponse:
    """The QR code, until a code of the app proves that it was taken; then the backup codes, once."""
    link = request.session.get(_LINK)
    if link is None:
        return HttpResponseRedirect(reverse("account"))
    form = Code(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = actions.confirm(_user(request), form.cleaned_data["code"].strip(), now=datetime.now(UTC))
        except actions.WrongCode:
            form.add_error("code", "This code is wrong or has expired. Check the clock of your phone.")
        except actions.AlreadyActive:
            return HttpResponseRedirect(reverse("account"))
        else:
            for name in (_SECRET, _LINK):
                request.session.pop(name, None)
            return rendering.page(request, "account/backup_codes.html", None, {"codes": codes})
    values = {"picture": _picture(link), "secret": request.session[_SECRET]}
    return rendering.form_page(request, "account/second_factor.html", None, form, values)


def leave(request: HttpRequest) -> HttpResponse:
    """Asks for the password: a browser left open must not be enough."""
    if not _user(request).check_password(request.POST.get("current_password", "")):
        messages.error(request, "This is not your password. Two-step log-in stays on.")
        return rendering.done(request, reverse("account"))
    try:
        actions.deactivate(_user(request))
    except actions.NotActive:
        return rendering.done(request, reverse("account"))
    return rendering.done(request, reverse("account"), "Two-step log-in is off.")


def _picture(link: str) -> SafeString:
    """The QR code as SVG, without any style of its own."""
    out = io.BytesIO()
    segno.make(link, micro=False).save(
        out,
        kind="svg",
        xmldecl=False,
        svgclass="qr",
        lineclass=None,
        scale=4,
        border=3,
        light="#ffffff",
        dark="#000000",
    )
    return mark_safe(out.getvalue().decode())  # noqa: S308 -- made here


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


urlpatterns = [
    page("account/second-factor/begin", begin, "second-factor-begin", methods="POST"),
    page("account/second-factor", confirm, "second-factor", methods="GET POST"),
    page("account/second-factor/leave", leave, "second-factor-leave", methods="POST"),
]
