"""Answers of the Admin API as rows of an organisation's file."""

import uuid
from typing import Any

from vexil.controlplane.actions import values

Line = dict[str, Any]

_ORGANISATION = ("name", "persist_trait_data", "restrict_project_create_to_admin", "force_2fa")
_PROJECT = (
    "name",
    "hide_disabled_flags",
    "prevent_flag_defaults",
    "enable_realtime_updates",
    "only_allow_lower_case_feature_names",
    "feature_name_regex",
    "stale_flags_limit_days",
    "minimum_change_request_approvals",
    "enforce_feature_owners",
    "max_features_allowed",
    "max_segments_allowed",
    "max_segment_overrides_allowed",
)
_ENVIRONMENT = (
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
_FEATURE = (
    "name",
    "type",
    "default_enabled",
    "initial_value",
    "description",
    "created_date",
    "is_archived",
    "is_server_key_only",
)
_OPTION = ("type", "integer_value", "string_value", "boolean_value", "default_percentage_allocation", "key")
_TAG = ("label", "color", "description", "is_permanent", "is_system_tag", "type")


class Rows:
    """Makes rows; what has no uuid gets the same one each time that this Flagsmith is read."""

    def __init__(self, api_url: str) -> None:
        self._namespace = uuid.uuid5(uuid.NAMESPACE_URL, api_url)

    def uuid(self, kind: str, of: Any) -> str:
        return str(uuid.uuid5(self._namespace, f"{kind}/{of}"))

    def row(self, table: str, row_id: Any, **columns: Any) -> Line:
        return {"table": table, "id": row_id, "row": columns}

    def organisation(self, it: Any) -> Line:
        return self._same("organisation", it, _ORGANISATION)

    def subscription(self, it: Any) -> Line:
        return self.row("subscription", it["id"], uuid=self.uuid("subscription", it["id"]), organisation_id=it["id"])

    def project(self, it: Any, organisation_id: int) -> Line:
        return self._same("project", it, _PROJECT, organisation_id=organisation_id)

    def tag(self, it: Any, project_id: int) -> Line:
        return self._same("tag", it, _TAG, project_id=project_id)

    def feature(self, it: Any, project_id: int) -> Line:
        owners = [owner["email"] for owner in it.get("owners") or () if owner.get("email")]
        return self._same("feature", it, _FEATURE, project_id=project_id, owners=owners, tags=it.get("tags") or [])

    def option(self, it: Any, feature_id: int) -> Line:
        return self._same("option", it, _OPTION, feature_id=feature_id)

    def segment(self, it: Any, project_id: int, *, hashing_id: int) -> Line:
        rules = [_rule(rule) for rule in it["rules"]]
        return self._same(
            "segment",
            it,
            ("name", "description", "created_at", "updated_at"),
            project_id=project_id,
            feature_id=it.get("feature"),
            rules=rules,
            last_rule_id=max((number for rule in rules for number in _numbers(rule)), default=0),
            hashing_id=hashing_id,
        )

    def environment(self, it: Any, project_id: int) -> Line:
        hashing = it.get("use_identity_composite_key_for_hashing", it.get("use_mv_v2_evaluation", True))
        return self._same(
            "environment",
            {**it, "use_identity_composite_key_for_hashing": hashing},
            _ENVIRONMENT,
            project_id=project_id,
        )

    def server_key(self, it: Any, environment_id: int) -> Line:
        names = ("key", "name", "active", "created_at", "expires_at")
        return self._same("server_key", it, names, environment_id=environment_id)

    def webhook(self, it: Any, **place: int) -> Line:
        return self._same("webhook", it, ("url", "enabled", "secret", "created_at", "updated_at"), **place)

    def state(self, table: str, it: Any, **columns: Any) -> list[Line]:
        """A state of an environment document, with its allocations in the order that splits go by."""
        row_id = it["featurestate_uuid"]
        state = self.row(
            table,
            row_id,
            uuid=row_id,
            feature_id=it["feature"]["id"],
            enabled=it["enabled"],
            hashing_seed=str(it.get("django_id") or it["featurestate_uuid"]),
            **values.of_native(it["feature_state_value"]),
            **columns,
        )
        shares = sorted(it["multivariate_feature_state_values"], key=_place)
        allocation = "allocation" if table == "state" else "identity_allocation"
        return [
            state,
            *(
                self.row(
                    allocation,
                    f"{row_id}/{number}",
                    uuid=self.uuid("allocation", f"{row_id}/{number}"),
                    feature_state_id=row_id,
                    option_id=share["multivariate_feature_option"]["id"],
                    percentage=share["percentage_allocation"],
                )
                for number, share in enumerate(shares)
            ),
        ]

    def _same(self, table: str, it: Any, names: tuple[str, ...], **columns: Any) -> Line:
        """Columns of the same name, as far as this Flagsmith knows of them."""
        same = {name: it[name] for name in names if name in it}
        if it.get("uuid") or table not in {"server_key", "webhook"}:
            same["uuid"] = it.get("uuid") or self.uuid(table, it["id"])
        return self.row(table, it["id"], **same, **columns)


def document_state(it: Any) -> Any:
    """A state of the Admin API's lists in the shape that documents have; its seed is a guess, its id."""
    feature = it["feature"]
    return {
        "feature": {"id": feature["id"] if isinstance(feature, dict) else feature},
        "enabled": it["enabled"],
        "django_id": it["id"],
        "featurestate_uuid": it.get("uuid") or str(uuid.uuid5(uuid.NAMESPACE_OID, str(it["id"]))),
        "feature_state_value": _native(it["feature_state_value"]),
        "multivariate_feature_state_values": [
            {
                "id": share["id"],
                "percentage_allocation": share["percentage_allocation"],
                "multivariate_feature_option": {"id": share["multivariate_feature_option"]},
            }
            for share in it["multivariate_feature_state_values"]
        ],
    }


def _native(value: Any) -> Any:
    """Flat lists give a value column by column."""
    if not isinstance(value, dict):
        return value
    columns = {"int": "integer_value", "bool": "boolean_value"}
    return value.get(columns.get(value["type"], "string_value"))


def _place(share: Any) -> int:
    """By the row's id; by its uuid as a number where there is none (evaluation.md §3)."""
    return int(share["id"]) if share.get("id") is not None else uuid.UUID(share["mv_fs_value_uuid"]).int


def _rule(rule: Any) -> Any:
    return {
        "id": rule.get("id") or 0,
        "type": rule["type"],
        "conditions": [
            {
                "id": entry.get("id") or 0,
                "operator": entry["operator"],
                "property": entry.get("property"),
                "value": entry.get("value"),
                "description": entry.get("description"),
            }
            for entry in rule.get("conditions") or ()
        ],
        "rules": [_rule(child) for child in rule.get("rules") or ()],
    }


def _numbers(rule: Any) -> list[int]:
    own = [rule["id"], *(entry["id"] for entry in rule["conditions"])]
    return own + [number for child in rule["rules"] for number in _numbers(child)]
