"""What a flag of LaunchDarkly is in one environment: a default, a segment override for each rule, single targets."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from vexil.controlplane.actions import feature_states, feature_updates, identities
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.feature_updates import OverrideUpdate, Update
from vexil.controlplane.actions.launch_darkly_segments import Shelf
from vexil.controlplane.actions.launch_darkly_values import Outcomes
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.actions.segments import Rule as SegmentRule
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Feature, FeatureState, Segment
from vexil.controlplane.integrations.launch_darkly import clauses
from vexil.controlplane.integrations.launch_darkly.answers import USER, Outcome, Rollout, Rule, Settings, Target
from vexil.controlplane.integrations.launch_darkly.clauses import Untranslatable
from vexil.controlplane.permissions import Actor
from vexil.stores.identities import Identity

Branch = tuple[Segment, Change]


@dataclass(frozen=True, slots=True)
class Targeting:
    """`say` hears what could not be brought over; `key` is the environment's there."""

    environment: Environment
    key: str
    feature: Feature
    settings: Settings
    outcomes: Outcomes
    shelf: Shelf
    say: Callable[[str], None]
    by: Actor

    def write(self) -> None:
        default = self.outcomes.default()
        branches = self._branches(default)
        overrides: dict[int, OverrideUpdate] = {}
        for segment, change in branches:
            # The first rule that somebody meets decides, so a segment's later ones never do.
            overrides.setdefault(segment.pk, OverrideUpdate(segment, change))
        update = Update(default=default, overrides=list(overrides.values()))
        feature_updates.replace_parts(self.environment, self.feature, update, by=self.by)
        if self.settings.prerequisites:
            names = ", ".join(prerequisite.key for prerequisite in self.settings.prerequisites)
            self.say(f"its prerequisites ({names}) have no counterpart")
        if not _is_on_when_off(self.settings, default):
            self._write_targets()

    def _branches(self, default: Change) -> list[Branch]:
        if _is_on_when_off(self.settings, default):
            return []
        found: list[Branch] = []
        for target in self.settings.context_targets:
            if target.context_kind != USER and target.values:
                name = f"{target.context_kind} targets of variation {target.variation} ({self.environment.name})"
                rules: list[SegmentRule] = [_any_of(target)]
                found.append((self._segment(name, rules), self.outcomes.change(Outcome(target.variation))))
        for number, rule in enumerate(self.settings.rules, 1):
            try:
                found += self._of_rule(f"{rule.description or f'rule {number}'} ({self.environment.name})", rule)
            except (Untranslatable, Refused) as refusal:
                self.say(f"rule {number} was left out: {refusal}")
        rollout = self.settings.fallthrough.rollout
        if self.outcomes.is_boolean and rollout and self.settings.on:
            found += self._shared(f"share of everybody ({self.environment.name})", [], rollout)
        return found

    def _of_rule(self, name: str, rule: Rule) -> Iterator[Branch]:
        if self.outcomes.is_boolean and rule.rollout:
            rules = self.shelf.rules_of(self.key, rule.clauses)
            yield from self._shared(f"share of {name}", rules, rule.rollout)
            yield self._segment(name, rules), Change(enabled=False)
            return
        change = self.outcomes.change(rule)
        named = self.shelf.for_rule(self.key, rule.clauses)
        if rule.rollout and rule.rollout.bucket_by != "key":
            self.say(f"{name} is split by identity, not by {rule.rollout.bucket_by}")
        if named is None:
            named = [self._segment(name, self.shelf.rules_of(self.key, rule.clauses))]
        yield from ((segment, change) for segment in named)

    def _shared(self, name: str, rules: Sequence[SegmentRule], rollout: Rollout) -> Iterator[Branch]:
        """Those who get a boolean flag by a split."""
        share = clauses.share(self.outcomes.share_of_true(rollout), rollout.bucket_by)
        yield self._segment(name, [*rules, share]), Change(enabled=self.settings.on)

    def _segment(self, name: str, rules: Sequence[SegmentRule]) -> Segment:
        return self.shelf.of_flag(self.feature, name, rules)

    def _write_targets(self) -> None:
        seen: set[str] = set()
        for target in (*self.settings.targets, *self.settings.context_targets):
            if target.context_kind != USER:
                continue
            change = self.outcomes.change(Outcome(target.variation))
            for identifier in target.values:
                if identifier not in seen:
                    seen.add(identifier)
                    self._override(identifier, change)

    def _override(self, identifier: str, change: Change) -> None:
        identity = self._identity(identifier)
        states = FeatureState.live.filter(environment=self.environment, feature=self.feature, identity_id=identity.id)
        if (state := states.first()) is not None:
            feature_states.update(state, change, by=self.by)
        else:
            feature_states.create(self.environment, self.feature, change, by=self.by, identity=identity)

    def _identity(self, identifier: str) -> Identity:
        known = stores.current().identities.find(self.environment.pk, identifier)
        return known or identities.create(self.environment, identifier, by=self.by)


def _is_on_when_off(settings: Settings, default: Change) -> bool:
    """A boolean flag that is true for everybody while it is off: nothing may make it false."""
    return not settings.on and bool(default.enabled)


def _any_of(target: Target) -> SegmentRule:
    return {"type": "ANY", "conditions": clauses.members(target.context_kind, target.values), "rules": []}
