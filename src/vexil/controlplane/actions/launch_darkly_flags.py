"""A project of LaunchDarkly becomes part of one of ours: environments, tags, segments and, flag by flag, features."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Lower

from vexil.controlplane import permissions
from vexil.controlplane.actions import environments, features, multivariate, tags, values
from vexil.controlplane.actions.feature_states import StateExists
from vexil.controlplane.actions.feature_updates import ChangeRequestsEnabled, UnfitUpdate
from vexil.controlplane.actions.features import FeatureChanges, NewFeature
from vexil.controlplane.actions.identities import IdentityExists
from vexil.controlplane.actions.launch_darkly_segments import Shelf
from vexil.controlplane.actions.launch_darkly_targeting import Targeting
from vexil.controlplane.actions.launch_darkly_values import BOOLEAN, Outcomes, columns_key, columns_of, text_of
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.actions.refusals import LimitReached, Refused
from vexil.controlplane.db.models import Environment, Feature, MultivariateOption, Project, Tag
from vexil.controlplane.integrations.launch_darkly import answers
from vexil.controlplane.integrations.launch_darkly.answers import Flag
from vexil.controlplane.integrations.launch_darkly.clauses import Untranslatable
from vexil.controlplane.permissions import Actor
from vexil.stores.identities import Unstorable

IMPORTED = "Imported"
"""The tag of features that an import made, and may make anew."""

_TAG_COLOR = "#3d4db6"
_LABEL_CHARACTERS_MAX = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What was read."""

    environments: list[answers.Environment]
    flags: list[Flag]
    segments: list[tuple[answers.Environment, answers.Segment]]


@dataclass(slots=True)
class Writer:
    """`say` hears what could not be brought over."""

    project: Project
    project_key: str
    by: Actor
    say: Callable[[str], None]
    is_full: bool = False
    """The project may have no more features."""
    _environments: dict[str, Environment] = field(default_factory=dict)
    _tags: dict[str, Tag] = field(default_factory=dict)
    _shelf: Shelf = field(init=False)

    def __post_init__(self) -> None:
        self._shelf = Shelf(self.project, self.project_key, self.by)

    def prepare(self, found: Found) -> None:
        """Write what flags refer to."""
        names: set[str] = set()
        for there in found.environments:
            name = there.name if there.name not in names else f"{there.name} ({there.key})"
            names.add(name)
            with self._telling(f"Environment {name}"):
                self._environments[there.key] = self._environment(name)
        for label in sorted({IMPORTED, *(tag for flag in found.flags for tag in flag.tags)}):
            self._tags[label] = self._tag(label[:_LABEL_CHARACTERS_MAX])
        for there, segment in found.segments:
            with self._telling(f"Segment {segment.name or segment.key} ({there.name})"):
                self._shelf.put(there, segment)

    def write(self, flag: Flag) -> None:
        """Write one flag, as far as it can be."""
        feature: Feature | None = None
        with self._telling(f"Flag {flag.key}"):
            feature = self._feature(flag)
        for key, environment in self._environments.items():
            if feature is None or key not in flag.environments:
                continue
            settings = flag.environments[key]
            with self._telling(about := f"Flag {flag.key} in {environment.name}"):
                Targeting(
                    environment,
                    key,
                    feature,
                    settings,
                    Outcomes.of(flag, settings, feature),
                    self._shelf,
                    self._about(about),
                    self.by,
                ).write()

    def _about(self, thing: str) -> Callable[[str], None]:
        return lambda text: self.say(f"{thing}: {text}.")

    @contextmanager
    def _telling(self, about: str) -> Iterator[None]:
        """Do it wholly or, with a word about the reason, not at all."""
        try:
            with transaction.atomic():
                yield
        except (Refused, Untranslatable, Unstorable, UnfitUpdate, IdentityExists) as refusal:
            self.is_full |= isinstance(refusal, LimitReached) and refusal.limit.startswith("max_features")
            self.say(f"{about}: {str(refusal).rstrip('.')}.")
        except ChangeRequestsEnabled:
            self.say(f"{about}: flags of this environment are changed by change requests only.")
        except StateExists:
            self.say(f"{about}: it was changed by somebody else meanwhile.")

    def _environment(self, name: str) -> Environment:
        """One that is there already is filled by its admins only."""
        known = Environment.live.filter(project=self.project, name=name).select_related("project__organisation").first()
        if known is None:
            return environments.create(self.project, name=name, by=self.by)
        if not permissions.is_environment_admin(self.by, known):
            raise Refused("It is there already, and you are not an admin of it")
        return known

    def _tag(self, label: str) -> Tag:
        known = Tag.objects.filter(project=self.project, label=label, is_system_tag=False).order_by("pk").first()
        return known or tags.create(self.project, by=self.by, label=label, color=_TAG_COLOR)

    def _feature(self, flag: Flag) -> Feature:
        """Made now or by an earlier import; raise `Refused` where somebody else made one of this name."""
        same_name = Feature.live.annotate(lower_name=Lower("name")).filter(lower_name=Lower(Value(flag.key)))
        known = same_name.filter(project=self.project).select_related("project").first()
        if known is None:
            return self._new_feature(flag)
        if not known.tags.filter(label=IMPORTED).exists():
            raise Refused(f"There is a feature of this name that has no tag {IMPORTED!r}; it stays as it is")
        fields = {name: column for name, column in _fields(flag).items() if name != "initial_value"}
        changes = FeatureChanges(fields=fields, tags=self._tags_of(flag))
        feature = features.update(known, changes, by=self.by)
        present = {columns_key(values.columns_of(row)) for row in MultivariateOption.objects.filter(feature=feature)}
        for option in _options(flag):
            if option.value and columns_key(option.value) not in present:
                multivariate.create(feature, option, by=self.by)
        return feature

    def _new_feature(self, flag: Flag) -> Feature:
        new = NewFeature(name=flag.key, tags=self._tags_of(flag), options=_options(flag), **_fields(flag))
        return features.create(self.project, new, by=self.by)

    def _tags_of(self, flag: Flag) -> list[Tag]:
        return list({tag.pk: tag for tag in (self._tags[label] for label in (IMPORTED, *flag.tags))}.values())


def _fields(flag: Flag) -> dict[str, Any]:
    """Columns of the feature itself."""
    lines = [text for text in (flag.name if flag.name != flag.key else "", flag.description) if text]
    available = flag.client_side_availability
    return {
        "description": "\n".join(lines).replace("\0", "") or None,
        "initial_value": _initial_value(flag),
        "is_archived": flag.archived or flag.deprecated,
        "is_server_key_only": bool(available and not (available.using_environment_id or available.using_mobile_key)),
    }


def _initial_value(flag: Flag) -> str | None:
    """What new environments begin with."""
    off = flag.defaults.off_variation if flag.defaults else None
    if flag.kind == BOOLEAN or off is None or not 0 <= off < len(flag.variations):
        return None
    return text_of(columns_of(flag.variations[off].value))


def _options(flag: Flag) -> list[OptionFields]:
    """Each variation once; shares are a matter of environments."""
    if flag.kind == BOOLEAN:
        return []
    columns = {columns_key(one): one for one in (columns_of(variation.value) for variation in flag.variations)}
    return [OptionFields(value=one, percentage=0.0) for one in columns.values()]
