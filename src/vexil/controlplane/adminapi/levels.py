"""The three levels at which rights are granted, and how a path finds the place it means."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vexil.controlplane import permissions
from vexil.controlplane.adminapi import lookups
from vexil.controlplane.permissions import Actor, Permission, Rights


@dataclass(frozen=True, slots=True)
class Level:
    """How the Admin API treats one level; each function raises what a caller without the right gets."""

    permissions: tuple[Permission, ...]
    visible: Callable[[Actor, Any], Any]
    administered: Callable[[Actor, Any], Any]
    to_add_to: Callable[[Actor, Any], Any]
    rights: Callable[[Actor, Any], Rights]
    grants: Callable[[Any, Any], Any]
    has_admin: bool = True
    shows_users_of_groups: bool = False

    def keys(self) -> set[str]:
        return {permission.key for permission in self.permissions}


ORGANISATION = Level(
    permissions=permissions.ORGANISATION_PERMISSIONS,
    visible=lookups.joined_organisation,
    administered=lookups.administered_organisation,
    to_add_to=lookups.administered_organisation,
    rights=permissions.organisation_rights,
    grants=permissions.organisation_grants,
    has_admin=False,
)
PROJECT = Level(
    permissions=permissions.PROJECT_PERMISSIONS,
    visible=lookups.project,
    administered=lookups.administered_project,
    to_add_to=lookups.project_to_administer,
    rights=permissions.project_rights,
    grants=permissions.project_grants,
)
ENVIRONMENT = Level(
    permissions=permissions.ENVIRONMENT_PERMISSIONS,
    visible=lookups.environment,
    administered=lookups.administered_environment,
    to_add_to=lookups.administered_environment,
    rights=permissions.environment_rights,
    grants=permissions.environment_grants,
    shows_users_of_groups=True,
)
