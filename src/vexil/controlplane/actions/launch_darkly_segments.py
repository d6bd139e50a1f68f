"""Segments that an import from LaunchDarkly makes: those of its project, and those of single rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from vexil.controlplane.actions import segments
from vexil.controlplane.actions.segments import NewSegment, Rule
from vexil.controlplane.db.models import Feature, Project, Segment
from vexil.controlplane.integrations.launch_darkly import answers, clauses
from vexil.controlplane.integrations.launch_darkly.answers import Clause
from vexil.controlplane.integrations.launch_darkly.clauses import SEGMENT_MATCH, Untranslatable
from vexil.controlplane.permissions import Actor

MARK = "Imported from LaunchDarkly"


@dataclass(slots=True)
class Shelf:
    """The segments of a project there, as they are here; one may need several."""

    project: Project
    project_key: str
    by: Actor
    _known: dict[tuple[str, str], list[Segment]] = field(default_factory=dict)
    """By environment and key."""
    _same: dict[tuple[str, str], list[Segment]] = field(default_factory=dict)
    """By key and rules: what is the same in two environments is made once."""

    def put(self, environment: answers.Environment, found: answers.Segment) -> None:
        """Raise `Untranslatable`, or a refusal."""
        if found.unbounded:
            raise Untranslatable("its members are not in LaunchDarkly's API, since there are so many")
        ways = clauses.of_segment(found)
        same = (found.key, repr(ways))
        if same not in self._same:
            is_first = not any(key == found.key for key, _ in self._same)
            name = (found.name or found.key) + ("" if is_first else f" ({environment.name})")
            self._same[same] = [
                self._written(name if number == 1 else f"{name}, part {number}", way, f"segment {found.key}")
                for number, way in enumerate(ways, 1)
            ]
        self._known[environment.key, found.key] = self._same[same]

    def for_rule(self, environment: str, wanted: Sequence[Clause]) -> list[Segment] | None:
        """The segments that a rule names, when that is all it does."""
        if len(wanted) != 1 or wanted[0].op != SEGMENT_MATCH or wanted[0].negate:
            return None
        return [segment for key in wanted[0].values for segment in self._segments(environment, key)]

    def rules_of(self, environment: str, wanted: Sequence[Clause]) -> list[Rule]:
        """The rules of clauses, with those of the segments that they name. Raise `Untranslatable`."""
        rules: list[Rule] = []
        for clause in wanted:
            inlined = clause.op == SEGMENT_MATCH
            rules += self._inlined(environment, clause) if inlined else clauses.rules_of([clause])
        return rules

    def of_flag(self, feature: Feature, name: str, rules: Sequence[Rule]) -> Segment:
        """A segment for one rule of a flag."""
        return self._written(f"{feature.name}: {name}", [clauses.everything(rules)], f"flag {feature.name}", feature)

    def _inlined(self, environment: str, clause: Clause) -> list[Rule]:
        named = [segment for key in clause.values for segment in self._segments(environment, key)]
        if clause.negate or len(named) != 1:
            raise Untranslatable("it is about being in none or one of several segments, together with other conditions")
        roots = _bare(named[0].rules)
        if any(root["type"] != "ALL" or root["conditions"] for root in roots):
            raise Untranslatable(f"the rules of the segment {named[0].name} cannot be repeated within others")
        return [rule for root in roots for rule in root["rules"]]

    def _segments(self, environment: str, key: str) -> list[Segment]:
        if (environment, key) not in self._known:
            raise Untranslatable(f"the segment {key} was not imported")
        return self._known[environment, key]

    def _written(self, name: str, rules: list[Rule], note: str, feature: Feature | None = None) -> Segment:
        """What an earlier import made under this name has the rules of today afterwards."""
        description = f"{MARK}: {note} of {self.project_key}"
        segment_of = {"project": self.project, "name": name, "feature": feature, "description": description}
        earlier = Segment.live.filter(**segment_of).select_related("project").order_by("pk").first()
        if earlier is None:
            new = NewSegment(name=name, rules=rules, description=description, feature=feature)
            return segments.create(self.project, new, by=self.by)
        if _bare(earlier.rules) == rules:
            return earlier
        return segments.update(earlier, {"rules": rules}, by=self.by)


def _bare(rules: Iterable[Rule]) -> list[Rule]:
    """Without the numbers that a segment gives to its rules and conditions."""
    return [
        {
            "type": rule["type"],
            "conditions": [{key: part for key, part in one.items() if key != "id"} for one in rule["conditions"]],
            "rules": _bare(rule["rules"]),
        }
        for rule in rules
    ]
