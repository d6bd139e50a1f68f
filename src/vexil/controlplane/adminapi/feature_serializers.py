"""Features in and out of JSON."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from vexil.controlplane.actions.features import FeatureChanges, NewFeature
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.actions.values import columns_of
from vexil.controlplane.adminapi.feature_values import FlagText, Percentage, TypedValueSerializer, columns_sent
from vexil.controlplane.adminapi.metadata_values import MetadataSerializer, metadata_json, values_sent
from vexil.controlplane.adminapi.nested_bodies import Entry, Id, NestedBody
from vexil.controlplane.db.models import Feature, FeatureState, Group, MultivariateOption, Tag, User
from vexil.controlplane.db.models.features import FeatureType
from vexil.controlplane.queries.code_references import Sighting
from vexil.controlplane.queries.feature_belongings import Belongings
from vexil.controlplane.queries.features import NOWHERE, Situation

_UNCHANGEABLE = ("name", "default_enabled", "initial_value", "owners", "group_owners")


class _InitialValue(FlagText):
    """Text. compat: what is no text becomes Python's text of it, unless it is empty or false."""

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(str(data) if data and not isinstance(data, str) else data)


def _many(queryset: QuerySet[Any]) -> serializers.ManyRelatedField:
    return serializers.ManyRelatedField(
        child_relation=serializers.PrimaryKeyRelatedField(queryset=queryset), required=False
    )


class OptionSerializer(Entry, TypedValueSerializer):
    """An option inside a feature."""

    id = Id(required=False)
    default_percentage_allocation = Percentage(default=100)


class FeatureSerializer(NestedBody):
    """What a body may hold. Once a feature exists, most of it is ignored."""

    name = serializers.CharField(max_length=2000)
    type = serializers.ChoiceField(choices=FeatureType.values, required=False)
    default_enabled = serializers.BooleanField(required=False)
    initial_value = _InitialValue(required=False)
    description = serializers.CharField(required=False, allow_null=True, allow_blank=True)
    is_archived = serializers.BooleanField(required=False)
    is_server_key_only = serializers.BooleanField(required=False)
    tags = _many(Tag.objects.all())
    owners = _many(User.objects.all())
    group_owners = _many(Group.objects.all())
    multivariate_options = OptionSerializer(many=True, required=False)
    metadata = MetadataSerializer(many=True, required=False)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        if self.instance is not None:
            for name in _UNCHANGEABLE:
                fields[name].read_only, fields[name].required = True, False
        return fields

    def new_feature(self) -> NewFeature:
        sent = self._sent()
        return NewFeature(options=self._options() or (), custom_fields=values_sent(self.validated_data), **sent)

    def changes(self) -> FeatureChanges:
        sent = self._sent()
        custom_fields = values_sent(self.validated_data)
        return FeatureChanges(
            tags=sent.pop("tags", None), fields=sent, options=self._options(), custom_fields=custom_fields
        )

    def _sent(self) -> dict[str, Any]:
        nested = ("multivariate_options", "metadata")
        return {name: value for name, value in self.validated_data.items() if name not in nested}

    def _options(self) -> list[OptionFields] | None:
        options = self.validated_data.get("multivariate_options")
        return None if options is None else [option_fields(option) for option in options]


def option_fields(sent: dict[str, Any]) -> OptionFields:
    return OptionFields(
        id=sent.get("id"),
        value=columns_sent(sent),
        percentage=sent.get("default_percentage_allocation"),
        key=sent.get("key"),
        sets_key="key" in sent,
    )


def feature_json(
    feature: Feature, belongings: Belongings, situation: Situation = NOWHERE, *, without: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A feature with what it is in one environment, if one is given."""
    whole = {
        **short_feature_json(feature, belongings),
        "uuid": feature.uuid,
        "project": feature.project_id,
        "tags": belongings.tags.get(feature.pk, []),
        "multivariate_options": [option_json(option) for option in belongings.options.get(feature.pk, [])],
        "is_archived": feature.is_archived,
        "environment_feature_state": _state_json(situation.default),
        "segment_feature_state": _state_json(situation.of_segment),
        "num_segment_overrides": situation.segment_overrides,
        "num_identity_overrides": situation.identity_overrides or None,
        "is_num_identity_overrides_complete": True,
        # compat: only environments with v2 versioning know these times.
        "last_modified_in_any_environment": situation.last_modified_anywhere,
        "last_modified_in_current_environment": situation.last_modified_here,
        "metadata": metadata_json(belongings.metadata.get(feature.pk, [])),
        "code_references_counts": [_sighting_json(sighting) for sighting in situation.sightings],
    }
    for name in without:
        del whole[name]
    return whole


def short_feature_json(feature: Feature, belongings: Belongings) -> dict[str, Any]:
    return {
        "id": feature.pk,
        "name": feature.name,
        "type": feature.type,
        "default_enabled": feature.default_enabled,
        "initial_value": feature.initial_value,
        "created_date": feature.created_date,
        "description": feature.description,
        "is_server_key_only": feature.is_server_key_only,
        "owners": [_owner_json(user) for user in belongings.owners.get(feature.pk, [])],
        "group_owners": [{"id": group.pk, "name": group.name} for group in belongings.group_owners.get(feature.pk, [])],
    }


def option_json(option: MultivariateOption) -> dict[str, Any]:
    return {
        "id": option.pk,
        "uuid": option.uuid,
        **columns_of(option),
        "default_percentage_allocation": option.default_percentage_allocation,
        "key": option.key,
    }


def _sighting_json(sighting: Sighting) -> dict[str, Any]:
    return {
        "repository_url": sighting.repository.url,
        "count": sighting.count,
        "last_successful_repository_scanned_at": sighting.repository.scanned_at,
        "last_feature_found_at": sighting.found_at,
    }


def _owner_json(user: User) -> dict[str, Any]:
    names = ("id", "email", "first_name", "last_name", "last_login", "uuid")
    return {name: getattr(user, name) for name in names}


def _state_json(state: FeatureState | None) -> dict[str, Any] | None:
    if state is None:
        return None
    return {
        "id": state.pk,
        "feature_state_value": state.value,
        "environment": state.environment_id,
        "identity": state.identity_id,
        "feature_segment": state.feature_segment_id,
        "enabled": state.enabled,
    }
