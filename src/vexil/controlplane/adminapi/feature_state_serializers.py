"""Feature states in and out of JSON: flat (values as columns) and nested (values as themselves)."""

from collections.abc import Iterable, Sequence
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.values import columns_of
from vexil.controlplane.adminapi import errors
from vexil.controlplane.adminapi.feature_values import (
    ShareSerializer,
    TypedValueSerializer,
    native_columns,
    shares_of,
)
from vexil.controlplane.adminapi.nested_bodies import Id, NestedBody
from vexil.controlplane.adminapi.parsing import body_of
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Allocation, Environment, FeatureSegment, FeatureState
from vexil.controlplane.queries import feature_states as queries
from vexil.stores.identities import Identity

_SHARES = "multivariate_feature_state_values"


class NestedState(serializers.Serializer[FeatureState]):
    """A state below an environment or identity; the value is read by `nested_change`."""

    feature = Id(required=False)
    enabled = serializers.BooleanField(required=False)
    multivariate_feature_state_values = ShareSerializer(many=True, required=False)


class FlatState(NestedBody):
    """A state on its own. What a state belongs to is fixed when it is created."""

    feature = Id()
    environment = Id()
    enabled = serializers.BooleanField(required=False)
    feature_state_value = TypedValueSerializer(required=False)
    multivariate_feature_state_values = ShareSerializer(many=True, required=False)
    feature_segment = Id(required=False, allow_null=True)
    identity = Id(required=False, allow_null=True)
    identifier = serializers.CharField(required=False, allow_null=True, max_length=2000)

    def validate_feature(self, feature_id: int) -> int:
        if isinstance(self.instance, FeatureState) and feature_id != self.instance.feature_id:
            raise serializers.ValidationError("Cannot change the feature of a feature state")
        return feature_id

    def validate_environment(self, environment_id: int) -> int:
        if isinstance(self.instance, FeatureState) and environment_id != self.instance.environment_id:
            raise serializers.ValidationError("Cannot change the environment of a feature state")
        return environment_id

    def validate_feature_segment(self, link_id: int | None) -> int | None:
        environment: Environment = self.context["environment"]
        if link_id is None or FeatureSegment.live.filter(pk=link_id, environment=environment).exists():
            return link_id
        raise serializers.ValidationError("Feature Segment does not belong to environment.")

    def change(self) -> Change:
        sent = self.validated_data
        return Change(sent.get("enabled"), sent.get("feature_state_value"), shares_of(sent.get(_SHARES)))

    def identity_of(self, environment: Environment) -> Identity | None:
        """The identity that the body names by id or by identifier."""
        identities = stores.current().identities
        if (identity_id := self.validated_data.get("identity")) is not None:
            if identity := identities.get(environment.pk, identity_id):
                return identity
            raise errors.invalid("Identity does not exist in environment.", "identity")
        if identifier := self.validated_data.get("identifier"):
            if identity := identities.find(environment.pk, identifier):
                return identity
            raise errors.invalid("Invalid identifier")
        return None


def nested_change(request: Request) -> Change:
    """What a nested body sets, whatever the method: what is left out stays."""
    form = NestedState(data=request.data)
    form.is_valid(raise_exception=True)
    sent = form.validated_data
    body = body_of(request)
    value = native_columns(body["feature_state_value"]) if "feature_state_value" in body else None
    return Change(sent.get("enabled"), value, shares_of(sent.get(_SHARES)))


def flat_json(state: FeatureState) -> dict[str, Any]:
    return _flat_json(state, state.allocations.all())


def flat_list_json(states: Sequence[FeatureState]) -> list[dict[str, Any]]:
    """One statement."""
    shares = queries.allocations_of(states)
    return [_flat_json(state, shares.get(state.pk, ())) for state in states]


def nested_json(state: FeatureState) -> dict[str, Any]:
    return _nested_json(state, state.allocations.all())


def nested_list_json(states: Sequence[FeatureState]) -> list[dict[str, Any]]:
    """One statement. Identities are shown with their names."""
    shares = queries.allocations_of(states)
    return [{**_nested_json(state, shares.get(state.pk, ())), "identity": _identity_json(state)} for state in states]


def override_json(state: FeatureState) -> dict[str, Any]:
    """A segment override with its link; it does not tell of versions."""
    link = state.feature_segment
    shown = flat_json(state)
    del shown["version"], shown["environment_feature_version"]
    shown["feature_segment"] = link and {
        "id": link.pk,
        "segment": link.segment_id,
        "priority": link.priority,
        "uuid": link.uuid,
    }
    return shown


def _identity_json(state: FeatureState) -> dict[str, Any] | None:
    if state.identity_id is None:
        return None
    return {"id": state.identity_id, "identifier": state.identity_identifier}


def _flat_json(state: FeatureState, shares: Iterable[Allocation]) -> dict[str, Any]:
    return {**_common_json(state, shares), "feature_state_value": columns_of(state)}


def _nested_json(state: FeatureState, shares: Iterable[Allocation]) -> dict[str, Any]:
    return {**_common_json(state, shares), "feature_state_value": state.value}


def _common_json(state: FeatureState, shares: Iterable[Allocation]) -> dict[str, Any]:
    return {
        "id": state.pk,
        "feature": state.feature_id,
        "environment": state.environment_id,
        "identity": state.identity_id,
        "feature_segment": state.feature_segment_id,
        "enabled": state.enabled,
        _SHARES: [
            {"id": row.pk, "multivariate_feature_option": row.option_id, "percentage_allocation": row.percentage}
            for row in shares
        ],
        "uuid": state.uuid,
        "created_at": state.created_at,
        "updated_at": state.updated_at,
        "live_from": state.live_from,
        "version": state.version,
        "change_request": None,
        "environment_feature_version": state.feature_version_id,
        "deleted_at": state.deleted_at,
    }
