"""Rows of the feature list, ready to be shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from vexil.controlplane import permissions
from vexil.controlplane.dashboard.places import Place
from vexil.controlplane.db.models import Feature, FeatureState, Tag
from vexil.controlplane.db.models.features import FeatureType
from vexil.controlplane.db.models.tags import TagType
from vexil.controlplane.queries import feature_lists
from vexil.controlplane.queries.features import NOWHERE, Situation
from vexil.wire.snapshot import FlagValue

VALUE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Row:
    feature: Feature
    situation: Situation
    tags: tuple[Tag, ...]
    url: str
    """Opens the feature's panel over the list."""
    history_url: str

    @property
    def state(self) -> FeatureState | None:
        return self.situation.default

    @property
    def value(self) -> str:
        return shown(self.state.value)[:VALUE_CHARACTERS] if self.state else ""

    @property
    def is_multivariate(self) -> bool:
        return self.feature.type == FeatureType.MULTIVARIATE

    @property
    def shown_tags(self) -> list[Tag]:
        """Those that no badge stands for."""
        return [tag for tag in self.tags if tag.type not in {TagType.STALE, TagType.UNHEALTHY}]

    @property
    def is_stale(self) -> bool:
        return any(tag.type == TagType.STALE for tag in self.tags)

    @property
    def is_unhealthy(self) -> bool:
        return any(tag.type == TagType.UNHEALTHY for tag in self.tags)

    @property
    def is_permanent(self) -> bool:
        return any(tag.is_permanent for tag in self.tags)


@dataclass(frozen=True, slots=True)
class Powers:
    """What somebody may do with features here; templates leave out the rest, or say why."""

    switch: bool
    override: bool
    create: bool
    edit: bool
    vary: bool
    delete: bool
    audit: bool
    is_by_request: bool
    """Whether flags of the environment change by change requests only."""


def rows(place: Place, features: Sequence[Feature], query: str) -> list[Row]:
    """One statement, for features whose tags were fetched."""
    assert place.environment is not None
    found = feature_lists.situations(features, place.environment)
    return [
        Row(
            feature,
            found.get(feature.pk, NOWHERE),
            tuple(sorted(feature.tags.all(), key=lambda tag: tag.label.lower())),
            panel_url(place, feature.pk, query=query),
            panel_url(place, feature.pk, "history", query=query),
        )
        for feature in features
    ]


def powers(place: Place) -> Powers:
    here, project = place.rights, place.project_rights
    by_request = place.environment is not None and place.environment.minimum_change_request_approvals is not None
    return Powers(
        switch=here.include(permissions.UPDATE_FEATURE_STATE) and not by_request,
        override=here.include(permissions.MANAGE_SEGMENT_OVERRIDES) and not by_request,
        create=project.include(permissions.CREATE_FEATURE),
        edit=project.include(permissions.CREATE_FEATURE),
        vary=project.is_admin,
        delete=project.include(permissions.DELETE_FEATURE),
        audit=project.include(permissions.VIEW_AUDIT_LOG),
        is_by_request=by_request,
    )


def list_url(place: Place, query: str = "") -> str:
    assert place.project is not None
    assert place.environment is not None
    url = reverse("features", kwargs={"project_id": place.project.pk, "environment_key": place.environment.api_key})
    return f"{url}?{query}" if query else url


def panel_url(place: Place, feature_id: int, tab: str = "value", *, query: str = "") -> str:
    kept = f"{query}&" if query else ""
    return f"{list_url(place)}?{kept}feature={feature_id}&tab={tab}"


def shown(value: FlagValue) -> str:
    """A value as people write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
