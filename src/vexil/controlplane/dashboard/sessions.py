"""Logging in, with a second step for those who have a second factor, and out."""

from datetime import UTC, datetime

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from vexil.controlplane.actions import second_factors, users
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.db import throttles
from vexil.controlplane.db.models import User
from vexil.controlplane.queries import second_factors as factors
from vexil.rates import Rate

_FIRST_STEP = "first_step_passed"
_AFTERWARDS = "afterwards"


class LogIn(Form):
    email = forms.CharField(
        label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))


class SecondStep(Form):
    code = forms.CharField(
        label="Code",
        max_length=32,
        help_text="Of your authenticator app, or one of your backup codes.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}),
    )


def log_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return HttpResponseRedirect(_safe_address(request, request.GET.get("redirect", "")))
    form = LogIn(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = _authenticated(request, form)
        if user is not None:
            return _passed_first(request, user)
    return _shown(request, "account/login.html", form)


def log_in_code(request: HttpRequest) -> HttpResponse:
    user = factors.who_passed_first(request.session.get(_FIRST_STEP, ""))
    if user is None:
        return HttpResponseRedirect(reverse("login"))
    form = SecondStep(request.POST or None)
    if request.method == "POST" and form.is_valid() and _is_admitted(request, form, "mfa_code"):
        try:
            second_factors.use(user, form.cleaned_data["code"].strip(), now=datetime.now(UTC))
        except second_factors.WrongCode:
            form.add_error("code", "This code is wrong or has expired. Codes change every 30 seconds.")
        else:
            return open_session(request, user, request.session.pop(_AFTERWARDS, ""))
    return _shown(request, "account/login_code.html", form)


def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponseRedirect(reverse("login"))


def open_session(request: HttpRequest, user: User, afterwards: str = "") -> HttpResponse:
    """Log somebody in who has passed all steps."""
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    users.note_login(user, now=datetime.now(UTC))
    return HttpResponseRedirect(_safe_address(request, afterwards))


def _authenticated(request: HttpRequest, form: LogIn) -> User | None:
    if settings.VEXIL.prevent_email_password:
        form.add_error(None, "Logging in by password is switched off here (PREVENT_EMAIL_PASSWORD).")
    elif _is_admitted(request, form, "login"):
        user = authenticate(request, username=form.cleaned_data["email"], password=form.cleaned_data["password"])
        if isinstance(user, User):
            return user
        form.add_error(None, "E-mail address and password do not fit together.")
    return None


def _passed_first(request: HttpRequest, user: User) -> HttpResponse:
    afterwards = request.POST.get("redirect", "")
    if not factors.has_one(user):
        return open_session(request, user, afterwards)
    request.session[_FIRST_STEP] = factors.first_passed_by(user)
    request.session[_AFTERWARDS] = afterwards
    return HttpResponseRedirect(reverse("login-code"))


def _is_admitted(request: HttpRequest, form: Form, scope: str) -> bool:
    """Counts in the same bucket as the Admin API's log-in."""
    rate: Rate | None = getattr(settings.VEXIL, f"{scope}_throttle_rate")
    wait = throttles.seconds_to_wait(f"{scope}:address:{throttles.client_address(request.META)}", rate)
    if wait:
        form.add_error(None, f"Too many attempts from your address. Try again in {wait} seconds.")
    return not wait


def _safe_address(request: HttpRequest, wanted: str) -> str:
    """Only pages of this site: a link must not lead people who have just logged in to a copy of it elsewhere."""
    is_ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if is_ours else reverse("home")


def _shown(request: HttpRequest, template: str, form: Form) -> HttpResponse:
    afterwards = request.POST.get("redirect") or request.GET.get("redirect", "")
    may_sign_up = not (settings.VEXIL.prevent_signup or settings.VEXIL.prevent_email_password)
    return rendering.form_page(request, template, None, form, {"afterwards": afterwards, "may_sign_up": may_sign_up})


urlpatterns = [
    page("login", log_in, "login", methods="GET POST", is_public=True),
    page("login/code", log_in_code, "login-code", methods="GET POST", is_public=True),
    page("logout", log_out, "logout", methods="POST", is_public=True),
]
