"""An organisation as lines of JSON: everything but people and history, each row after those that it refers to.

The first line says what the file is, the last one that it is whole. Rows keep their ids of here, so that references
hold inside the file; whoever reads it gives them new ones.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from vexil import __version__
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import (
    Allocation,
    Environment,
    Feature,
    FeatureSegment,
    FeatureState,
    FeatureVersion,
    Integration,
    InviteLink,
    Metadata,
    MetadataField,
    MetadataModelField,
    MetadataRequirement,
    MultivariateOption,
    Organisation,
    Project,
    Segment,
    ServerKey,
    Subscription,
    Tag,
    User,
    Webhook,
)
from vexil.controlplane.db.models.metadata import ContentType
from vexil.controlplane.queries.consistency import one_moment

FORMAT = 1
NOT_INCLUDED = (
    "users, groups, rights and roles, invitations by mail, master API keys, audit log, usage counts, "
    "code references, GitHub repositories and links to issues"
)

Line = dict[str, Any]
_IDENTITIES_AT_ONCE = 1000
_ROWS_AT_ONCE = 500
_LIVE_PROJECT = {"deleted_at": None}
_OF_PROJECT = {"project__deleted_at": None}


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of rows, in the order in which they can be written."""

    name: str
    model: Any
    """The class of the rows."""
    rows: Callable[[Organisation], QuerySet[Any]]


def columns_of(model: Any) -> Iterator[Any]:
    """The fields that a file holds of a table."""
    fields: Sequence[Any] = model._meta.concrete_fields  # noqa: SLF001 -- public, by Django's documentation
    return (field for field in fields if not field.primary_key and field.name != "deleted_at")


def _states(organisation: Organisation) -> QuerySet[FeatureState]:
    live = {"deleted_at": None, "environment__deleted_at": None, "feature__deleted_at": None}
    of_live_link = Q(feature_segment=None) | Q(
        feature_segment__deleted_at=None, feature_segment__segment__deleted_at=None
    )
    of_live_version = Q(feature_version=None) | Q(feature_version__deleted_at=None)
    states = FeatureState.objects.filter(
        of_live_link, of_live_version, environment__project__organisation=organisation, **live
    )
    return states.filter(environment__project__deleted_at=None).order_by("pk")


def _everybodys_states(organisation: Organisation) -> QuerySet[FeatureState]:
    return _states(organisation).filter(identity_id=None)


def _identities_states(organisation: Organisation) -> QuerySet[FeatureState]:
    return _states(organisation).filter(identity_id__isnull=False)


def _of_projects(model: type[Any], **live: Any) -> Callable[[Organisation], QuerySet[Any]]:
    return lambda organisation: model.objects.filter(
        project__organisation=organisation, **_OF_PROJECT, **live
    ).order_by("pk")


def _of_environments(model: type[Any], **live: Any) -> Callable[[Organisation], QuerySet[Any]]:
    return lambda organisation: model.objects.filter(
        environment__project__organisation=organisation,
        environment__deleted_at=None,
        environment__project__deleted_at=None,
        **live,
    ).order_by("pk")


def _metadata(organisation: Organisation) -> QuerySet[Metadata]:
    of_live = (
        Q(feature__deleted_at=None, feature__project__deleted_at=None, feature__isnull=False)
        | Q(segment__deleted_at=None, segment__project__deleted_at=None, segment__isnull=False)
        | Q(environment__deleted_at=None, environment__project__deleted_at=None, environment__isnull=False)
    )
    return Metadata.objects.filter(of_live, model_field__field__organisation=organisation).order_by("pk")


def _hooks(model: type[Any]) -> Callable[[Organisation], QuerySet[Any]]:
    def rows(organisation: Organisation) -> QuerySet[Any]:
        places = Q(organisation=organisation) | Q(
            environment__project__organisation=organisation,
            environment__deleted_at=None,
            environment__project__deleted_at=None,
        )
        if model is Integration:
            places |= Q(project__organisation=organisation, project__deleted_at=None)
        found: QuerySet[Any] = model.objects.filter(places).order_by("pk")
        return found

    return rows


def _fields(organisation: Organisation) -> QuerySet[MetadataField]:
    fields = MetadataField.objects.filter(organisation=organisation, project__deleted_at=None)
    return fields.order_by("pk")


def _model_fields(organisation: Organisation) -> QuerySet[MetadataModelField]:
    return MetadataModelField.objects.filter(field__in=_fields(organisation).order_by()).order_by("pk")


def _requirements(organisation: Organisation) -> QuerySet[MetadataRequirement]:
    projects = Project.live.filter(organisation=organisation).values("pk")
    places = Q(content_type=ContentType.ORGANISATION, object_id=organisation.pk) | Q(
        content_type=ContentType.PROJECT, object_id__in=projects
    )
    rows = MetadataRequirement.objects.filter(places, model_field__in=_model_fields(organisation).order_by())
    return rows.order_by("pk")


