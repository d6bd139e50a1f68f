"""Making an account; with an invite's hash in the address also for those who could not otherwise."""

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vexil.controlplane.actions import account_mails, users
from vexil.controlplane.actions.users import SignUpClosed
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.sessions import open_session
from vexil.controlplane.db import throttles
from vexil.controlplane.db.models import User
from vexil.controlplane.queries import password_links


class SignUp(Form):
    first_name = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"autocomplete": "given-name"}))
    last_name = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"autocomplete": "family-name"}))
    email = forms.EmailField(
        label="E-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        strip=False,
        help_text="At least 8 characters; not only digits, not a common word.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


def sign_up(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return HttpResponseRedirect(reverse("home"))
    form = SignUp(request.POST or None)
    if request.method == "POST" and form.is_valid() and _is_admitted(request, form):
        user = _signed_up(request, form)
        if user is not None and user.is_active:
            return open_session(request, user, request.POST.get("redirect", ""))
        if user is not None:
            return rendering.page(request, "account/activation_sent.html", None, {"email": user.email})
    afterwards = request.POST.get("redirect") or request.GET.get("redirect", "")
    invite = request.POST.get("invite") or request.GET.get("invite", "")
    return rendering.form_page(request, "account/signup.html", None, form, {"afterwards": afterwards, "invite": invite})


def _signed_up(request: HttpRequest, form: SignUp) -> User | None:
    given = form.cleaned_data
    invite = request.POST.get("invite", "")
    try:
        made = form.attempt(lambda: users.sign_up(**given, invite_hash=invite))
    except SignUpClosed as closed:
        form.add_error(None, f"{closed} Ask an administrator for an invite.")
        return None
    if made is None:
        return None
    user, _ = made
    if not user.is_active:
        account_mails.mail_activation(user, site=password_links.site(request.build_absolute_uri("/")))
    return user


def _is_admitted(request: HttpRequest, form: SignUp) -> bool:
    address = throttles.client_address(request.META)
    wait = throttles.seconds_to_wait(f"signup:address:{address}", settings.VEXIL.signup_throttle_rate)
    if wait:
        form.add_error(None, f"Too many accounts were made from your address. Try again in {wait} seconds.")
    return not wait


urlpatterns = [page("signup", sign_up, "signup", methods="GET POST", is_public=True)]
