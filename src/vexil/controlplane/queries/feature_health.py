"""How features are, as outside services tell; and the addresses at which they tell."""

import uuid
from urllib.parse import quote

from django.core import signing
from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from vexil.controlplane.db.models import Feature, HealthEvent, HealthProvider, Project

PATH = "feature-health/"
_SIGNER = signing.Signer(sep="/", salt="vexil.feature_health")


def path_of(provider: HealthProvider) -> str:
    """Below /api/v1/; signed, so that only who was told it can send there."""
    return PATH + quote(_SIGNER.sign_object(provider.uuid.hex), safe="/")


def provider_at(path: str) -> HealthProvider | None:
    """One statement; none for a path that we have not signed."""
    try:
        found = uuid.UUID(_SIGNER.unsign_object(path))
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None
    providers = HealthProvider.objects.filter(
        uuid=found, project__deleted_at__isnull=True, project__organisation__deleted_at__isnull=True
    )
    return providers.select_related("project").first()


def latest(events: "QuerySet[HealthEvent]") -> "QuerySet[HealthEvent]":
    """Of each provider, environment, alert and feature the newest, newest first. One statement."""
    place = Window(
        RowNumber(),
        partition_by=[F("provider_name"), F("environment_id"), F("external_id"), F("feature_id")],
        order_by=[F("created_at").desc(), F("pk").desc()],
    )
    return events.annotate(place=place).filter(place=1).order_by("-created_at", "-pk")


def current(events: "QuerySet[HealthEvent]", event_id: int) -> HealthEvent | None:
    """The event of this id, unless it was superseded. Two statements."""
    found = events.select_related("feature__project", "environment").filter(pk=event_id).first()
    if found is None:
        return None
    same = {name: getattr(found, name) for name in ("feature_id", "environment_id", "provider_name", "external_id")}
    newer = Q(created_at__gt=found.created_at) | Q(created_at=found.created_at, pk__gt=found.pk)
    return None if HealthEvent.objects.filter(newer, **same).exists() else found


def of_project(project: Project) -> "QuerySet[HealthEvent]":
    return latest(HealthEvent.objects.filter(feature__project=project, feature__deleted_at__isnull=True))


def of_feature(feature: Feature) -> "QuerySet[HealthEvent]":
    return latest(HealthEvent.objects.filter(feature=feature)).select_related("environment")
