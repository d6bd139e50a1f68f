"""What people set for each kind of integration, and how it is shown. One form per kind; `FORMS` lists them."""

from typing import Any

from rest_framework import serializers

from vexil.controlplane.adminapi.webhooks import OutsideUrl
from vexil.controlplane.db.models import Integration
from vexil.controlplane.integrations.segment.identify import REGIONS


class Form(serializers.Serializer[Any]):
    """The settings of one integration; what was never set is null."""

    def to_representation(self, instance: Integration) -> dict[str, Any]:
        return {"id": instance.pk, **{name: instance.settings.get(name) for name in self.get_fields()}}


class _KeyForm(Form):
    api_key = serializers.CharField(max_length=100)


class AmplitudeConfiguration(_KeyForm):
    base_url = OutsideUrl(default="https://api.amplitude.com")


class SegmentConfiguration(_KeyForm):
    base_url = serializers.ChoiceField(choices=REGIONS, default=REGIONS[0])


class HeapConfiguration(_KeyForm):
    base_url = OutsideUrl(required=False, allow_null=True)


class MixpanelConfiguration(_KeyForm):
    base_url = OutsideUrl(required=False, allow_null=True)


class RudderstackConfiguration(_KeyForm):
    base_url = OutsideUrl()


class WebhookConfiguration(Form):
    url = OutsideUrl()
    secret = serializers.CharField(max_length=255, default="", allow_blank=True)


class DynatraceConfiguration(_KeyForm):
    base_url = OutsideUrl()
    entity_selector = serializers.CharField(max_length=1000)


class SentryChangeTrackingConfiguration(Form):
    webhook_url = OutsideUrl()
    secret = serializers.CharField(min_length=10, max_length=60)

    def to_representation(self, instance: Integration) -> dict[str, Any]:
        return {**super().to_representation(instance), "environment": instance.environment_id}


class DataDogConfiguration(_KeyForm):
    base_url = OutsideUrl()
    use_custom_source = serializers.BooleanField(default=False)


class NewRelicConfiguration(_KeyForm):
    base_url = OutsideUrl()
    app_id = serializers.CharField(max_length=100)


class GrafanaProjectConfiguration(_KeyForm):
    base_url = OutsideUrl()


class GrafanaEnvironmentConfiguration(GrafanaProjectConfiguration):
    pass


class GrafanaOrganisationConfiguration(GrafanaProjectConfiguration):
    pass


class SlackEnvironment(Form):
    channel_id = serializers.CharField(max_length=50)
    enabled = serializers.BooleanField(default=True)


class GitLabConfiguration(Form):
    gitlab_instance_url = OutsideUrl()
    access_token = serializers.CharField(max_length=300)
    labeling_enabled = serializers.BooleanField(default=False)

    def to_representation(self, instance: Integration) -> dict[str, Any]:
        return {**super().to_representation(instance), "access_token": "write-only"}


class GithubConfiguration(Form):
    installation_id = serializers.CharField(max_length=100)

    def to_representation(self, instance: Integration) -> dict[str, Any]:
        return {**super().to_representation(instance), "organisation": instance.organisation_id}


OF_ENVIRONMENTS: dict[str, type[Form]] = {
    "amplitude": AmplitudeConfiguration,
    "segment": SegmentConfiguration,
    "heap": HeapConfiguration,
    "mixpanel": MixpanelConfiguration,
    "rudderstack": RudderstackConfiguration,
    "webhook": WebhookConfiguration,
    "dynatrace": DynatraceConfiguration,
    "sentry": SentryChangeTrackingConfiguration,
    "grafana": GrafanaEnvironmentConfiguration,
    "slack": SlackEnvironment,
}
OF_PROJECTS: dict[str, type[Form]] = {
    "datadog": DataDogConfiguration,
    "new-relic": NewRelicConfiguration,
    "grafana": GrafanaProjectConfiguration,
    "gitlab": GitLabConfiguration,
}
OF_ORGANISATIONS: dict[str, type[Form]] = {
    "grafana": GrafanaOrganisationConfiguration,
    "github": GithubConfiguration,
}
"""By kind. The form's name is what an unknown one is called in a 404."""
