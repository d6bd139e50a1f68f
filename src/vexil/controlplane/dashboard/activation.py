"""Pages that mailed links lead to: switching an account on, and moving it to another address."""

from django import forms
from django.contrib import messages
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vexil.controlplane.actions import account_mails, users
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.db.models import User
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import account_links, password_links


class NewAddress(Form):
    new_email = forms.EmailField(label="New e-mail", max_length=254)


def activate(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """A press on the button, not the mere visit, uses the link: mail programs visit links by themselves."""
    user = _owner(uid, token, account_links.ACTIVATION)
    if user is None or user.is_active:
        return rendering.page(request, "account/link_dead.html", status=404)
    if request.method != "POST":
        return rendering.page(request, "account/activate.html", None, {"email": user.email})
    account_mails.activate(user)
    messages.success(request, "Your account is active. Log in with it.")
    return HttpResponseRedirect(reverse("login"))


def move(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    user = _owner(uid, token, account_links.NEW_ADDRESS)
    if user is None:
        return rendering.page(request, "account/link_dead.html", status=404)
    form = NewAddress(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.attempt(lambda: users.set_email(user, form.cleaned_data["new_email"], by=Actor(user=user)))
        if not form.errors:
            messages.success(request, f"You now log in as {user.email}.")
            return HttpResponseRedirect(reverse("login"))
    return rendering.form_page(request, "account/move.html", None, form, {"email": user.email})


def _owner(uid: str, token: str, purpose: PasswordResetTokenGenerator) -> User | None:
    user = password_links.user_of_uid(uid)
    return user if user is not None and purpose.check_token(user, token) else None


urlpatterns = [
    page("activate/<str:uid>/<str:token>", activate, "activate", methods="GET POST", is_public=True),
    page("email/reset/confirm/<str:uid>/<str:token>", move, "account-move", methods="GET POST", is_public=True),
]
