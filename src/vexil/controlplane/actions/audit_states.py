"""Audit lines of feature states: of everybody's, of segment overrides and of identity overrides."""

from django.db.models import QuerySet

from vexil.controlplane.actions import state_facts
from vexil.controlplane.actions.audit_lines import Facts, Line, changed_fields
from vexil.controlplane.db.models import ChangeType, Event, FeatureState

_STATE = "FEATURE_STATE"


def state_created(event: Event) -> list[Line]:
    return [_created(_state(event), event.after)]


def state_updated(event: Event) -> list[Line]:
    return _updated(_state(event), event.before, event.after)


def state_deleted(event: Event) -> list[Line]:
    return [_deleted(_state(event), event.before)]


def override_created(event: Event) -> list[Line]:
    state = _state(event)
    return [_created(state, state_facts.of(state))]


def override_deleted(event: Event) -> list[Line]:
    """The link is the event's subject; what it held goes with it."""
    return overrides_gone(FeatureState.live.filter(feature_segment_id=int(event.subject_id)))


def overrides_gone(states: QuerySet[FeatureState]) -> list[Line]:
    """A line for each override that goes because its link or its segment does."""
    return [
        Line(
            # compat: these are lines of the feature, where those of identities are lines of the state.
            f"Flag state / Remote config value deleted for feature '{state.feature.name}'{_whose(state)}",
            "FEATURE",
            state.feature_id,
            ChangeType.DELETE,
            environment_id=state.environment_id,
            before=state_facts.of(state),
        )
        for state in state_facts.with_names(states.order_by("pk"))
    ]


def feature_updated_in_environment(event: Event) -> list[Line]:
    """The default and the overrides, each compared with what it was."""
    before, after = _by_link(event.before), _by_link(event.after)
    states = FeatureState.objects.filter(
        environment=event.environment_id, feature_id=event.subject_id, identity_id=None
    )
    # By place; of several in one place (an override that was removed and made again) the last.
    present = {state.feature_segment_id: state for state in state_facts.with_names(states.order_by("pk"))}
    lines: list[Line] = []
    for link, facts in after.items():
        if link not in before:
            lines.append(_created(present[link], facts))
        elif before[link] != facts:
            lines += _updated(present[link], before[link], facts)
    return lines + [_deleted(present[link], facts) for link, facts in before.items() if link not in after]


def overrides_copied(event: Event) -> list[Line]:
    """One identity's overrides are replaced by copies of another's."""
    states = FeatureState.objects.filter(environment=event.environment_id, identity_id=event.subject_id)
    present = {state.feature_id: state for state in state_facts.with_names(states.order_by("pk"))}
    before = {facts["feature_id"]: facts for facts in event.before["states"]}
    after = {facts["feature_id"]: facts for facts in event.after["states"]}
    lines: list[Line] = []
    for feature_id, facts in after.items():
        state = present[feature_id]
        lines += _updated(state, before[feature_id], facts) if feature_id in before else [_created(state, facts)]
    return lines + [_deleted(present[pk], facts) for pk, facts in before.items() if pk not in after]


def _created(state: FeatureState, after: Facts) -> Line:
    name = state.feature.name
    if state.identity_id is not None:
        owner = f"identity '{state.identity_identifier}'"
        log = f"Remote config value updated for identity override on feature '{name}' and {owner}."
    elif state.feature_segment:
        owner = f"segment '{state.feature_segment.segment.name}'"
        log = f"Remote config updated for segment override on feature '{name}' and {owner}."
    else:
        log = f"New Flag / Remote Config created: {name}"
    return Line(log, _STATE, state.pk, ChangeType.CREATE, after=after)


def _updated(state: FeatureState, before: Facts, after: Facts) -> list[Line]:
    """A line for each part that changed; an update that changes nothing has none."""
    details = [change for change in changed_fields(before, after) if change["field"] != "priority"]
    parts: dict[str, list[Facts]] = {}
    for change in details:
        parts.setdefault(_update_log(state, change["field"]), []).append(change)
    lines = [Line(log, _STATE, state.pk, ChangeType.UPDATE, details=changes) for log, changes in parts.items()]
    if lines:
        lines[0].before, lines[0].after = before, after
    return lines


def _update_log(state: FeatureState, changed: str) -> str:
    name, owner = state.feature.name, _whose(state)
    if changed == "allocations":
        return f"Multivariate value changed for feature '{name}'{owner}."
    if owner:
        return f"Flag state / Remote config value updated for feature '{name}'{owner}"
    part = "Flag state" if changed == "enabled" else "Remote config value"
    return f"{part} updated for feature: {name}"


def _deleted(state: FeatureState, before: Facts) -> Line:
    name, owner = state.feature.name, _whose(state)
    log = f"Flag state / Remote config value deleted for feature '{name}'{owner}"
    if not owner:
        log = f"Flag / Remote Config Deleted: {name}"
    return Line(log, _STATE, state.pk, ChangeType.DELETE, before=before)


def _whose(state: FeatureState) -> str:
    if state.identity_id is not None:
        return f" and identity '{state.identity_identifier}'"
    return f" and segment '{state.feature_segment.segment.name}'" if state.feature_segment else ""


def _state(event: Event) -> FeatureState:
    (state,) = state_facts.with_names(FeatureState.objects.filter(pk=event.subject_id))
    return state


def _by_link(facts: Facts) -> dict[int | None, Facts]:
    """The default (None) and the overrides by their link."""
    default = {None: facts["default"]} if facts["default"] else {}
    return {**default, **{override["feature_segment_id"]: override for override in facts["overrides"]}}
