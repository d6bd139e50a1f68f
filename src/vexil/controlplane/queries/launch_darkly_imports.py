"""Imports of LaunchDarkly projects."""

from django.db.models import QuerySet

from vexil.controlplane.db.models import LaunchDarklyImport, Project


def of_project(project: Project) -> QuerySet[LaunchDarklyImport]:
    """With who asked for them, newest first."""
    return LaunchDarklyImport.objects.filter(project=project).select_related("user").order_by("-pk")
