"""A file with an organisation becomes an organisation.

First the rows, in one transaction, under an organisation that still counts as deleted; then identities, a batch at a
time; at last their overrides, and the organisation appears. What is stopped in between goes on there the next time.
"""

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from vexil.controlplane.actions import events
from vexil.controlplane.actions.publishing import publish_all
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import (
    Environment,
    Feature,
    FeatureState,
    FeatureVersion,
    Membership,
    MetadataRequirement,
    MultivariateOption,
    Organisation,
    OrganisationImport,
    Project,
    Role,
    ServerKey,
    Tag,
    User,
)
from vexil.controlplane.db.models.metadata import ContentType
from vexil.controlplane.permissions import SYSTEM
from vexil.controlplane.queries.organisation_files import FORMAT, OVERRIDES, TABLES, Line, Table, columns_of
from vexil.stores.identities import Identity

OpenLines = Callable[[], Iterable[str]]
"""Gives the file's lines from the first on, each time it is called."""
OnProgress = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done, and of how much (0: unknown)."""
Ids = dict[type[Model], dict[Any, Any]]
"""New ids by old ones."""

_ROWS_AT_ONCE = 500
_IDENTITIES_AT_ONCE = 1000
_KNOWN_BY_UUID: tuple[type[Any], ...] = (Environment, Feature, MultivariateOption)
"""What overrides of identities refer to."""


class UnfitFile(Exception):
    """The file is not whole, or not one of ours."""


class AlreadyHere(Exception):
    """Something in the file has a key or uuid that this installation knows."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds, after a look at all its lines."""

    file_id: UUID
    name: str
    lines: int
    identities: int
    client_keys: list[str]
    server_keys: list[str]
    uuids: dict[Any, list[str]]


@dataclass(frozen=True, slots=True)
class Outcome:
    organisation: Organisation
    identities: int
    moved_identities: int
    """How many got another id in environments that hash by id."""
    was_there: bool
    """The same file had been imported before."""


def inspect(open_lines: OpenLines) -> Contents:
    """Read the whole file; raise `UnfitFile` unless it is complete."""
    lines = parsed(open_lines)
    header = next(lines, {})
    if header.get("vexil") != "organisation":
        raise UnfitFile("This is no file of `vexil export`: its first line does not say so.")
    if header.get("format") != FORMAT:
        raise UnfitFile(f"The file has format {header.get('format')}; this version of Vexil reads format {FORMAT}.")
    count, identities, is_whole = 1, 0, False
    found = Contents(UUID(header["file_id"]), header["organisation"]["name"], 0, 0, [], [], {})
    for line in lines:
        if line.get("end"):
            is_whole = line["lines"] == count
            break
        count += 1
        identities += line["table"] == "identity"
        _collect(found, line)
    if not is_whole:
        raise UnfitFile("The file is not whole: its last line is missing or does not fit the others.")
    return Contents(found.file_id, found.name, count, identities, found.client_keys, found.server_keys, found.uuids)


def load(open_lines: OpenLines, *, on_progress: OnProgress, admin: User | None = None) -> Outcome:
    """Import the file, or go on with an import of it that was stopped. `admin` becomes one of the organisation."""
    contents = inspect(open_lines)
    begun = OrganisationImport.objects.filter(file_id=contents.file_id).select_related("organisation").first()
    if begun and begun.finished_at:
        return Outcome(begun.organisation, contents.identities, begun.moved_identities, was_there=True)
    if begun is None:
        _check_absent(contents)
        begun = _write_rows(open_lines, contents, on_progress)
    ids = _ids_by_uuid(open_lines)
    _write_identities(open_lines, begun, ids, lambda done: on_progress("identities", done, contents.identities))
    _finish(open_lines, begun, ids, admin)
    return Outcome(begun.organisation, contents.identities, begun.moved_identities, was_there=False)


def unfinished() -> list[OrganisationImport]:
    """Imports that were stopped, or that are at work just now, the oldest first."""
    rows = OrganisationImport.objects.filter(finished_at=None).select_related("organisation")
    return list(rows.order_by("started_at", "pk"))


def abandon(begun: OrganisationImport) -> None:
    """Undo an import that will not go on: nobody has seen its organisation, and its keys are free again."""
    organisation = begun.organisation
    environments = Environment.objects.filter(project__organisation=organisation)
    for environment_id in environments.values_list("pk", flat=True):
        stores.current().identities.delete_environment(environment_id)
    with transaction.atomic():
        events.record(
            SYSTEM, "organisation.import_abandoned", organisation.pk, scope=None, before={"name": organisation.name}
        )
        organisation.delete()


def parsed(open_lines: OpenLines) -> Iterator[Line]:
    """The lines as objects; raise `UnfitFile` at the first that is none."""
    for number, text in enumerate(open_lines(), 1):
        try:
            line = json.loads(text)
        except ValueError:
            raise UnfitFile(f"Line {number} is no JSON.") from None
        if not isinstance(line, dict):
            raise UnfitFile(f"Line {number} is no object.")
        yield line


