"""Inviting people by mail or by a link, and joining by either."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vexil.controlplane.actions import invites as actions
from vexil.controlplane.actions.invites import (
    InviteExpired,
    JoiningByLinkDisabled,
    LinksDisabled,
    NewInvite,
    WrongAddress,
)
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_organisation
from vexil.controlplane.db import throttles
from vexil.controlplane.db.models import Group, Invite, InviteLink, Organisation, User
from vexil.controlplane.db.models.organisations import Role
from vexil.controlplane.queries import invites as queries
from vexil.controlplane.queries import password_links

ROLES = ((Role.USER.value, "Member: sees what they are given"), (Role.ADMIN.value, "Administrator: may do everything"))


class NewInvites(Form):
    emails = forms.CharField(
        label="E-mail addresses",
        help_text="One a line.",
        widget=forms.Textarea(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    role = forms.ChoiceField(choices=ROLES)
    groups = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, groups: list[Group], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"].choices = [(str(group.pk), group.name) for group in groups]  # type: ignore[attr-defined]

    def clean_emails(self) -> list[str]:
        addresses = [line.strip().lower() for line in self.cleaned_data["emails"].replace(",", "\n").splitlines()]
        field = forms.EmailField()
        for address in filter(None, addresses):
            try:
                field.clean(address)
            except forms.ValidationError:
                raise forms.ValidationError(f"“{address}” is no e-mail address.") from None
        return list(dict.fromkeys(filter(None, addresses)))


def shown_invitations(request: HttpRequest, place: Place) -> dict[str, object]:
    """What the members' page shows of invites; for administrators. Three statements."""
    site = password_links.site(request.build_absolute_uri("/"))
    links = InviteLink.objects.filter(organisation=place.organisation).order_by("pk")
    invites = queries.invites_to(place.organisation)
    return {
        "invites": [(invite, f"{site}/invite/{invite.hash}") for invite in invites],
        "links": [(link, f"{site}/invite-link/{link.hash}") for link in links],
        "are_links_disabled": settings.VEXIL.disable_invite_links,
    }


def invite(request: HttpRequest, organisation_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id, needs_admin=True)
    groups = list(Group.objects.filter(organisation=place.organisation).order_by("name"))
    form = NewInvites(request.POST or None, groups=groups)
    if request.method == "POST" and form.is_valid() and _is_admitted(place, form):
        given = form.cleaned_data
        chosen = [group for group in groups if str(group.pk) in given["groups"]]
        people = [NewInvite(email, given["role"], chosen) for email in given["emails"]]
        site = password_links.site(request.build_absolute_uri("/"))
        made = form.attempt(lambda: actions.invite(place.organisation, people, by=place.by, site=site))
        if made is not None:
            return rendering.done(request, _members_url(organisation_id), f"{len(made)} invited by mail.")
    return rendering.form_page(request, "members/invite.html", place, form)


def resend(request: HttpRequest, organisation_id: int, invite_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id, needs_admin=True)
    found = _invite(place, invite_id)
    actions.resend(found, by=place.by, site=password_links.site(request.build_absolute_uri("/")))
    return rendering.done(request, _members_url(organisation_id), f"Sent to {found.email} once more.")


def revoke(request: HttpRequest, organisation_id: int, invite_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id, needs_admin=True)
    actions.delete(_invite(place, invite_id), by=place.by)
    return rendering.done(request, _members_url(organisation_id), "The invite is no longer good.")


def create_link(request: HttpRequest, organisation_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id, needs_admin=True)
    role = Role.ADMIN if request.POST.get("role") == Role.ADMIN else Role.USER
    try:
        actions.create_link(place.organisation, by=place.by, role=role)
    except LinksDisabled:
        messages.error(request, "Invite links are switched off here (DISABLE_INVITE_LINKS).")
    return rendering.done(request, _members_url(organisation_id))


