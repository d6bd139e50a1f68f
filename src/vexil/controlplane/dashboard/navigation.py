"""What stands around a page: where one is, and where one can go. Items that a person may not open are left out."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from vexil.controlplane import permissions
from vexil.controlplane.dashboard.places import Place
from vexil.controlplane.db.models import Environment


@dataclass(frozen=True, slots=True)
class Item:
    label: str
    icon: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class EnvironmentItem:
    name: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Navigation:
    organisation: tuple[Item, ...] = ()
    project: tuple[Item, ...] = ()
    environment: tuple[Item, ...] = ()
    environments: tuple[EnvironmentItem, ...] = ()
    may_create_environment: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    """`section` is the beginning of the names of the pages that belong to it."""

    label: str
    icon: str
    name: str
    section: str
    may: Callable[[Place], bool] = lambda _: True


def _is_admin(place: Place) -> bool:
    return place.is_organisation_admin


def _is_project_admin(place: Place) -> bool:
    return place.project_rights.is_admin


def _may_view_audit_log(place: Place) -> bool:
    return place.project_rights.include(permissions.VIEW_AUDIT_LOG)


_ORGANISATION: tuple[_Entry, ...] = (
    _Entry("Projects", "folder", "projects", "projects"),
    _Entry("Members", "user-round", "members", "members"),
    _Entry("Groups", "users", "groups", "groups"),
    _Entry("API keys", "key-round", "api-keys", "api-keys", _is_admin),
    _Entry("Webhooks", "webhook", "organisation-webhooks", "organisation-webhooks", _is_admin),
    _Entry("Custom fields", "list-checks", "custom-fields", "custom-fields"),
    _Entry("Integrations", "plug", "organisation-integrations", "organisation-integrations", _is_admin),
    _Entry("Usage", "chart-column", "usage", "usage"),
    _Entry("Audit log", "history", "organisation-audit-log", "organisation-audit-log", _is_admin),
    _Entry("Settings", "settings", "organisation-settings", "organisation-settings", _is_admin),
)
_PROJECT: tuple[_Entry, ...] = (
    _Entry("Segments", "users", "segments", "segments"),
    _Entry("Compare", "git-compare", "compare", "compare"),
    _Entry("Lifecycle", "clock", "lifecycle", "lifecycle"),
    _Entry("Tags", "tag", "tags", "tags"),
    _Entry("Integrations", "plug", "integrations", "integrations"),
    _Entry("Import and export", "upload", "feature-files", "feature-files", _is_project_admin),
    _Entry("Volume", "scale", "volume", "volume"),
    _Entry("Audit log", "history", "audit-log", "audit-log", _may_view_audit_log),
    _Entry("Custom fields", "list-checks", "project-custom-fields", "project-custom-fields", _is_project_admin),
    _Entry("Rights", "shield", "project-permissions", "project-permissions", _is_project_admin),
    _Entry("Settings", "settings", "project-settings", "project-settings", _is_project_admin),
)
_ENVIRONMENT: tuple[_Entry, ...] = (
    _Entry("Features", "flag", "features", "features"),
    _Entry("Connect an SDK", "code", "getting-started", "getting-started"),
    _Entry(
        "Identities", "fingerprint", "identities", "identities", lambda place: place.may(permissions.VIEW_IDENTITIES)
    ),
    _Entry("SDK keys", "key-round", "sdk-keys", "sdk-keys"),
    _Entry("Webhooks", "webhook", "environment-webhooks", "environment-webhooks", lambda place: place.rights.is_admin),
    _Entry("Volume", "scale", "environment-volume", "environment-volume"),
    _Entry("Settings", "settings", "environment-settings", "environment-settings", lambda place: place.rights.is_admin),
)


def navigation(request: HttpRequest, place: Place | None) -> Navigation:
    """One statement, inside a project."""
    if place is None:
        return Navigation()
    current = (request.resolver_match.url_name if request.resolver_match else None) or ""
    organisation = _items(_ORGANISATION, place, current, {"organisation_id": place.organisation.pk})
    if place.project is None:
        return Navigation(organisation)
    project = _items(_PROJECT, place, current, {"project_id": place.project.pk})
    environments = permissions.environments_seen(place.standing, place.project)
    around = tuple(_environment_item(environment, place) for environment in environments)
    may_create = place.project_rights.include(permissions.CREATE_ENVIRONMENT)
    if place.environment is None:
        return Navigation(organisation, project, environments=around, may_create_environment=may_create)
    parts: dict[str, int | str] = {"project_id": place.project.pk, "environment_key": place.environment.api_key}
    return Navigation(organisation, project, _items(_ENVIRONMENT, place, current, parts), around, may_create)


def _items(entries: tuple[_Entry, ...], place: Place, current: str, parts: dict[str, int | str]) -> tuple[Item, ...]:
    return tuple(
        Item(entry.label, entry.icon, reverse(entry.name, kwargs=parts), current.startswith(entry.section))
        for entry in entries
        if entry.may(place)
    )


def _environment_item(environment: Environment, place: Place) -> EnvironmentItem:
    url = reverse("features", kwargs={"project_id": environment.project_id, "environment_key": environment.api_key})
    return EnvironmentItem(environment.name, url, place.environment == environment)