def _collect(found: Contents, line: Line) -> None:
    row = line.get("row", {})
    if line["table"] == "environment":
        found.client_keys.append(row["api_key"])
    elif line["table"] == "server_key":
        found.server_keys.append(row["key"])
    model = {"organisation": Organisation, "project": Project, "environment": Environment}.get(line["table"])
    if model:
        found.uuids.setdefault(model, []).append(row["uuid"])


def _check_absent(contents: Contents) -> None:
    """Raise `AlreadyHere`. Deleted rows count: their keys and uuids are not given away again."""
    keys = set(Environment.objects.filter(api_key__in=contents.client_keys).values_list("api_key", flat=True))
    if keys:
        raise AlreadyHere(
            f"An environment of this installation, perhaps a deleted one, has the client key {min(keys)} already. "
            "A key can open one environment only, so nothing was imported."
        )
    if ServerKey.objects.filter(key__in=contents.server_keys).exists():
        raise AlreadyHere("A server key of the file is in use in this installation; nothing was imported.")
    for model, uuids in contents.uuids.items():
        if model.objects.filter(uuid__in=uuids).exists():
            kind = model.__name__.lower()
            raise AlreadyHere(
                f"An {kind} of the file is in this installation already, or was until it was deleted; "
                "nothing was imported."
            )


@transaction.atomic
def _write_rows(open_lines: OpenLines, contents: Contents, on_progress: OnProgress) -> OrganisationImport:
    tables, ids, done = {table.name: table for table in TABLES}, Ids(), 0
    rows = (line for line in parsed(open_lines) if line.get("table") in tables)
    total = contents.lines - contents.identities
    for chunk in _chunks(rows):
        _insert(tables[chunk[0]["table"]], chunk, ids)
        done += len(chunk)
        on_progress("rows", done, total)
    (organisation_id,) = ids[Organisation].values()
    Organisation.objects.filter(pk=organisation_id).update(deleted_at=timezone.now())
    return OrganisationImport.objects.create(
        file_id=contents.file_id, organisation=Organisation.objects.get(pk=organisation_id)
    )