_LINK = {"deleted_at": None, "feature__deleted_at": None, "segment__deleted_at": None}

TABLES = (
    Table("organisation", Organisation, lambda it: Organisation.objects.filter(pk=it.pk)),
    Table("subscription", Subscription, lambda it: Subscription.objects.filter(organisation=it)),
    Table("invite_link", InviteLink, lambda it: InviteLink.objects.filter(organisation=it).order_by("pk")),
    Table("project", Project, lambda it: Project.live.filter(organisation=it).order_by("pk")),
    Table("tag", Tag, _of_projects(Tag)),
    Table("feature", Feature, _of_projects(Feature, **_LIVE_PROJECT)),
    Table(
        "option",
        MultivariateOption,
        lambda it: MultivariateOption.objects.filter(
            feature__project__organisation=it, feature__deleted_at=None, feature__project__deleted_at=None
        ).order_by("pk"),
    ),
    Table("segment", Segment, _of_projects(Segment, **_LIVE_PROJECT)),
    Table("environment", Environment, _of_projects(Environment, **_LIVE_PROJECT)),
    Table("server_key", ServerKey, _of_environments(ServerKey)),
    Table("field", MetadataField, _fields),
    Table("model_field", MetadataModelField, _model_fields),
    Table("requirement", MetadataRequirement, _requirements),
    Table("metadata", Metadata, _metadata),
    Table(
        "version",
        FeatureVersion,
        lambda it: _of_environments(FeatureVersion, deleted_at=None, feature__deleted_at=None)(it).order_by(
            "created_at", "pk"
        ),
    ),
    Table("link", FeatureSegment, _of_environments(FeatureSegment, **_LINK)),
    Table("state", FeatureState, _everybodys_states),
    Table("allocation", Allocation, lambda it: _allocations(_everybodys_states(it))),
    Table("webhook", Webhook, _hooks(Webhook)),
    Table("integration", Integration, _hooks(Integration)),
)
OVERRIDES = (
    Table("identity_state", FeatureState, _identities_states),
    Table("identity_allocation", Allocation, lambda it: _allocations(_identities_states(it))),
)
"""What belongs to identities, and so comes after them."""


def _allocations(states: QuerySet[FeatureState]) -> QuerySet[Allocation]:
    return Allocation.objects.filter(feature_state__in=states.order_by().values("pk")).order_by("pk")


def lines(organisation: Organisation) -> Iterator[Line]:
    """The whole file, a line at a time; one after another, so that size costs time and not memory."""
    yield {
        "vexil": "organisation",
        "format": FORMAT,
        "version": __version__,
        "file_id": str(uuid.uuid4()),
        "exported_at": timezone.now().isoformat(),
        "organisation": {"uuid": str(organisation.uuid), "name": organisation.name},
    }
    count = 1
    with one_moment():  # what is changed meanwhile must not leave a row without those that it refers to
        for line in _body(organisation):
            count += 1
            yield line
    yield {"end": True, "lines": count}


def _body(organisation: Organisation) -> Iterator[Line]:
    for table in TABLES:
        yield from _rows(table, organisation)
    for environment_id in Environment.live.filter(
        project__organisation=organisation, project__deleted_at=None
    ).values_list("pk", flat=True):
        yield from _identities(environment_id)
    for table in OVERRIDES:
        yield from _rows(table, organisation)


def _rows(table: Table, organisation: Organisation) -> Iterator[Line]:
    rows = table.rows(organisation)
    users = [field.name for field in columns_of(table.model) if field.related_model is User]
    if users:
        rows = rows.select_related(*users)
    if table.model is Feature:
        rows = rows.prefetch_related("owners", "tags")
    for row in rows.iterator(chunk_size=_ROWS_AT_ONCE):
        yield {"table": table.name, "id": _json(row.pk), "row": _columns(row)}


def _columns(row: Any) -> Line:
    """Columns by name; people by their address."""
    columns: Line = {}
    for field in columns_of(row):
        if field.related_model is User:
            user = getattr(row, field.name)
            columns[field.name] = user.email if user else None
        else:
            columns[field.attname] = _json(getattr(row, field.attname))
    if isinstance(row, FeatureState):
        columns["hashing_seed"] = row.seed
    elif isinstance(row, Segment):
        columns["hashing_id"] = row.split_id
    elif isinstance(row, Feature):
        columns["owners"] = sorted(user.email for user in row.owners.all())
        columns["tags"] = sorted(tag.pk for tag in row.tags.all())
    return columns


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value


def _identities(environment_id: int) -> Iterator[Line]:
    identities, last_id = stores.current().identities, 0
    while batch := identities.after(environment_id, last_id, limit=_IDENTITIES_AT_ONCE):
        last_id = batch[-1].id
        for identity in batch:
            yield {
                "table": "identity",
                "id": identity.id,
                "environment_id": environment_id,
                "identifier": identity.identifier,
                "created_at_us": identity.created_at_us,
                "traits": identity.trait_rows(),
            }
