"""Finding what a path names and checking the caller's right to it, with the answers of admin-api.md §0.2.

Who may not even know of a project gets 404, of an environment 403; who knows of it but lacks the right gets 403.
"""

from django.db.models import QuerySet
from rest_framework.exceptions import PermissionDenied, ValidationError

from vexil.controlplane import permissions
from vexil.controlplane.adminapi import errors
from vexil.controlplane.db.models import Environment, Organisation, Project
from vexil.controlplane.permissions import Actor

INSUFFICIENT = "User does not have sufficient privileges to perform this action"


def organisation_id(text: str) -> int:
    """compat: a text in the place of an organisation's id is 400, and in a list."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ValidationError(["Invalid organisation ID"])
    return int(text)


def administered_organisation(by: Actor, id_text: str) -> Organisation:
    organisation = joined_organisation(by, id_text)
    if not permissions.is_organisation_admin(by, organisation):
        raise PermissionDenied
    return organisation


def organisation_above(by: Actor, id_text: str) -> Organisation:
    """The organisation of invites, links, webhooks and integrations, for its admins.

    compat: below an organisation these refuse in words of their own.
    """
    organisation = joined_organisation(by, id_text, refusal=INSUFFICIENT)
    if not permissions.is_organisation_admin(by, organisation):
        raise PermissionDenied(INSUFFICIENT)
    return organisation


def joined_organisation(by: Actor, id_text: str, *, refusal: str | None = None) -> Organisation:
    organisation = permissions.organisations_of(by).filter(pk=organisation_id(id_text)).first()
    if organisation is None:
        raise PermissionDenied(refusal)
    return organisation


def project(by: Actor, project_id: int, permission: str = permissions.VIEW_PROJECT) -> Project:
    """404 unless the caller holds VIEW_PROJECT, then 403 unless the permission."""
    found = _viewable_project(by, project_id)
    if not permissions.has_project_permission(by, found, permission):
        raise PermissionDenied
    return found


def administered_project(by: Actor, project_id: int) -> Project:
    found = _viewable_project(by, project_id)
    if not permissions.is_project_admin(by, found):
        raise PermissionDenied
    return found


def project_to_add_to(by: Actor, project_id: int | None, permission: str) -> Project:
    """403 for everything that is wrong: what POST answers."""
    found = _live_projects().filter(pk=project_id).first() if project_id is not None else None
    if found is None or not permissions.has_project_permission(by, found, permission):
        raise PermissionDenied
    return found


def project_to_administer(by: Actor, project_id: int) -> Project:
    """The same for what only the project's admins add."""
    found = _live_projects().filter(pk=project_id).first()
    if found is None or not permissions.is_project_admin(by, found):
        raise PermissionDenied
    return found


def environment(by: Actor, api_key: str, permission: str = permissions.VIEW_ENVIRONMENT) -> Environment:
    """403 for an unknown key, too."""
    found = _live_environments().filter(api_key=api_key).first()
    if found is None or not permissions.has_environment_permission(by, found, permission):
        raise PermissionDenied
    return found


def environment_by_id(
    by: Actor, environment_id: int | None, permission: str = permissions.VIEW_ENVIRONMENT
) -> Environment:
    found = _live_environments().filter(pk=environment_id).first() if environment_id is not None else None
    if found is None or not permissions.has_environment_permission(by, found, permission):
        raise PermissionDenied
    return found


def administered_environment(by: Actor, api_key: str) -> Environment:
    found = _live_environments().filter(api_key=api_key).first()
    if found is None or not permissions.is_environment_admin(by, found):
        raise PermissionDenied
    return found


def listed_project(by: Actor, project_id: int) -> Project:
    """403 unless the caller holds VIEW_PROJECT: what the lists of tags and of audit records answer."""
    return project_to_add_to(by, project_id, permissions.VIEW_PROJECT)


def _viewable_project(by: Actor, project_id: int) -> Project:
    found = permissions.viewable_projects(by).select_related("organisation").filter(pk=project_id).first()
    if found is None:
        raise errors.no_match("Project")
    return found


def _live_projects() -> QuerySet[Project]:
    return Project.live.filter(organisation__deleted_at__isnull=True).select_related("organisation")


def _live_environments() -> QuerySet[Environment]:
    return Environment.live.filter(
        project__deleted_at__isnull=True, project__organisation__deleted_at__isnull=True
    ).select_related("project__organisation")
