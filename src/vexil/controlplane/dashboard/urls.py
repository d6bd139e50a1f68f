"""All pages; each concept's module brings its own."""

from django.urls import URLPattern

from vexil.controlplane.dashboard import (
    design,
    environment_settings,
    feature_urls,
    first_run,
    getting_started,
    grants,
    groups,
    identities,
    identity_pages,
    invitations,
    members,
    organisations,
    passwords,
    projects,
    sdk_keys,
    segment_checks,
    segment_pages,
    segments,
    sessions,
    sign_up,
)

urlpatterns: list[URLPattern] = [
    *sessions.urlpatterns,
    *sign_up.urlpatterns,
    *passwords.urlpatterns,
    *organisations.urlpatterns,
    *projects.urlpatterns,
    *feature_urls.urlpatterns,
    *segments.urlpatterns,
    *segment_pages.urlpatterns,
    *segment_checks.urlpatterns,
    *identities.urlpatterns,
    *identity_pages.urlpatterns,
    *first_run.urlpatterns,
    *getting_started.urlpatterns,
    *members.urlpatterns,
    *invitations.urlpatterns,
    *grants.urlpatterns,
    *groups.urlpatterns,
    *sdk_keys.urlpatterns,
    *environment_settings.urlpatterns,
    *design.urlpatterns,
]