def _chunks(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Rows of one table at a time, not too many."""
    for _, rows in itertools.groupby(lines, key=lambda line: line["table"]):
        while chunk := list(itertools.islice(rows, _ROWS_AT_ONCE)):
            yield chunk


def _insert(table: Table, chunk: list[Line], ids: Ids, **identities: Mapping[tuple[int, str], int]) -> None:
    users = _users(table, chunk)
    found = identities.get("identities", {})
    rows = [_row(table, line["row"], line["id"], ids, users) for line in chunk]
    for row in rows if found else ():
        row.identity_id = found[row.environment_id, row.identity_identifier]
    table.model.objects.bulk_create(rows)
    timed = [
        field.name
        for field in columns_of(table.model)
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    ]
    if timed:
        times = [_times(table, line["row"], timed) for line in chunk]
        for row, values in zip(rows, times, strict=True):
            for name, value in values.items():
                setattr(row, name, value)
        table.model.objects.bulk_update(rows, timed, batch_size=100)
    ids.setdefault(table.model, {}).update(
        {_key(table, line["id"]): row.pk for line, row in zip(chunk, rows, strict=True)}
    )
    if table.model is Feature:
        _mark_features(rows, chunk, ids, users)


def _key(table: Table, old_id: Any) -> Any:
    return str(old_id) if table.model is FeatureVersion else old_id


def _row(table: Table, columns: Line, old_id: Any, ids: Ids, users: Mapping[str, User]) -> Any:
    values: Line = {"pk": UUID(old_id)} if table.model is FeatureVersion else {}
    for field in columns_of(table.model):
        if field.related_model is User:
            values[field.name] = users.get(columns.get(field.name) or "")
        elif field.is_relation:
            related: Any = field.related_model
            old = columns.get(field.attname)
            values[field.attname] = None if old is None else _new_id(ids, related, old, optional=field.null)
        elif field.attname in columns:
            values[field.attname] = field.to_python(columns[field.attname])
    row = table.model(**values)
    if isinstance(row, MetadataRequirement):
        of_project = row.content_type == ContentType.PROJECT
        row.object_id = ids[Project if of_project else Organisation][row.object_id]
    return row


def _new_id(ids: Ids, model: type[Model], old: Any, *, optional: bool) -> Any:
    known = ids.get(model, {})
    key = str(old) if model is FeatureVersion else old
    if key not in known and optional and model is FeatureVersion:
        return None  # a version that this one was copied from, and that is gone
    if key not in known:
        raise UnfitFile(f"A row refers to {model.__name__} {old}, which the file does not hold.")
    return known[key]


def _times(table: Table, columns: Line, names: list[str]) -> Line:
    now = timezone.now()
    fields = [field for field in columns_of(table.model) if field.name in names]
    return {field.name: field.to_python(columns[field.name]) if columns.get(field.name) else now for field in fields}


def _users(table: Table, chunk: list[Line]) -> dict[str, User]:
    """People of the rows whom this installation knows, by address."""
    names = [field.name for field in columns_of(table.model) if field.related_model is User]
    addresses = {line["row"].get(name) for line in chunk for name in names}
    addresses |= {address for line in chunk for address in line["row"].get("owners", ())}
    known = {address.lower() for address in addresses if address}
    return {user.email: user for user in User.objects.filter(email__in=known)} if known else {}


def _mark_features(features: list[Feature], chunk: list[Line], ids: Ids, users: Mapping[str, User]) -> None:
    owners: Any = Feature.owners.through
    tags: Any = Feature.tags.through
    pairs = list(zip(features, chunk, strict=True))
    owners.objects.bulk_create(
        owners(feature_id=feature.pk, user_id=users[address.lower()].pk)
        for feature, line in pairs
        for address in line["row"].get("owners", ())
        if address.lower() in users
    )
    tags.objects.bulk_create(
        tags(feature_id=feature.pk, tag_id=ids[Tag][tag])
        for feature, line in pairs
        for tag in line["row"].get("tags", ())
    )


def _ids_by_uuid(open_lines: OpenLines) -> Ids:
    """What overrides refer to, found again by uuid."""
    names = {table.name: table.model for table in TABLES if table.model in _KNOWN_BY_UUID}
    old: dict[Any, dict[UUID, Any]] = {model: {} for model in names.values()}
    for line in parsed(open_lines):
        if model := names.get(line.get("table", "")):
            old[model][UUID(line["row"]["uuid"])] = line["id"]
        elif line.get("table") == "identity":
            break
    ids: Ids = {}
    for model, by_uuid in old.items():
        ids[model] = {}
        for some in _batched(by_uuid):
            rows = model.objects.filter(uuid__in=some).values_list("uuid", "pk")
            ids[model] |= {by_uuid[one]: pk for one, pk in rows}
    return ids


def _batched(values: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(values)
    while batch := list(itertools.islice(iterator, _ROWS_AT_ONCE)):
        yield batch


def _write_identities(
    open_lines: OpenLines, begun: OrganisationImport, ids: Ids, on_progress: Callable[[int], None]
) -> None:
    environments = ids[Environment]
    hash_by_id = set(
        Environment.objects.filter(
            pk__in=environments.values(), use_identity_composite_key_for_hashing=False
        ).values_list("pk", flat=True)
    )
    lines = (line for line in parsed(open_lines) if line.get("table") == "identity")
    remaining = itertools.islice(lines, begun.identities_done, None)
    while batch := list(itertools.islice(remaining, _IDENTITIES_AT_ONCE)):
        identities = [_identity(line, environments[line["environment_id"]], hash_by_id) for line in batch]
        begun.moved_identities += stores.current().identities.restore_many(identities)
        begun.identities_done += len(batch)
        begun.save(update_fields=["identities_done", "moved_identities"])
        on_progress(begun.identities_done)


def _identity(line: Line, environment_id: int, hash_by_id: set[int]) -> Identity:
    """With its old id where variants hang on that."""
    return Identity(
        line["id"] if environment_id in hash_by_id else 0,
        environment_id,
        line["identifier"],
        line["created_at_us"],
        msgspec.json.encode(line["traits"]).decode(),
    )


@transaction.atomic
def _finish(open_lines: OpenLines, begun: OrganisationImport, ids: Ids, admin: User | None) -> None:
    _write_overrides(open_lines, ids)
    organisation = begun.organisation
    organisation.deleted_at = None
    organisation.save(update_fields=["deleted_at"])
    if admin:
        Membership.objects.create(organisation=organisation, user=admin, role=Role.ADMIN)
    events.record(
        SYSTEM, "organisation.imported", organisation.pk, scope=organisation, after={"name": organisation.name}
    )
    publish_all(Environment.live.filter(project__organisation=organisation))
    begun.finished_at = timezone.now()
    begun.save(update_fields=["finished_at"])


def _identity_ids(chunk: list[Line], ids: Ids) -> dict[tuple[int, str], int]:
    wanted = sorted({_identity_key(line, ids) for line in chunk})
    found = stores.current().identities.find_many(wanted)
    return {key: identity.id for key, identity in zip(wanted, found, strict=True) if identity}


def _write_overrides(open_lines: OpenLines, ids: Ids) -> None:
    """Those of identities that were deleted while the file was written are left out."""
    tables = {table.name: table for table in OVERRIDES}
    left_out: set[Any] = set()
    for chunk in _chunks(line for line in parsed(open_lines) if line.get("table") in tables):
        table = tables[chunk[0]["table"]]
        if table.model is not FeatureState:
            _insert(table, [line for line in chunk if line["row"]["feature_state_id"] not in left_out], ids)
            continue
        identities = _identity_ids(chunk, ids)
        known = [line for line in chunk if _identity_key(line, ids) in identities]
        left_out |= {line["id"] for line in chunk} - {line["id"] for line in known}
        _insert(table, known, ids, identities=identities)


def _identity_key(line: Line, ids: Ids) -> tuple[int, str]:
    return ids[Environment][line["row"]["environment_id"]], line["row"]["identity_identifier"]
