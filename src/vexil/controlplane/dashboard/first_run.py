"""The first page of an empty installation, which makes all that a first flag needs."""

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vexil.controlplane.actions import first_run as actions
from vexil.controlplane.actions.first_run import Beginning, UsersExist
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.sessions import open_session
from vexil.controlplane.dashboard.sign_up import SignUp
from vexil.controlplane.queries import installation


class Welcome(SignUp):
    organisation = forms.CharField(max_length=2000, help_text="Your company or team.")
    project = forms.CharField(max_length=2000, help_text="The product or service that gets flags.")


def welcome(request: HttpRequest) -> HttpResponse:
    has_people, _ = installation.people()
    if has_people:
        return HttpResponseRedirect(reverse("login"))
    form = Welcome(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            begun = form.attempt(lambda: actions.begin(Beginning(**form.cleaned_data)))
        except UsersExist:
            return HttpResponseRedirect(reverse("login"))
        if begun is not None:
            user, environment = begun
            parts = {"project_id": environment.project_id, "environment_key": environment.api_key}
            return open_session(request, user, reverse("getting-started", kwargs=parts))
    return rendering.form_page(request, "account/welcome.html", None, form)


urlpatterns = [page("welcome", welcome, "welcome", methods="GET POST", is_public=True)]
