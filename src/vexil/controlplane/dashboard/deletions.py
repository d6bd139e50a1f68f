"""What a form that deletes something must hold: its name, typed by the person."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from vexil.controlplane import permissions
from vexil.controlplane.actions import features
from vexil.controlplane.dashboard.places import Place
from vexil.controlplane.db.models import Feature


def is_confirmed(request: HttpRequest, name: str, what: str) -> bool:
    """Whether the name was typed; else the person is told that it is not `what`, such as "the segment's name"."""
    if request.POST.get("confirm_name") == name:
        return True
    messages.error(request, f"What you typed is not {what}. Nothing was deleted.")
    return False


def delete_feature(request: HttpRequest, place: Place, feature: Feature) -> None:
    """From all environments, if the person may, confirmed it, and no tag keeps it; say what came of it."""
    if not place.may(permissions.DELETE_FEATURE):
        raise PermissionDenied(permissions.DELETE_FEATURE)
    if any(tag.is_permanent for tag in feature.tags.all()):
        messages.error(request, f"{feature.name} has a permanent tag. Take the tag away first; nothing was deleted.")
    elif is_confirmed(request, feature.name, f"the name {feature.name}"):
        features.delete(feature, by=place.by)
        messages.success(request, f"{feature.name} is deleted from all environments.")
