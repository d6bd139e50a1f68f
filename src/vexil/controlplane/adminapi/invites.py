"""Inviting people to an organisation by mail, one at a time or many at once."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import invites as actions
from vexil.controlplane.actions.invites import NewInvite
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.nested_bodies import PlacedErrors
from vexil.controlplane.adminapi.organisation_serializers import MemberSerializer
from vexil.controlplane.adminapi.pagination import Pages
from vexil.controlplane.adminapi.parsing import body_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.adminapi.throttling import INVITE
from vexil.controlplane.db.models import Group, Invite, Organisation, Role
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import invites as queries
from vexil.controlplane.queries import organisations, password_links

PEOPLE_MAX = 1_000


class _NewInvite(serializers.Serializer[None]):
    """Needs the organisation in its context."""

    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=Role.choices, default=Role.USER)
    permission_groups = serializers.PrimaryKeyRelatedField(many=True, required=False, queryset=Group.objects.all())

    def validate_email(self, value: str) -> str:
        if queries.is_invited(self.context["organisation"], value.lower()):
            raise serializers.ValidationError(f"Invite for email {value} already exists")
        return value.lower()

    def validate_permission_groups(self, groups: list[Group]) -> list[Group]:
        for group in groups:
            if group.organisation_id != self.context["organisation"].pk:
                raise serializers.ValidationError(f'Invalid pk "{group.pk}" - object does not exist.')
        return groups


class _ManyInvites(serializers.Serializer[None]):
    invites: Any = PlacedErrors(child=_NewInvite(), required=False, max_length=PEOPLE_MAX)


class Invites(APIView):
    def get(self, request: Request, organisation: str) -> Response:
        found = lookups.organisation_above(actor_of(request), organisation)
        pages = Pages()
        page = pages.paginate_queryset(queries.invites_to(found), request) or []
        members = _members(found)
        return pages.get_paginated_response([_listed(invite, members) for invite in page])

    def post(self, request: Request, organisation: str) -> Response:
        by = actor_of(request)
        found = lookups.organisation_above(by, organisation)
        form = _NewInvite(data=request.data, context={"organisation": found})
        form.is_valid(raise_exception=True)
        [invite] = actions.invite(found, [_person(form.validated_data)], by=by, site=_site(request))
        return Response({**_basics(invite), "role": invite.role}, status=201)


class ManyInvites(APIView):
    throttle_scopes = {"POST": INVITE}

    def post(self, request: Request, organisation: str) -> Response:
        by = actor_of(request)
        found = lookups.administered_organisation(by, organisation)
        form = _ManyInvites(data=_as_invites(body_of(request)), context={"organisation": found})
        form.is_valid(raise_exception=True)
        people = [_person(sent) for sent in form.validated_data.get("invites", [])]
        _check_once_each(people)
        return Response([_created(invite) for invite in actions.invite(found, people, by=by, site=_site(request))], 201)


class OneInvite(APIView):
    def get(self, request: Request, organisation: str, invite_id: int) -> Response:
        invite = _invite(actor_of(request), organisation, invite_id)
        return Response(_listed(invite, _members(invite.organisation)))

    def delete(self, request: Request, organisation: str, invite_id: int) -> Response:
        by = actor_of(request)
        actions.delete(_invite(by, organisation, invite_id), by=by)
        return Response(status=204)


class ResentInvite(APIView):
    throttle_scopes = {"POST": INVITE}

    def post(self, request: Request, organisation: str, invite_id: int) -> Response:
        by = actor_of(request)
        actions.resend(_invite(by, organisation, invite_id), by=by, site=_site(request))
        return Response()


def _invite(by: Actor, organisation: str, invite_id: int) -> Invite:
    found = lookups.organisation_above(by, organisation)
    invite = queries.invites_to(found).filter(pk=invite_id).first()
    if invite is None:
        raise errors.no_match("Invite")
    return invite


def _as_invites(body: dict[str, Any]) -> dict[str, Any]:
    """The older form, a list of addresses, as invites of plain users."""
    emails = body.get("emails")
    if emails is None or body.get("invites"):
        return body
    if not isinstance(emails, list):
        raise errors.invalid(f'Expected a list of items but got type "{type(emails).__name__}".', "emails")
    return {"invites": [{"email": email} for email in emails]}


def _check_once_each(people: list[NewInvite]) -> None:
    seen: set[str] = set()
    faults: list[dict[str, Any]] = []
    for person in people:
        taken = person.email in seen
        faults.append({"email": [f"Invite for email {person.email} already exists"]} if taken else {})
        seen.add(person.email)
    if any(faults):
        raise ValidationError({"invites": faults})


def _person(sent: dict[str, Any]) -> NewInvite:
    return NewInvite(sent["email"], sent["role"], sent.get("permission_groups", []))


def _site(request: Request) -> str:
    return password_links.site(request.build_absolute_uri("/"))


def _members(organisation: Organisation) -> dict[int, dict[str, Any]]:
    return {row.user_id: dict(MemberSerializer(row).data) for row in organisations.members_of(organisation)}


def _basics(invite: Invite) -> dict[str, Any]:
    return {
        "id": invite.pk,
        "email": invite.email,
        "date_created": invite.date_created,
        "permission_groups": [group.pk for group in invite.groups.all()],
    }


def _listed(invite: Invite, members: dict[int, dict[str, Any]]) -> dict[str, Any]:
    by = None if invite.invited_by_id is None else members.get(invite.invited_by_id)
    return {**_basics(invite), "invited_by": by}


def _created(invite: Invite) -> dict[str, Any]:
    user = invite.invited_by
    names = ("id", "email", "first_name", "last_name")
    by = None if user is None else {name: getattr(user, name) for name in names}
    return {**_basics(invite), "role": invite.role, "invited_by": by}


urlpatterns = [
    path("organisations/<str:organisation>/invite/", ManyInvites),
    path("organisations/<str:organisation>/invites/", Invites),
    path("organisations/<str:organisation>/invites/<id:invite_id>/", OneInvite),
    path("organisations/<str:organisation>/invites/<id:invite_id>/resend/", ResentInvite),
]
