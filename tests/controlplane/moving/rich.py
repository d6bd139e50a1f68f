"""An organisation with something of everything that moves."""

from dataclasses import dataclass

from tests.controlplane.scenes import Scene, make_scene
from tests.factories import make_environment
from vexil.controlplane.actions import (
    environments,
    feature_segments,
    feature_states,
    server_keys,
    tags,
    values,
    versioning,
    versions,
)
from vexil.controlplane.actions import segments as segment_actions
from vexil.controlplane.actions.allocations import Share
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.actions.segments import NewSegment
from vexil.controlplane.actions.version_states import StateOfVersion
from vexil.controlplane.actions.versions import NewVersion
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import (
    Environment,
    Feature,
    Integration,
    Metadata,
    MetadataField,
    MetadataModelField,
    MetadataRequirement,
    MultivariateOption,
    Webhook,
)
from vexil.controlplane.db.models.metadata import ContentType
from vexil.controlplane.permissions import SYSTEM
from vexil.stores.identities import Upsert


@dataclass(frozen=True)
class Rich:
    scene: Scene
    environments: list[Environment]
    """With v1 states, with v2 versions, and one that hashes by the ids of identities."""


def make_rich() -> Rich:
    scene = make_scene()
    # Ids here shall not be those that a copy gets.
    scene.feature("gone")
    scene.segment("before")
    versioned = make_environment(scene.project, name="Versioned")
    by_id = make_environment(scene.project, name="By id", use_identity_composite_key_for_hashing=False)
    everywhere = [scene.environment, versioned, by_id]
    tag = tags.create(scene.project, label="beta", by=SYSTEM)
    split = scene.feature(
        "split",
        initial_value="control",
        default_enabled=True,
        owners=[scene.admin],
        tags=[tag],
        options=[
            OptionFields(value=values.of_native("a"), percentage=30.0, key="a", sets_key=True),
            OptionFields(value=values.of_native(7), percentage=30.0),
        ],
    )
    plain = scene.feature("plain", initial_value="5", is_server_key_only=True)
    scene.feature("archived", is_archived=True)
    condition = {"operator": "PERCENTAGE_SPLIT", "property": None, "value": "40", "description": None}
    rules = [{"type": "ALL", "conditions": [condition], "rules": []}]
    some = segment_actions.create(scene.project, NewSegment("some", rules), by=SYSTEM)
    own = segment_actions.create(scene.project, NewSegment("own", rules, feature=plain), by=SYSTEM)
    pro = scene.segment("pro")
    option = MultivariateOption.objects.get(feature=split, string_value="a")
    changed = Change(enabled=True, value=values.of_native("in"), shares=[Share(option.pk, 50.0)])
    for environment in everywhere:
        for segment in (pro, some):
            feature_segments.create_override(environment, split, segment, changed, by=SYSTEM, priority=0)
        feature_segments.create_override(environment, plain, own, Change(enabled=True), by=SYSTEM)
        server_keys.create(environment, name="server", by=SYSTEM)
        _identities(environment, split)
    versioning.enable(versioned, by=SYSTEM)
    later = NewVersion(to_update=[StateOfVersion(Change(value=values.of_native("now")))], publish_immediately=True)
    versions.create(Environment.objects.get(pk=versioned.pk), plain, later, by=SYSTEM)
    versions.create(Environment.objects.get(pk=versioned.pk), plain, NewVersion(description="draft"), by=SYSTEM)
    _extras(scene, versioned, split.pk)
    deleted = make_environment(scene.project, name="Deleted")
    environments.delete(deleted, by=SYSTEM)
    return Rich(scene, everywhere)


def _identities(environment: Environment, split: Feature) -> None:
    store = stores.current().identities
    store.save_many(
        [
            Upsert(environment.pk, f"user-{number}", {"plan": "pro" if number % 3 else "free", "n": number, "ok": True})
            for number in range(40)
        ]
    )
    kim = store.find(environment.pk, "user-7")
    assert kim
    change = Change(enabled=False, value=values.of_native("mine"))
    feature_states.create(environment, split, change, identity=kim, by=SYSTEM)


def _extras(scene: Scene, environment: Environment, feature_id: int) -> None:
    organisation = scene.project.organisation
    field = MetadataField.objects.create(organisation=organisation, name="team")
    model_field = MetadataModelField.objects.create(field=field, content_type=ContentType.FEATURE)
    MetadataRequirement.objects.create(
        model_field=model_field, content_type=ContentType.PROJECT, object_id=scene.project.pk
    )
    Metadata.objects.create(model_field=model_field, feature_id=feature_id, field_value="growth")
    Webhook.objects.create(environment=environment, url="https://example.com/hook", secret="s")
    Integration.objects.create(kind="datadog", project=scene.project, settings={"api_key": "k"})
