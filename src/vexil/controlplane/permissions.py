"""Who may do what: the one place that decides, for the Admin API and the dashboard alike.

Levels: organisation (admin or user), project and environment (admin, or single permissions). An organisation's
admin is admin of all its projects, a project's admin of all its environments. Without membership: nothing.
"""

from dataclasses import dataclass

from vexil.controlplane.db.models import MasterAPIKey, User


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks or changes: a user, an organisation's key, or (neither) the system itself."""

    user: User | None = None
    master_api_key: MasterAPIKey | None = None


SYSTEM = Actor()
