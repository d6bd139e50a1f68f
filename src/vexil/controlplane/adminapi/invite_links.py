"""Invite links, and joining an organisation with a link or an invite."""

from datetime import UTC, datetime

from django.db.models import Q
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import invites as actions
from vexil.controlplane.adminapi import errors, lookups, organisations
from vexil.controlplane.adminapi.authentication import actor_of, user_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Invite, InviteLink

_OPEN = Q(organisation__deleted_at__isnull=True)


class InviteLinkSerializer(serializers.ModelSerializer[InviteLink]):
    class Meta:
        model = InviteLink
        fields = ["id", "hash", "date_created", "role", "expires_at"]
        read_only_fields = ["hash", "date_created"]


class InviteLinks(APIView):
    def get(self, request: Request, organisation: str) -> Response:
        found = lookups.organisation_above(actor_of(request), organisation)
        actions.check_links_are_enabled()
        return Response(
            InviteLinkSerializer(InviteLink.objects.filter(organisation=found).order_by("pk"), many=True).data
        )

    def post(self, request: Request, organisation: str) -> Response:
        by = actor_of(request)
        found = lookups.organisation_above(by, organisation)
        form = InviteLinkSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        link = actions.create_link(found, by=by, **form.validated_data)
        return Response(InviteLinkSerializer(link).data, status=201)


class OneInviteLink(APIView):
    def delete(self, request: Request, organisation: str, link_id: int) -> Response:
        by = actor_of(request)
        found = lookups.organisation_above(by, organisation)
        link = InviteLink.objects.select_related("organisation").filter(organisation=found, pk=link_id).first()
        if link is None:
            raise errors.no_match("InviteLink")
        actions.delete_link(link, by=by)
        return Response(status=204)


class JoinByMail(APIView):
    def post(self, request: Request, secret: str) -> Response:
        user = user_of(request)
        invite = Invite.objects.select_related("organisation").filter(_OPEN, hash=secret).first()
        if invite is None:
            raise errors.no_match("Invite")
        return Response(organisations.shown(actions.join_by_mail(invite, user), actor_of(request)))


class JoinByLink(APIView):
    def post(self, request: Request, secret: str) -> Response:
        user = user_of(request)
        link = InviteLink.objects.select_related("organisation").filter(_OPEN, hash=secret).first()
        if link is None:
            raise errors.no_match("InviteLink")
        joined = actions.join_by_link(link, user, now=datetime.now(UTC))
        return Response(organisations.shown(joined, actor_of(request)))


urlpatterns = [
    path("organisations/<str:organisation>/invite-links/", InviteLinks),
    path("organisations/<str:organisation>/invite-links/<id:link_id>/", OneInviteLink),
    path("users/join/<str:secret>/", JoinByMail),
    path("users/join/link/<str:secret>/", JoinByLink),
]
