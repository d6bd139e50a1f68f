"""A forgotten password: asking for a link by mail, and choosing another by it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vexil.controlplane.actions import account_mails, users
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import password_links


class Address(Form):
    email = forms.EmailField(
        label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )


class NewPassword(Form):
    new_password = forms.CharField(
        label="New password",
        strip=False,
        help_text="At least 8 characters; not only digits, not a common word.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
    )
    repeated = forms.CharField(
        label="Once more", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("new_password") and given.get("repeated") and given["new_password"] != given["repeated"]:
            self.add_error("repeated", "This is not the same password.")
        return given


def forgotten(request: HttpRequest) -> HttpResponse:
    """The same answer whether or not there is such an account."""
    form = Address(request.POST or None)
    if request.method == "POST" and form.is_valid():
        site = password_links.site(request.build_absolute_uri("/"))
        account_mails.mail_password_link(form.cleaned_data["email"], site=site)
        return rendering.page(request, "account/link_sent.html", None, {"email": form.cleaned_data["email"]})
    return rendering.form_page(request, "account/forgotten.html", None, form)


def choose(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    user = password_links.user_of_uid(uid)
    if user is None or not password_links.is_valid(user, token):
        return rendering.page(request, "account/link_dead.html", status=404)
    form = NewPassword(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.attempt(lambda: users.set_password(user, form.cleaned_data["new_password"], by=Actor(user=user)))
        if not form.errors:
            messages.success(request, "Your password is changed. Log in with it.")
            return HttpResponseRedirect(reverse("login"))
    return rendering.form_page(request, "account/choose_password.html", None, form, {"email": user.email})


urlpatterns = [
    page("password-reset", forgotten, "password-forgotten", methods="GET POST", is_public=True),
    page("password-reset/<str:uid>/<str:token>", choose, "password-choose", methods="GET POST", is_public=True),
]
