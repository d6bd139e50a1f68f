"""The environment document: all that an SDK needs to evaluate flags by itself (evaluation.md §7)."""

import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from vexil.wire import json_text, snapshot

_IDENTITY_NAMESPACE = uuid.UUID("7b0c8d0e-6c0b-4f57-9c3f-2f6f1f1f4a11")


def environment_document(source: snapshot.Snapshot) -> dict[str, Any]:
    """The document as JSON values. Archived features are left out, to keep it small."""
    document = in_steps(source)
    document["project"]["segments"] = list(document["project"]["segments"])
    document["identity_overrides"] = list(document["identity_overrides"])
    return document


def encoded(source: snapshot.Snapshot) -> json_text.Text:
    """The same as text, made in steps: a document can have 30 MB."""
    return json_text.dumps_in_steps(in_steps(source))


def in_steps(source: snapshot.Snapshot) -> dict[str, Any]:
    """The document as JSON values, with iterators where a list can be very long."""
    writer = Writer(source)
    environment = source.environment
    return {
        "id": environment.id,
        "api_key": environment.api_key,
        "project": writer.project(),
        "feature_states": writer.states(source.defaults),
        "identity_overrides": writer.identity_overrides(),
        "name": environment.name,
        "allow_client_traits": environment.allow_client_traits,
        "updated_at": environment.updated_at,
        "hide_sensitive_data": environment.hide_sensitive_data,
        "hide_disabled_flags": environment.hide_disabled_flags,
        "use_identity_composite_key_for_hashing": environment.use_identity_composite_key_for_hashing,
        "use_identity_overrides_in_local_eval": environment.use_identity_overrides_in_local_eval,
    }


class Writer:
    """Writes the parts of the document as JSON values."""

    def __init__(self, source: snapshot.Snapshot) -> None:
        self._source = source
        self._features = {feature.id: feature for feature in source.features if not feature.is_archived}
        self._options = {option.id: option for feature in source.features for option in feature.options}

    def project(self) -> dict[str, Any]:
        project, organisation = self._source.project, self._source.organisation
        return {
            "id": project.id,
            "name": project.name,
            "organisation": {
                "id": organisation.id,
                "name": organisation.name,
                "feature_analytics": False,
                "stop_serving_flags": organisation.stop_serving_flags,
                "persist_trait_data": organisation.persist_trait_data,
            },
            "hide_disabled_flags": project.hide_disabled_flags,
            "segments": filter(None, map(self.segment, self._source.segments)),
            "enable_realtime_updates": project.enable_realtime_updates,
            "server_key_only_feature_ids": [
                feature.id for feature in self._source.features if feature.is_server_key_only
            ],
        }

    def states(self, states: Iterable[snapshot.State]) -> list[dict[str, Any]]:
        return [self._state(state) for state in states if state.feature_id in self._features]

    def identity_overrides(self) -> Iterator[dict[str, Any]]:
        return filter(None, map(self.identity_override, self._source.identity_overrides))

    def identity_override(self, identity: snapshot.IdentityOverrides) -> dict[str, Any] | None:
        """None for what the document leaves out."""
        environment = self._source.environment
        states = self.states(identity.states) if environment.use_identity_overrides_in_local_eval else ()
        if not states:
            return None
        return {
            "identifier": identity.identifier,
            "environment_api_key": environment.api_key,
            "created_date": identity.created_date,
            "identity_features": states,
            "identity_traits": [],
            "identity_uuid": str(uuid.uuid5(_IDENTITY_NAMESPACE, f"{environment.id}/{identity.identity_id}")),
            "django_id": identity.identity_id,
            "dashboard_alias": None,
            "composite_key": f"{environment.api_key}_{identity.identifier}",
        }

    def segment(self, segment: snapshot.Segment) -> dict[str, Any] | None:
        """None for what the document leaves out: a segment of one feature matters only where it overrides it."""
        states = self.states(segment.overrides)
        if segment.feature_id is not None and not states:
            return None
        return {
            "id": segment.id,
            "name": segment.name,
            "rules": [self._rule(rule) for rule in segment.rules],
            "feature_states": states,
        }

    def _rule(self, rule: snapshot.Rule) -> dict[str, Any]:
        return {
            "type": rule.type,
            "rules": [self._rule(child) for child in rule.rules],
            "conditions": [
                {"operator": condition.operator, "value": condition.value, "property_": condition.property}
                for condition in rule.conditions
            ],
        }

    def _state(self, state: snapshot.State) -> dict[str, Any]:
        feature = self._features[state.feature_id]
        return {
            "feature": {"id": feature.id, "name": feature.name, "type": feature.type},
            "enabled": state.enabled,
            **_seed(state.seed),
            "feature_segment": {"priority": state.link.priority} if state.link else None,
            "featurestate_uuid": state.uuid,
            "feature_state_value": state.value,
            "multivariate_feature_state_values": [self._allocation(share) for share in state.allocations],
        }

    def _allocation(self, share: snapshot.Allocation) -> dict[str, Any]:
        option = self._options[share.option_id]
        return {
            "multivariate_feature_option": {"value": option.value, "id": option.id, "key": option.key},
            "percentage_allocation": share.percentage,
            "id": share.id,
            "mv_fs_value_uuid": share.uuid,
        }


def _seed(seed: str) -> dict[str, Any]:
    """SDKs hash the text of `django_id`."""
    return {"django_id": int(seed) if seed.isdecimal() else seed}
