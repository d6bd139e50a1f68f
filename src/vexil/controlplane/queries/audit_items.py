"""A line of the audit log as clients and webhooks get it, with who and where spelled out."""

from collections.abc import Sequence
from typing import Any

from vexil.controlplane.db.models import AuditRecord, Environment, Project, User
from vexil.controlplane.queries.audit import surroundings

Item = dict[str, Any]

_PERSON = ("id", "email", "first_name", "last_name", "last_login", "uuid")
_PROJECT = (
    "id",
    "uuid",
    "name",
    "hide_disabled_flags",
    "prevent_flag_defaults",
    "enable_realtime_updates",
    "only_allow_lower_case_feature_names",
    "feature_name_regex",
    "stale_flags_limit_days",
    "minimum_change_request_approvals",
    "enforce_feature_owners",
)
_EDGE = {
    # compat: here, too, what the reference says of its DynamoDB storage.
    "enable_dynamo_db": False,
    "migration_status": "NOT_APPLICABLE",
    "use_edge_identities": False,
    "show_edge_identity_overrides_for_feature": False,
    "edge_v2_migration_status": "NOT_STARTED",
}
_ENVIRONMENT = (
    "id",
    "uuid",
    "name",
    "api_key",
    "description",
    "minimum_change_request_approvals",
    "allow_client_traits",
    "banner_text",
    "banner_colour",
    "hide_disabled_flags",
    "use_identity_composite_key_for_hashing",
    "hide_sensitive_data",
    "use_v2_feature_versioning",
    "use_identity_overrides_in_local_eval",
)


def items(records: Sequence[AuditRecord]) -> list[Item]:
    """Three statements, whatever their number; each project and environment is spelled out once."""
    found = surroundings(records)
    projects = {pk: _project(row) for pk, row in found.projects.items()}
    environments = {pk: _environment(row) for pk, row in found.environments.items()}
    return [
        {
            "id": row.pk,
            "created_date": row.created_at,
            "log": row.log,
            "author": _person(found.users.get(row.user_id or 0)),
            "environment": environments.get(row.environment_id or 0),
            "project": projects.get(row.project_id or 0),
            "related_object_id": row.related_object_id,
            "related_object_uuid": row.related_object_uuid,
            "related_object_type": row.related_object_type,
            "is_system_event": row.is_system_event,
        }
        for row in records
    ]


def _person(user: User | None) -> Item | None:
    return {name: getattr(user, name) for name in _PERSON} if user else None


def _project(project: Project) -> Item:
    return {
        **{name: getattr(project, name) for name in _PROJECT},
        "organisation": project.organisation_id,
        **_EDGE,
    }


def _environment(environment: Environment) -> Item:
    return {
        **{name: getattr(environment, name) for name in _ENVIRONMENT},
        "project": environment.project_id,
        "use_mv_v2_evaluation": environment.use_identity_composite_key_for_hashing,
        "is_creating": False,
    }
