"""What SDKs may report of the features they evaluated, checked (sdk-api.md §7)."""

from typing import Any

from vexil.dataplane import errors, fields
from vexil.dataplane.fields import Problems

_NUMBER_MAX = 2**31 - 1
_TELEMETRY_COUNTS = ("organisations", "projects", "environments", "features", "segments", "users")


Evaluations = tuple[str, bool | None, int]
"""A feature's name, whether it was enabled (None when the client did not say), and how often it was evaluated.

A plain tuple, since there is one for each feature in each report.
"""


def counts(form: Any) -> dict[str, Any]:
    """The flat form: names and counts, if they are some (`is_count`)."""
    if not isinstance(form, dict):
        raise errors.invalid({"non_field_errors": ["Expected a JSON object."]})
    return form


def is_count(value: Any) -> bool:
    """Whether that often is possible."""
    return type(value) is int and 0 < value <= _NUMBER_MAX


def evaluations(form: Any) -> list[Evaluations]:
    """The listed form, in which each entry is checked; impossible counts are skipped."""
    if not isinstance(form, dict):
        raise errors.invalid({"non_field_errors": [fields.not_a_dictionary(form)]})
    missing: Problems = {}
    entries = fields.required(missing, "evaluations", fields.not_null, form)
    if missing:
        raise errors.invalid(missing)
    if not isinstance(entries, list):
        raise errors.invalid({"evaluations": {"non_field_errors": [fields.not_a_list(entries)]}})
    problems: list[Problems] = [{} for _ in entries]
    found = [_evaluation(problem, entry) for problem, entry in zip(problems, entries, strict=True)]
    if any(problems):
        raise errors.invalid({"evaluations": problems})
    return [entry for entry in found if 0 < entry[2] <= _NUMBER_MAX]


def telemetry(form: Any) -> dict[str, Any]:
    """A self-hosted server's heartbeat, as it is echoed."""
    if not isinstance(form, dict):
        raise errors.invalid({"non_field_errors": [fields.not_a_dictionary(form)]})
    problems: Problems = {}
    echo = {name: fields.required(problems, name, fields.integer, form) for name in _TELEMETRY_COUNTS}
    echo["debug_enabled"] = fields.required(problems, "debug_enabled", fields.boolean, form)
    echo["env"] = fields.required(problems, "env", fields.filled_text, form)
    if problems:
        raise errors.invalid(problems)
    return echo


def _evaluation(problem: Problems, entry: Any) -> Evaluations:
    if not isinstance(entry, dict):
        problem["non_field_errors"] = [fields.not_a_dictionary(entry)]
        return "", None, 0
    fields.optional(problem, "identity_identifier", fields.identifier, entry.get("identity_identifier"))
    name = fields.required(problem, "feature_name", fields.filled_text, entry)
    number = fields.required(problem, "count", fields.integer, entry)
    return name, fields.required(problem, "enabled_when_evaluated", fields.boolean, entry), number
