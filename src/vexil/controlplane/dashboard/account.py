"""One's own account: names, address, password, token, language of snippets, and its end."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vexil.controlplane.actions import users as actions
from vexil.controlplane.dashboard import rendering, snippets
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.passwords import NewPassword
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.db.models import User
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import oauth, second_factors


class Names(Form):
    first_name = forms.CharField(max_length=150)
    last_name = forms.CharField(max_length=150)


class _Proven(Form):
    """Asks for the password once more."""

    current_password = forms.CharField(
        strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        self.fields["current_password"].widget.attrs.pop("autofocus", None)

    def clean_current_password(self) -> str:
        password: str = self.cleaned_data["current_password"]
        if not self._user.check_password(password):
            raise forms.ValidationError("This is not your password.")
        return password


class Address(_Proven):
    new_email = forms.EmailField(label="New e-mail", max_length=254)
    field_order = ["new_email", "current_password"]


class Password(_Proven, NewPassword):
    field_order = ["current_password", "new_password", "repeated"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password"].widget.attrs.pop("autofocus", None)


class Goodbye(_Proven):
    delete_orphan_organisations = forms.BooleanField(
        required=False, label="Delete organisations, too, in which I am the only member"
    )


_FORMS: dict[str, type[Form]] = {"names": Names, "address": Address, "password": Password, "goodbye": Goodbye}


def account(request: HttpRequest) -> HttpResponse:
    """Several forms on one page; `which` says the one that was sent."""
    user = _user(request)
    shown = {name: _form(name, user) for name in _FORMS}
    which = request.POST.get("which", "")
    if request.method == "POST" and which in shown:
        form = shown[which] = _form(which, user, request.POST)
        if form.is_valid():
            done = _SAVES[which](request, user, form)
            if done is not None:
                return done
    values = {
        **shown,
        "has_second_factor": second_factors.has_one(user),
        "applications": list(oauth.authorised_applications(user, now=datetime.now(UTC))),
        "languages": snippets.SNIPPETS,
        "language": snippets.language_of(request),
    }
    status = rendering.INVALID if any(form.is_bound and form.errors for form in shown.values()) else 200
    return rendering.page(request, "account/account.html", None, values, status=status)


def token(request: HttpRequest) -> HttpResponse:
    """Shown when it is asked for, and not on a page that one opens for something else."""
    return rendering.page(request, "account/token.html", None, {"token": actions.token_of(_user(request))})


def invalidate_token(request: HttpRequest) -> HttpResponse:
    actions.delete_token(_user(request))
    return rendering.done(request, reverse("account"), "The token is no longer good; the next one is another.")


def choose_language(request: HttpRequest) -> HttpResponse:
    response = rendering.done(request, reverse("account"), "Saved.")
    language = request.POST.get("language", "")
    if language in snippets.BY_KEY:
        response.set_cookie(snippets.COOKIE, language, max_age=31_536_000, samesite="Lax", secure=True)
    return response


def _save_names(request: HttpRequest, user: User, form: Form) -> HttpResponse | None:
    actions.update(user, by=Actor(user=user), **form.cleaned_data)
    return rendering.done(request, reverse("account"), "Your names are saved.")


def _save_address(request: HttpRequest, user: User, form: Form) -> HttpResponse | None:
    form.attempt(lambda: actions.set_email(user, form.cleaned_data["new_email"], by=Actor(user=user)))
    return None if form.errors else rendering.done(request, reverse("account"), f"You now log in as {user.email}.")


def _save_password(request: HttpRequest, user: User, form: Form) -> HttpResponse | None:
    form.attempt(lambda: actions.set_password(user, form.cleaned_data["new_password"], by=Actor(user=user)))
    if form.errors:
        return None
    update_session_auth_hash(request, user)
    return rendering.done(request, reverse("account"), "Your password is changed. Sessions elsewhere have ended.")


def _delete(request: HttpRequest, user: User, form: Form) -> HttpResponse | None:
    orphans = form.cleaned_data["delete_orphan_organisations"]
    actions.delete(user, delete_orphan_organisations=orphans, by=Actor(user=user))
    logout(request)
    messages.success(request, "Your account is deleted.")
    return HttpResponseRedirect(reverse("login"))


_SAVES = {"names": _save_names, "address": _save_address, "password": _save_password, "goodbye": _delete}


def _form(name: str, user: User, given: Any = None) -> Form:
    kind = _FORMS[name]
    if issubclass(kind, _Proven):
        return kind(given, user=user, auto_id=f"{name}_%s")
    return kind(given, initial={"first_name": user.first_name, "last_name": user.last_name}, auto_id=f"{name}_%s")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


urlpatterns = [
    page("account", account, "account", methods="GET POST"),
    page("account/token", token, "account-token"),
    page("account/token/invalidate", invalidate_token, "account-token-invalidate", methods="POST"),
    page("account/language", choose_language, "account-language", methods="POST"),
]
