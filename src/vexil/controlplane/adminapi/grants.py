"""Grants of rights to users and groups: the same endpoints at organisations, projects and environments."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import grants as actions
from vexil.controlplane.adminapi import errors, levels
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.groups import GroupSerializer
from vexil.controlplane.adminapi.levels import Level
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Group, Organisation, User
from vexil.controlplane.permissions import AnyGrant
from vexil.controlplane.queries import grants as queries

USER, GROUP = "user", "group"

# compat: the reference's names of the objects, as its 404 answers tell them.
_MODELS = {USER: "User{}Permission", GROUP: "UserPermissionGroup{}Permission"}


class _GrantForm(serializers.Serializer[Any]):
    """Needs `level`, `kind` (of the holder) and `organisation` in its context."""

    permissions = serializers.ListField(child=serializers.CharField(), required=False)
    admin = serializers.BooleanField(source="is_admin", required=False)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        if not self.context["level"].has_admin:
            del fields["admin"]
        holders = _holders(self.context["kind"], self.context["organisation"])
        fields[self.context["kind"]] = serializers.PrimaryKeyRelatedField(queryset=holders, source="holder")
        return fields

    def validate_permissions(self, keys: list[str]) -> list[str]:
        known = self.context["level"].keys()
        for key in keys:
            if key not in known:
                raise serializers.ValidationError(f'Invalid pk "{key}" - object does not exist.')
        return list(dict.fromkeys(keys))


class _GrantView(APIView):
    level: Level = levels.ORGANISATION
    kind: str = USER

    def form(self, request: Request, place: actions.Place, grant: AnyGrant | None = None, **options: Any) -> Any:
        context = {"level": self.level, "kind": self.kind, "organisation": actions.organisation_of(place)}
        form = _GrantForm(grant, data=request.data, context=context, **options)
        form.is_valid(raise_exception=True)
        return form.validated_data

    def written(self, grant: AnyGrant) -> dict[str, Any]:
        """Writes answer with the holder's id."""
        answer: dict[str, Any] = {"id": grant.pk, "permissions": grant.permissions}
        if self.level.has_admin:
            answer["admin"] = grant.is_admin
        return {**answer, self.kind: grant.user_id if self.kind == USER else grant.group_id}

    def listed(self, grant: AnyGrant) -> dict[str, Any]:
        holder = _user_json(grant.user) if grant.user else self._group_json(grant.group)
        return {**self.written(grant), self.kind: holder}

    def _group_json(self, group: Group | None) -> dict[str, Any]:
        shown = dict(GroupSerializer(group).data)
        if self.level.shows_users_of_groups:
            return shown
        # compat: only environments show who is in the group; elsewhere there are ids.
        return {**shown, "users": [user["id"] for user in shown["users"]]}


class Grants(_GrantView):
    def get(self, request: Request, place: Any) -> Response:
        found = self.level.administered(actor_of(request), place)
        grants = queries.with_holders(actions.grants_at(found), self.kind)
        wanted = request.query_params.get(self.kind, "")
        if wanted.isascii() and wanted.isdigit() and len(wanted) <= 18:
            grants = grants.filter(**{f"{self.kind}_id": int(wanted)})
        return Response([self.listed(grant) for grant in grants])

    def post(self, request: Request, place: Any) -> Response:
        by = actor_of(request)
        found = self.level.to_add_to(by, place)
        return Response(self.written(actions.create(found, by=by, **self.form(request, found))), status=201)


class OneGrant(_GrantView):
    def get(self, request: Request, place: Any, grant_id: int) -> Response:
        return Response(self.written(self._grant(request, place, grant_id)))

    def put(self, request: Request, place: Any, grant_id: int) -> Response:
        return self._update(request, place, grant_id, partial=False)

    def patch(self, request: Request, place: Any, grant_id: int) -> Response:
        return self._update(request, place, grant_id, partial=True)

    def delete(self, request: Request, place: Any, grant_id: int) -> Response:
        actions.delete(self._grant(request, place, grant_id), by=actor_of(request))
        return Response(status=204)

    def _update(self, request: Request, place: Any, grant_id: int, *, partial: bool) -> Response:
        grant = self._grant(request, place, grant_id)
        changes = self.form(request, actions.place_of(grant), grant, partial=partial)
        return Response(self.written(actions.update(grant, by=actor_of(request), **changes)))

    def _grant(self, request: Request, place: Any, grant_id: int) -> AnyGrant:
        found = self.level.administered(actor_of(request), place)
        grant: AnyGrant | None = queries.with_holders(actions.grants_at(found), self.kind).filter(pk=grant_id).first()
        if grant is None:
            raise errors.no_match(_MODELS[self.kind].format(type(found).__name__))
        return grant


def _holders(kind: str, organisation: Organisation) -> QuerySet[Any]:
    """Only who belongs to the organisation can be granted something there; others are as good as unknown."""
    if kind == USER:
        return User.objects.filter(memberships__organisation=organisation)
    return Group.objects.filter(organisation=organisation)


def _user_json(user: User) -> dict[str, Any]:
    names = ("id", "email", "first_name", "last_name", "last_login", "uuid")
    return {name: getattr(user, name) for name in names}


_PLACES = (
    ("organisations/<str:place>", levels.ORGANISATION),
    ("projects/<id:place>", levels.PROJECT),
    ("environments/<str:place>", levels.ENVIRONMENT),
)
_KINDS = ((USER, "user-permissions"), (GROUP, "user-group-permissions"))

urlpatterns = [
    pattern
    for route, level in _PLACES
    for kind, name in _KINDS
    for pattern in (
        path(f"{route}/{name}/", Grants, level=level, kind=kind),
        path(f"{route}/{name}/<id:grant_id>/", OneGrant, level=level, kind=kind),
    )
]
