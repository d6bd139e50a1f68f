"""Everything below /api/v1/ that is not the Flags API: each concept's module brings its own paths."""

from django.urls import URLPattern

from vexil.controlplane.adminapi import (
    audit,
    environments,
    feature_segments,
    feature_states,
    feature_states_nested,
    features,
    identities,
    identities_feature_states,
    identities_traits,
    installation,
    master_api_keys,
    members,
    multivariate,
    organisations,
    passwords,
    projects,
    segments,
    server_keys,
    sessions,
    users,
)

urlpatterns: list[URLPattern] = [
    *installation.urlpatterns,
    *audit.urlpatterns,
    *sessions.urlpatterns,
    *users.urlpatterns,
    *passwords.urlpatterns,
    *organisations.urlpatterns,
    *members.urlpatterns,
    *master_api_keys.urlpatterns,
    *projects.urlpatterns,
    *environments.urlpatterns,
    *server_keys.urlpatterns,
    *features.urlpatterns,
    *multivariate.urlpatterns,
    *segments.urlpatterns,
    *feature_segments.urlpatterns,
    *feature_states.urlpatterns,
    *feature_states_nested.urlpatterns,
    *identities.urlpatterns,
    *identities_feature_states.urlpatterns,
    *identities_traits.urlpatterns,
]
