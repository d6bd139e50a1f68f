"""Features as the Admin API lists them: chosen, sorted, and with what they are in one environment."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet

from vexil.controlplane.db.models import (
    Environment,
    Feature,
    FeatureState,
    FeatureVersion,
    Project,
    Tag,
)
from vexil.controlplane.db.models.features import ValueType
from vexil.controlplane.queries import code_references, lifecycle
from vexil.controlplane.queries.code_references import Sighting


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None and empty do not narrow."""

    environment: Environment | None = None
    search: str = ""
    type: str | None = None
    is_archived: bool | None = None
    is_enabled: bool | None = None
    value_search: str = ""
    owners: Sequence[int] = ()
    group_owners: Sequence[int] = ()
    """Features of these users and of these groups."""
    tags: Sequence[int] | None = None
    """Features with these tags; none given: those without any."""
    any_tag: bool = False
    """One of the tags is enough."""
    segment_id: int | None = None
    """Features that this segment overrides come first."""
    identity_id: int | None = None
    """The same with an identity."""
    order_by: str = "created_date"
    descending: bool = False
    stage: str | None = None
    """How far they have come in the environment."""


@dataclass(slots=True)
class Situation:
    """What a feature is in one environment."""

    default: FeatureState | None = None
    of_segment: FeatureState | None = None
    sightings: Sequence[Sighting] = ()
    """Repositories that name it."""
    segment_overrides: int = 0
    identity_overrides: int = 0
    last_modified_here: datetime | None = None
    last_modified_anywhere: datetime | None = None
    """When the newest version went live, here and in any environment; only v2 versions tell."""


NOWHERE = Situation()


@dataclass(frozen=True, slots=True)
class Situations:
    """The situations of some features in one environment, or nowhere."""

    environment: Environment | None = None
    by_feature: dict[int, Situation] = field(default_factory=dict)

    def of(self, feature: Feature) -> Situation:
        return self.by_feature.get(feature.pk, NOWHERE)


def live() -> QuerySet[Feature]:
    """Live features with their project."""
    return Feature.live.select_related("project")


def filtered(project: Project, filters: Filters) -> QuerySet[Feature]:
    """A project's features that fit, in the order asked for."""
    features = project.features(manager="live").filter(name__icontains=filters.search)
    if filters.type is not None:
        features = features.filter(type=filters.type)
    if filters.is_archived is not None:
        features = features.filter(is_archived=filters.is_archived)
    if filters.owners or filters.group_owners:
        owned = Q(owners__in=filters.owners) | Q(group_owners__in=filters.group_owners)
        features = features.filter(pk__in=Feature.live.filter(owned, project=project).values("pk"))
    if filters.tags is not None:
        features = _tagged(features, filters.tags, any_tag=filters.any_tag)
    if filters.environment is not None:
        features = _in_state(features, filters, filters.environment)
        if filters.stage:
            staged = lifecycle.staged(features, filters.environment, now=datetime.now(UTC))
            features = staged.filter(lifecycle_stage=filters.stage)
    return _ordered(features, filters)


def _tagged(features: QuerySet[Feature], tags: Sequence[int], *, any_tag: bool) -> QuerySet[Feature]:
    if not tags:
        return features.filter(tags=None)
    tagged = Tag.objects.filter(features=OuterRef("pk"))
    if any_tag:
        return features.filter(Exists(tagged.filter(pk__in=tags)))
    for tag in set(tags):
        features = features.filter(Exists(tagged.filter(pk=tag)))
    return features


def situations(
    features: Sequence[Feature], environment: Environment | None, *, segment_id: int | None = None
) -> Situations:
    """Seven statements, or three without an environment."""
    found = Situations(environment, {feature.pk: Situation() for feature in features})
    for feature_id, sightings in code_references.sightings_of(features).items():
        found.by_feature[feature_id].sightings = sightings
    versions = FeatureVersion.live.filter(went_live_at__isnull=False, feature__in=list(found.by_feature))
    here = Max("live_from", filter=Q(environment=environment))
    for times in versions.values("feature_id").annotate(here=here, anywhere=Max("live_from")).order_by():
        situation = found.by_feature[times["feature_id"]]
        situation.last_modified_here, situation.last_modified_anywhere = times["here"], times["anywhere"]
    if environment is None:
        return found
    states = FeatureState.current.filter(environment=environment, feature__in=list(found.by_feature))
    for state in states.filter(feature_segment=None, identity_id=None).order_by("version", "pk"):
        found.by_feature[state.feature_id].default = state
    for state in _of_segment(states, segment_id).order_by("-feature_segment__priority", "pk"):
        found.by_feature[state.feature_id].of_segment = state
    overrides = states.values("feature_id").order_by("feature_id")
    live_links = Q(feature_segment__deleted_at=None, feature_segment__isnull=False)
    for row in overrides.annotate(
        of_segments=Count("pk", filter=live_links), of_identities=Count("pk", filter=Q(identity_id__isnull=False))
    ):
        found.by_feature[row["feature_id"]].segment_overrides = row["of_segments"]
        found.by_feature[row["feature_id"]].identity_overrides = row["of_identities"]
    return found


def _of_segment(states: QuerySet[FeatureState], segment_id: int | None) -> QuerySet[FeatureState]:
    if segment_id is None:
        return states.none()
    return states.filter(feature_segment__segment_id=segment_id, feature_segment__deleted_at=None)


def _in_state(features: QuerySet[Feature], filters: Filters, environment: Environment) -> QuerySet[Feature]:
    defaults = FeatureState.current.filter(
        environment=environment, feature=OuterRef("pk"), feature_segment=None, identity_id=None
    )
    if filters.is_enabled is not None:
        features = features.filter(Exists(defaults.filter(enabled=filters.is_enabled)))
    if filters.value_search:
        features = features.filter(Exists(defaults.filter(_holds(filters.value_search))))
    return features


def _holds(text: str) -> Q:
    """A string that contains the text, or the integer or boolean that the text names."""
    holds = Q(type=ValueType.STRING, string_value__icontains=text)
    if text.removeprefix("-").isdecimal() and len(text) <= 11:
        holds |= Q(type=ValueType.INTEGER, integer_value=int(text))
    if text.lower() in ("true", "false"):
        holds |= Q(type=ValueType.BOOLEAN, boolean_value=text.lower() == "true")
    return holds


def _ordered(features: QuerySet[Feature], filters: Filters) -> QuerySet[Feature]:
    column = F(filters.order_by).desc() if filters.descending else F(filters.order_by).asc()
    first = []
    overrides = FeatureState.current.filter(environment=filters.environment, feature=OuterRef("pk"))
    if filters.environment is not None and filters.segment_id is not None:
        features = features.annotate(in_segment=Exists(_of_segment(overrides, filters.segment_id)))
        first.append("-in_segment")
    if filters.environment is not None and filters.identity_id is not None:
        features = features.annotate(for_identity=Exists(overrides.filter(identity_id=filters.identity_id)))
        first.append("-for_identity")
    return features.order_by(*first, column, "pk")
