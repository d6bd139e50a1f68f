"""All pages of features."""

from django.urls import URLPattern

from vexil.controlplane.dashboard import (
    compare,
    feature_checks,
    feature_create,
    feature_environments,
    feature_health,
    feature_history,
    feature_identities,
    feature_links,
    feature_overrides,
    feature_settings,
    feature_switches,
    feature_value,
    features,
)

urlpatterns: list[URLPattern] = [
    *features.urlpatterns,
    *compare.urlpatterns,
    *feature_create.urlpatterns,
    *feature_checks.urlpatterns,
    *feature_switches.urlpatterns,
    *feature_value.urlpatterns,
    *feature_environments.urlpatterns,
    *feature_overrides.urlpatterns,
    *feature_identities.urlpatterns,
    *feature_history.urlpatterns,
    *feature_links.urlpatterns,
    *feature_health.urlpatterns,
    *feature_settings.urlpatterns,
]
