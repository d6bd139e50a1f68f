"""Tags by which features show how the issues and pull requests stand that they are linked to."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from vexil.controlplane.actions import events, tags
from vexil.controlplane.actions.locks import lock_project
from vexil.controlplane.db.models import ExternalResource, Feature, Integration, Tag
from vexil.controlplane.db.models.tags import TagType
from vexil.controlplane.integrations.catalogue import GITHUB
from vexil.controlplane.permissions import SYSTEM
from vexil.controlplane.queries import external_resources as queries

_COLOR = "#838992"


@transaction.atomic
def renew(feature: Feature) -> None:
    """Give a feature the tags that its links call for. Rows alone: callers record what led to it."""
    lock_project(feature.project)
    wanted = _labels(feature)
    present = list(feature.tags.filter(type=TagType.GITHUB))
    feature.tags.remove(*(tag for tag in present if tag.label not in wanted))
    missing = wanted - {tag.label for tag in present}
    feature.tags.add(*(_tag(feature, label) for label in sorted(missing)))


@transaction.atomic
def told(installation_id: str, url: str, state: Mapping[str, Any]) -> int:
    """GitHub says how an issue or pull request stands now; say how many links lead there."""
    integrations = Integration.objects.filter(kind=GITHUB, settings__installation_id=installation_id)
    organisations = list(integrations.values_list("organisation_id", flat=True))
    rows = ExternalResource.objects.filter(
        url=url,
        type__startswith="GITHUB",
        feature__deleted_at=None,
        feature__project__deleted_at=None,
        feature__project__organisation_id__in=organisations,
    )
    found = list(rows.select_related("feature__project").order_by("pk"))
    for resource in found:
        _change(resource, state)
    return len(found)


def label_of(resource: ExternalResource) -> str:
    """How it stands, as far as we know; what is linked without a word about it counts as open."""
    state = _metadata(resource)
    is_closed = state.get("state") in {"closed", "merged"}
    if resource.type == "GITHUB_ISSUE":
        return "Issue Closed" if is_closed else "Issue Open"
    if state.get("state") == "merged" or state.get("merged"):
        return "PR Merged"
    if is_closed:
        return "PR Closed"
    return "PR Draft" if state.get("draft") else "PR Open"


def _change(resource: ExternalResource, state: Mapping[str, Any]) -> None:
    before = _metadata(resource)
    after = {**before, **state}
    if after != before:
        resource.metadata = after
        resource.save(update_fields=["metadata"])
        facts = {"url": resource.url, "feature_id": resource.feature_id}
        events.record(
            SYSTEM,
            "resource.updated",
            resource.pk,
            scope=resource.feature.project,
            before={**facts, "metadata": before},
            after={**facts, "metadata": after},
        )
    renew(resource.feature)


def _labels(feature: Feature) -> set[str]:
    """Of what is in repositories that want it."""
    integration = Integration.objects.filter(organisation=feature.project.organisation_id, kind=GITHUB).first()
    if integration is None:
        return set()
    resources = ExternalResource.objects.filter(feature=feature, type__startswith="GITHUB")
    return {label_of(one) for one in resources.select_related("feature") if queries.is_labelled(one, integration)}


def _tag(feature: Feature, label: str) -> Tag:
    known = Tag.objects.filter(project=feature.project, type=TagType.GITHUB, label=label).order_by("pk").first()
    new = {"label": label, "color": _COLOR, "is_system_tag": True, "type": TagType.GITHUB}
    return known or tags.create(feature.project, by=SYSTEM, **new)


def _metadata(resource: ExternalResource) -> dict[str, Any]:
    return dict(resource.metadata) if isinstance(resource.metadata, dict) else {}
