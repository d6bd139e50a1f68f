"""Turning v2 versioning on and off in an environment."""

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from vexil.controlplane.actions import events, version_copies
from vexil.controlplane.actions.locks import lock_project
from vexil.controlplane.actions.publishing import publish
from vexil.controlplane.db.models import Environment, Feature, FeatureSegment, FeatureState, FeatureVersion
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import snapshot_states


class AlreadyThere(Exception):
    """Versioning is as it is asked to be."""


@transaction.atomic
def enable(environment: Environment, *, by: Actor) -> None:
    """What counts now becomes the first version of each feature."""
    _set_versioning(environment, uses_it=True, by=by)
    now = timezone.now()
    _forget_states_beside(environment, {state.pk for state in snapshot_states.live_states(environment, now)})
    features = Feature.live.filter(project=environment.project).order_by("pk")
    version_copies.first_versions(environment, features, now=now)
    own = FeatureVersion.live.filter(environment=environment, feature=OuterRef("feature_id"), is_current=True)
    version = Subquery(own.values("pk")[:1])
    FeatureState.live.filter(environment=environment, identity_id=None).update(feature_version=version)
    FeatureSegment.live.filter(environment=environment).update(feature_version=version)


@transaction.atomic
def disable(environment: Environment, *, by: Actor) -> None:
    """Only what counts now stays; drafts, scheduled and former versions are gone."""
    _set_versioning(environment, uses_it=False, by=by)
    now = timezone.now()
    states = FeatureState.live.filter(environment=environment, feature_version__isnull=False)
    links = FeatureSegment.live.filter(environment=environment, feature_version__isnull=False)
    states.filter(feature_version__is_current=False).update(deleted_at=now)
    links.filter(feature_version__is_current=False).update(deleted_at=now)
    states.update(feature_version=None, version=1, live_from=now)
    links.update(feature_version=None)
    FeatureVersion.live.filter(environment=environment).update(deleted_at=now, is_current=False)


def _set_versioning(environment: Environment, *, uses_it: bool, by: Actor) -> None:
    lock_project(environment.project)  # a feature that is created meanwhile must not miss its version
    rows = Environment.live.filter(pk=environment.pk, use_v2_feature_versioning=not uses_it)
    if not rows.update(use_v2_feature_versioning=uses_it):
        already = "already using" if uses_it else "is not using"
        raise AlreadyThere(f"Environment {already} v2 versioning.")
    environment.use_v2_feature_versioning = uses_it
    kind = "environment.versioning_enabled" if uses_it else "environment.versioning_disabled"
    before, after = {"use_v2_feature_versioning": not uses_it}, {"use_v2_feature_versioning": uses_it}
    events.record(by, kind, environment.pk, scope=environment, before=before, after=after)
    publish(environment)


def _forget_states_beside(environment: Environment, live_ids: set[int]) -> None:
    states = FeatureState.live.filter(environment=environment, identity_id=None)
    gone = [pk for pk in states.values_list("pk", flat=True) if pk not in live_ids]
    FeatureState.live.filter(pk__in=gone).update(deleted_at=timezone.now())
