"""What SDKs may report of the features they evaluated, checked (sdk-api.md §7)."""

from typing import Any, NamedTuple

from vexil.dataplane import errors, fields
from vexil.dataplane.fields import Problems

_NUMBER_MAX = 2**31 - 1
_TELEMETRY_COUNTS = ("organisations", "projects", "environments", "features", "segments", "users")


class Evaluations(NamedTuple):
    """How often one feature was evaluated."""

    feature_name: str
    number: int
    enabled: bool | None
    """None when the client did not say."""

    @property
    def is_countable(self) -> bool:
        return 0 < self.number <= _NUMBER_MAX


def counts(form: Any) -> list[Evaluations]:
    """The flat form: names and counts; what is no count is skipped."""
    if not isinstance(form, dict):
        raise errors.invalid({"non_field_errors": ["Expected a JSON object."]})
    return [
        Evaluations(name, count, None)
        for name, count in form.items()
        if isinstance(count, int) and not isinstance(count, bool)
    ]


def evaluations(form: Any) -> list[Evaluations]:
    """The listed form, in which each entry is checked."""
    if not isinstance(form, dict):
        raise errors.invalid({"non_field_errors": [fields.not_a_dictionary(form)]})
    entries = form.get("evaluations", ())
    if "evaluations" not in form:
        raise errors.invalid({"evaluations": ["This field is required."]})
    if entries is None:
        raise errors.invalid({"evaluations": ["This field may not be null."]})
    if not isinstance(entries, list):
        raise errors.invalid({"evaluations": {"non_field_errors": [fields.not_a_list(entries)]}})
    problems: list[Problems] = [{} for _ in entries]
    found = [_evaluation(problem, entry) for problem, entry in zip(problems, entries, strict=True)]
    if any(problems):
        raise errors.invalid({"evaluations": problems})
    return found


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
        return Evaluations("", 0, None)
    fields.optional(problem, "identity_identifier", fields.identifier, entry.get("identity_identifier"))
    return Evaluations(
        fields.required(problem, "feature_name", fields.filled_text, entry),
        fields.required(problem, "count", fields.integer, entry),
        fields.required(problem, "enabled_when_evaluated", fields.boolean, entry),
    )
