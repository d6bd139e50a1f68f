"""What people send for each kind of integration, and how it is shown: a form per kind, made of the shared fields."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from vexil.controlplane.adminapi.webhooks import OutsideUrl
from vexil.controlplane.db.models import Integration
from vexil.controlplane.integrations import settings_fields
from vexil.controlplane.integrations.settings_fields import Field, Type


class Form(serializers.Serializer[Any]):
    """The settings of one integration; what was never set is null."""

    def to_representation(self, instance: Integration) -> dict[str, Any]:
        return {"id": instance.pk, **{name: instance.settings.get(name) for name in self.get_fields()}}


class _SentryForm(Form):
    def to_representation(self, instance: Integration) -> dict[str, Any]:
        return {**super().to_representation(instance), "environment": instance.environment_id}


class _GitLabForm(Form):
    def to_representation(self, instance: Integration) -> dict[str, Any]:
        return {**super().to_representation(instance), "access_token": "write-only"}


class _GithubForm(Form):
    def to_representation(self, instance: Integration) -> dict[str, Any]:
        return {**super().to_representation(instance), "organisation": instance.organisation_id}


def _text(field: Field, **options: Any) -> serializers.CharField:
    if field.characters_min:
        options["min_length"] = field.characters_min
    if field.default == "":
        options["allow_blank"] = True
    return serializers.CharField(max_length=field.characters_max, **options)


_SERIALIZERS: dict[Type, Callable[..., serializers.Field[Any, Any, Any, Any]]] = {
    Type.TEXT: _text,
    Type.URL: lambda _, **options: OutsideUrl(**options),
    Type.CHOICE: lambda field, **options: serializers.ChoiceField(choices=field.choices, **options),
    Type.SWITCH: lambda _, **options: serializers.BooleanField(**options),
}


def _form(name: str, fields: tuple[Field, ...], base: type[Form] = Form) -> type[Form]:
    return type(name, (base,), {field.name: _SERIALIZERS[field.type](field, **_options(field)) for field in fields})


def _options(field: Field) -> dict[str, Any]:
    if field.is_optional:
        return {"required": False, "allow_null": True}
    return {} if field.is_required else {"default": field.default}


def _forms(names: dict[str, str], fields: dict[str, tuple[Field, ...]]) -> dict[str, type[Form]]:
    return {kind: _form(name, fields[kind], _BASES.get(kind, Form)) for kind, name in names.items()}


_BASES: dict[str, type[Form]] = {"sentry": _SentryForm, "gitlab": _GitLabForm, "github": _GithubForm}

OF_ENVIRONMENTS = _forms(
    {
        "amplitude": "AmplitudeConfiguration",
        "segment": "SegmentConfiguration",
        "heap": "HeapConfiguration",
        "mixpanel": "MixpanelConfiguration",
        "rudderstack": "RudderstackConfiguration",
        "webhook": "WebhookConfiguration",
        "dynatrace": "DynatraceConfiguration",
        "sentry": "SentryChangeTrackingConfiguration",
        "grafana": "GrafanaEnvironmentConfiguration",
        "slack": "SlackEnvironment",
    },
    settings_fields.OF_ENVIRONMENTS,
)
OF_PROJECTS = _forms(
    {
        "datadog": "DataDogConfiguration",
        "new-relic": "NewRelicConfiguration",
        "grafana": "GrafanaProjectConfiguration",
        "gitlab": "GitLabConfiguration",
    },
    settings_fields.OF_PROJECTS,
)
OF_ORGANISATIONS = _forms(
    {"grafana": "GrafanaOrganisationConfiguration", "github": "GithubConfiguration"}, settings_fields.OF_ORGANISATIONS
)
"""By kind. The form's name is what an unknown one is called in a 404."""
