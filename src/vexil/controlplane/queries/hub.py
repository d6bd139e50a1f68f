"""Numbers over all organisations that somebody administers."""

from datetime import datetime, timedelta

from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Feature, Organisation, Project, Role, User


def administered_by(user: User) -> list[int]:
    """Ids of organisations."""
    rows = Organisation.live.filter(memberships__user=user, memberships__role=Role.ADMIN)
    return list(rows.values_list("pk", flat=True))


def summary(organisation_ids: list[int], *, now: datetime, days: int) -> dict[str, int]:
    """Totals, and who was active in the last days."""
    since = now - timedelta(days=days)
    projects = Project.live.filter(organisation_id__in=organisation_ids)
    environments = Environment.live.filter(project__in=projects)
    people = User.objects.filter(memberships__organisation_id__in=organisation_ids).distinct()
    organisation_of = dict(environments.values_list("pk", "project__organisation_id"))
    calls = stores.current().usage.totals(list(organisation_of), since, now)
    return {
        "total_organisations": len(organisation_ids),
        "active_organisations": len({organisation_of[key.environment_id] for key in calls}),
        "total_projects": projects.count(),
        "total_environments": len(organisation_of),
        "total_flags": Feature.live.filter(project__in=projects).count(),
        "total_users": people.count(),
        "active_users": people.filter(last_login__gte=since).count(),
        "total_api_calls_30d": sum(calls.values()),
        "total_integrations": 0,
    }