def delete_link(request: HttpRequest, organisation_id: int, link_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id, needs_admin=True)
    link = InviteLink.objects.filter(organisation=place.organisation, pk=link_id).first()
    if link is None:
        raise Http404("link")
    actions.delete_link(link, by=place.by)
    return rendering.done(request, _members_url(organisation_id), "The link is no longer good.")


def join_by_mail(request: HttpRequest, secret: str) -> HttpResponse:
    found = Invite.objects.filter(hash=secret, organisation__deleted_at=None).select_related("organisation").first()
    if found is None:
        return _dead_end(
            request, "This invite does not work any more", "It was used, taken back, or its organisation is gone."
        )
    return _joining(request, found.organisation, lambda user: actions.join_by_mail(found, user), found.email, secret)


def join_by_link(request: HttpRequest, secret: str) -> HttpResponse:
    link = InviteLink.objects.filter(hash=secret, organisation__deleted_at=None).select_related("organisation").first()
    if link is None:
        return _dead_end(request, "This link does not work any more", "It was taken back, or its organisation is gone.")
    now = datetime.now(UTC)
    return _joining(request, link.organisation, lambda user: actions.join_by_link(link, user, now=now), "", secret)


def _joining(request: HttpRequest, organisation: Organisation, join: Any, email: str, secret: str) -> HttpResponse:
    """Ask those who are logged in, and send the others to do that first."""
    if not isinstance(request.user, User):
        values = {"organisation": organisation, "email": email, "here": quote(request.path), "secret": secret}
        return rendering.page(request, "members/join_first.html", None, values)
    if request.method != "POST":
        return rendering.page(request, "members/join.html", None, {"organisation": organisation, "email": email})
    try:
        join(request.user)
    except WrongAddress:
        text = (
            f"It is for {email}, and you are logged in as {request.user.email}. Log out and in again with that address."
        )
        return _dead_end(request, "This invite is for somebody else", text)
    except (InviteExpired, JoiningByLinkDisabled) as refusal:
        return _dead_end(request, "This link does not work any more", f"{refusal}. Ask for another.")
    messages.success(request, f"You are now a member of {organisation.name}.")
    return HttpResponseRedirect(reverse("projects", kwargs={"organisation_id": organisation.pk}))


def _dead_end(request: HttpRequest, title: str, text: str) -> HttpResponse:
    values = {"status_code": 404, "title": title, "text": text}
    return rendering.page(request, "pages/problem.html", None, values, status=404)


def _invite(place: Place, invite_id: int) -> Invite:
    found = queries.invites_to(place.organisation).filter(pk=invite_id).first()
    if found is None:
        raise Http404("invite")
    return found


def _is_admitted(place: Place, form: NewInvites) -> bool:
    assert place.by.user is not None
    wait = throttles.seconds_to_wait(f"invite:user:{place.by.user.pk}", settings.VEXIL.invite_throttle_rate)
    if wait:
        form.add_error(None, f"Too many invites in a short time. Try again in {wait} seconds.")
    return not wait


def _members_url(organisation_id: int) -> str:
    return reverse("members", kwargs={"organisation_id": organisation_id})


_INVITES = "organisation/<int:organisation_id>/permissions"

urlpatterns = [
    page(f"{_INVITES}/invite", invite, "members-invite", methods="GET POST"),
    page(f"{_INVITES}/invites/<int:invite_id>/resend", resend, "members-invite-resend", methods="POST"),
    page(f"{_INVITES}/invites/<int:invite_id>/revoke", revoke, "members-invite-revoke", methods="POST"),
    page(f"{_INVITES}/links", create_link, "members-link-create", methods="POST"),
    page(f"{_INVITES}/links/<int:link_id>/delete", delete_link, "members-link-delete", methods="POST"),
    page("invite/<str:secret>", join_by_mail, "join", methods="GET POST", is_public=True),
    page("invite-link/<str:secret>", join_by_link, "join-link", methods="GET POST", is_public=True),
]
