"""The order in which changes lock rows: a project before its environments, and these by id, so nothing deadlocks.

What a change reads before it writes is read under these locks; two people at once then lose nothing. Rows that
merely refer to a locked one can still be written (`no_key`). SQLite locks everything from the start anyway.
"""

from vexil.controlplane.db.models import Environment, Organisation, Project


def lock_organisation(organisation_id: int) -> None:
    """For changes of who belongs to it, and of its groups."""
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation_id)


def lock_environment(environment: Environment) -> Environment:
    """For changes in one environment; its row as it is under the lock."""
    return Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)


def lock_project(project: Project) -> list[Environment]:
    """For changes that environments share; the live environments of the project, in order of id."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    return list(Environment.live.select_for_update(no_key=True).filter(project=project).order_by("pk"))
