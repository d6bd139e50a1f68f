"""An old v2 version that counts again, as a new one."""

from django.db import transaction

from vexil.controlplane.actions import events, version_copies, versions
from vexil.controlplane.actions.feature_updates import ChangeRequestsEnabled
from vexil.controlplane.actions.locks import lock_environment
from vexil.controlplane.db.models import FeatureVersion
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import versions as queries


@transaction.atomic
def restore(version: FeatureVersion, *, by: Actor) -> FeatureVersion:
    """A new version with what an old one held; segments and options that are gone since stay gone."""
    environment, feature = version.environment, version.feature
    if lock_environment(environment).minimum_change_request_approvals is not None:
        raise ChangeRequestsEnabled
    present = queries.current(environment, feature)
    before = present and versions.facts(present)
    again = FeatureVersion(
        environment=environment, feature=feature, base=present, created_by=by.user, description=_description(version)
    )
    again.save()
    version_copies.copy_states(queries.states(version), environment, {feature.pk: again})
    versions.release(again, by=by)
    events.record(by, "version.published", again.pk, scope=environment, before=before, after=versions.facts(again))
    return again


def _description(version: FeatureVersion) -> str | None:
    return f"As it was on {version.live_from:%Y-%m-%d %H:%M} UTC" if version.live_from else None
