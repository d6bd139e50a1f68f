"""Audit lines of features and their options."""

from vexil.controlplane.actions import state_facts
from vexil.controlplane.actions.audit_lines import Line, changed_fields
from vexil.controlplane.db.models import ChangeType, Event, Feature, FeatureState

_FEATURE, _STATE = "FEATURE", "FEATURE_STATE"


def feature_created(event: Event) -> list[Line]:
    """The feature's line, and one of its state in each environment."""
    log = f"New Flag / Remote Config created: {event.after['name']}"
    lines = [Line(log, _FEATURE, int(event.subject_id), ChangeType.CREATE)]
    for state in _defaults(event):
        facts = state_facts.of(state)
        lines.append(Line(log, _STATE, state.pk, ChangeType.CREATE, environment_id=state.environment_id, after=facts))
    return lines


def feature_updated(event: Event) -> list[Line]:
    log = f"Flag / Remote Config updated: {event.after['name']}"
    details = changed_fields(event.before, event.after)
    return [Line(log, _FEATURE, int(event.subject_id), ChangeType.UPDATE, details=details)]


def feature_deleted(event: Event) -> list[Line]:
    log = f"Flag / Remote Config Deleted: {event.before['name']}"
    lines = []
    for state in _defaults(event):
        facts = state_facts.of(state)
        lines.append(Line(log, _STATE, state.pk, ChangeType.DELETE, environment_id=state.environment_id, before=facts))
    return [*lines, Line(log, _FEATURE, int(event.subject_id), ChangeType.DELETE)]


def option_created(event: Event) -> list[Line]:
    name = _name(event.after["feature_id"])
    return [_option_line(event.after, f"Multivariate option added to feature '{name}'.")]


def option_updated(event: Event) -> list[Line]:
    name = _name(event.after["feature_id"])
    line = _option_line(event.after, f"Multivariate value changed for feature '{name}'.")
    line.details = changed_fields(event.before, event.after)
    return [line]


def option_deleted(event: Event) -> list[Line]:
    name = _name(event.before["feature_id"])
    return [_option_line(event.before, f"Multivariate option removed from feature '{name}'.")]


def overrides_reordered(event: Event) -> list[Line]:
    feature_id = int(event.subject_id)
    log = f"Segment overrides re-ordered for feature '{_name(feature_id)}'."
    return [Line(log, _FEATURE, feature_id, ChangeType.UPDATE, details=changed_fields(event.before, event.after))]


def _option_line(facts: dict[str, int], log: str) -> Line:
    return Line(log, _FEATURE, facts["feature_id"], ChangeType.UPDATE)


def _defaults(event: Event) -> list[FeatureState]:
    states = FeatureState.current.filter(
        feature_id=event.subject_id, feature_segment=None, identity_id=None, environment__deleted_at=None
    )
    return state_facts.with_names(states.order_by("environment_id", "pk"))


def _name(feature_id: int) -> str:
    return Feature.objects.values_list("name", flat=True).get(pk=feature_id)
