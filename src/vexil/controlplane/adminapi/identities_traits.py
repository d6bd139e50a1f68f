"""Traits of an identity, one by one."""

import math
from dataclasses import dataclass
from typing import Any

from django.db import models
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import identities as actions
from vexil.controlplane.actions.values import INTEGER_MAX, INTEGER_MIN
from vexil.controlplane.adminapi import errors
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.identities import find
from vexil.controlplane.adminapi.pagination import Pages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Environment
from vexil.controlplane.permissions import MANAGE_IDENTITIES, VIEW_IDENTITIES, Actor
from vexil.stores.identities import Identity, Trait, TraitValue


class _Type(models.TextChoices):
    INTEGER = "int"
    STRING = "unicode"
    BOOLEAN = "bool"
    FLOAT = "float"


_COLUMNS = {
    _Type.INTEGER: "integer_value",
    _Type.STRING: "string_value",
    _Type.BOOLEAN: "boolean_value",
    _Type.FLOAT: "float_value",
}
_VALUE_CHARACTERS_MAX = 2_000
_KEY_CHARACTERS_MAX = 200


class _Number(serializers.FloatField):
    def to_internal_value(self, data: Any) -> float:
        number = super().to_internal_value(data)
        if not math.isfinite(number):
            self.fail("invalid")
        return number


class _Trait(serializers.Serializer[Any]):
    trait_key = serializers.CharField(max_length=_KEY_CHARACTERS_MAX)
    value_type = serializers.ChoiceField(choices=_Type.values, required=False)
    integer_value = serializers.IntegerField(
        required=False, allow_null=True, min_value=INTEGER_MIN, max_value=INTEGER_MAX
    )
    string_value = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, trim_whitespace=False, max_length=_VALUE_CHARACTERS_MAX
    )
    boolean_value = serializers.BooleanField(required=False, allow_null=True)
    float_value = _Number(required=False, allow_null=True)


@dataclass(frozen=True, slots=True)
class _Sent:
    key: str
    value: TraitValue


class Traits(APIView):
    def get(self, request: Request, environment_key: str, identity_id: int) -> Response:
        _, identity = find(actor_of(request), environment_key, identity_id, VIEW_IDENTITIES)
        pages = Pages()
        page = pages.paginate_queryset(identity.traits, request, view=self) or []
        return pages.get_paginated_response([_json(trait) for trait in page])

    def post(self, request: Request, environment_key: str, identity_id: int) -> Response:
        by = actor_of(request)
        environment, identity = find(by, environment_key, identity_id, MANAGE_IDENTITIES)
        sent = _valid(request)
        _check_new(identity, sent.key)
        return Response(_json(_set(environment, identity, {sent.key: sent.value}, by)), status=201)


class OneTrait(APIView):
    def get(self, request: Request, environment_key: str, identity_id: int, trait_id: int) -> Response:
        _, identity = find(actor_of(request), environment_key, identity_id, VIEW_IDENTITIES)
        return Response(_json(_find(identity, trait_id)))

    def put(self, request: Request, environment_key: str, identity_id: int, trait_id: int) -> Response:
        return self._update(request, environment_key, identity_id, trait_id, partial=False)

    def patch(self, request: Request, environment_key: str, identity_id: int, trait_id: int) -> Response:
        return self._update(request, environment_key, identity_id, trait_id, partial=True)

    def delete(self, request: Request, environment_key: str, identity_id: int, trait_id: int) -> Response:
        by = actor_of(request)
        environment, identity = find(by, environment_key, identity_id, MANAGE_IDENTITIES)
        trait = _find(identity, trait_id)
        if request.query_params.get("deleteAllMatchingTraits", "").lower() == "true":
            actions.delete_trait_everywhere(environment, trait.key, by=by)
        else:
            actions.set_traits(environment, identity, {trait.key: None}, by=by)
        return Response(status=204)

    def _update(
        self, request: Request, environment_key: str, identity_id: int, trait_id: int, *, partial: bool
    ) -> Response:
        by = actor_of(request)
        environment, identity = find(by, environment_key, identity_id, MANAGE_IDENTITIES)
        trait = _find(identity, trait_id)
        sent = _valid(request, trait, partial=partial)
        if sent.key != trait.key:
            _check_new(identity, sent.key)
        return Response(_json(_set(environment, identity, {trait.key: None, sent.key: sent.value}, by)))


def _valid(request: Request, trait: Trait | None = None, *, partial: bool = False) -> _Sent:
    """What is sent, with gaps filled from the trait that it changes."""
    form = _Trait(data=request.data, partial=partial)
    form.is_valid(raise_exception=True)
    sent = {**(_columns(trait) if trait else {}), **form.validated_data}
    column = _COLUMNS[_Type(sent.get("value_type", _Type.STRING))]
    if sent.get(column) is None:
        raise errors.invalid("This field is required.", column)
    return _Sent(sent["trait_key"], sent[column])


def _set(environment: Environment, identity: Identity, traits: dict[str, TraitValue | None], by: Actor) -> Trait:
    """The trait that comes last, as it is afterwards."""
    changed = actions.set_traits(environment, identity, traits, by=by)
    return next(trait for trait in changed.traits if trait.key == list(traits)[-1])


def _find(identity: Identity, trait_id: int) -> Trait:
    trait = next((trait for trait in identity.traits if trait.id == trait_id), None)
    if trait is None:
        raise errors.no_match("Trait")
    return trait


def _check_new(identity: Identity, key: str) -> None:
    if key in identity.trait_values():
        raise errors.invalid("Trait with this key already exists for this identity.", "trait_key")


def _columns(trait: Trait) -> dict[str, Any]:
    """A trait's key, type and value; the columns of the other types are empty."""
    columns: dict[str, Any] = dict.fromkeys(_COLUMNS.values())
    kind = _type_of(trait.value)
    return {"trait_key": trait.key, "value_type": kind.value, **columns, _COLUMNS[kind]: trait.value}


def _type_of(value: TraitValue) -> _Type:
    if isinstance(value, bool):
        return _Type.BOOLEAN
    if isinstance(value, int):
        return _Type.INTEGER
    return _Type.FLOAT if isinstance(value, float) else _Type.STRING


def _json(trait: Trait) -> dict[str, Any]:
    return {"id": trait.id, **_columns(trait), "created_date": trait.created_at}


_TRAITS = "environments/<str:environment_key>/identities/<id:identity_id>/traits/"

urlpatterns = [path(_TRAITS, Traits), path(f"{_TRAITS}<id:trait_id>/", OneTrait)]
