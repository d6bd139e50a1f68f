"""Comments on the issues and pull requests that features are linked to, written down as deliveries."""

from collections.abc import Iterable, Sequence

import msgspec

from vexil.controlplane.actions import integration_deliveries
from vexil.controlplane.db.models import AuditRecord, ExternalResource, Integration, WebhookDelivery, traces
from vexil.controlplane.integrations.messages import Change, Comment
from vexil.controlplane.queries import changes
from vexil.controlplane.queries import external_resources as queries

RESOURCE_LINKED, RESOURCE_UNLINKED = "RESOURCE_LINKED", "RESOURCE_UNLINKED"


def of_records(records: Sequence[AuditRecord]) -> list[WebhookDelivery]:
    """Not yet saved: what changed about features that are linked to something."""
    linked = queries.linked(records)
    told = changes.of_records([row for row in records if row.pk in linked])
    requests = {row.pk: row.traceparent for row in records}
    return integration_deliveries.with_room(
        [
            _delivery(integration, told[pk].kind, Comment(resource.url, resource.type, _text(told[pk])), requests[pk])
            for pk, pairs in linked.items()
            for resource, integration in pairs
        ]
    )


def of_link(resource: ExternalResource) -> None:
    """Tell of a new link, and label what it leads to where that is wanted."""
    name = resource.feature.name
    text = f"This is linked to the feature flag **{name}** of the project *{resource.feature.project.name}*."
    _write(resource, RESOURCE_LINKED, [Comment(resource.url, resource.type, text)], label="add")


def of_unlink(resource: ExternalResource) -> None:
    """Before the link is deleted. The label stays while another feature is linked to the same."""
    text = f"This is no longer linked to the feature flag **{resource.feature.name}**."
    is_last = not ExternalResource.objects.filter(url=resource.url).exclude(pk=resource.pk).exists()
    comments = [Comment(resource.url, resource.type, text)]
    _write(resource, RESOURCE_UNLINKED, comments, label="remove" if is_last else "")


def _write(resource: ExternalResource, event_type: str, comments: Iterable[Comment], *, label: str) -> None:
    integration = queries.integration_of(resource)
    if integration is None:
        return
    wanted = list(comments)
    if label and queries.is_labelled(resource, integration):
        wanted.append(Comment(resource.url, resource.type, label="add" if label == "add" else "remove"))
    found = [_delivery(integration, event_type, comment, traces.present()) for comment in wanted]
    WebhookDelivery.objects.bulk_create(integration_deliveries.with_room(found))


def _delivery(integration: Integration, event_type: str, comment: Comment, traceparent: str) -> WebhookDelivery:
    body = msgspec.json.encode(comment).decode()
    return WebhookDelivery(integration=integration, event_type=event_type, body=body, traceparent=traceparent)


def _text(change: Change) -> str:
    place = f" in **{change.environment}**" if change.environment else ""
    state = "" if change.enabled is None else f" It is {'enabled' if change.enabled else 'disabled'} now."
    return f"**{change.feature}**{place}: {change.log} (by {change.author}).{state}"
