"""Everything below /api/v1/ that is not the Flags API: each concept's module brings its own paths."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
