"""Everything below /api/v1/ that is not the Flags API: each concept's module brings its own paths."""

from django.urls import URLPattern

from vexil.controlplane.adminapi import (
    environments,
    installation,
    master_api_keys,
    members,
    organisations,
    passwords,
    projects,
    server_keys,
    sessions,
    users,
)

urlpatterns: list[URLPattern] = [
    *installation.urlpatterns,
    *sessions.urlpatterns,
    *users.urlpatterns,
    *passwords.urlpatterns,
    *organisations.urlpatterns,
    *members.urlpatterns,
    *master_api_keys.urlpatterns,
    *projects.urlpatterns,
    *environments.urlpatterns,
    *server_keys.urlpatterns,
]
