"""All pages; each concept's module brings its own."""

from django.urls import URLPattern

from vexil.controlplane.dashboard import design, features, organisations, passwords, projects, sessions, sign_up

urlpatterns: list[URLPattern] = [
    *sessions.urlpatterns,
    *sign_up.urlpatterns,
    *passwords.urlpatterns,
    *organisations.urlpatterns,
    *projects.urlpatterns,
    *features.urlpatterns,
    *design.urlpatterns,
]
