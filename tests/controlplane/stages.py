"""Features in each stage of their life."""

from datetime import UTC, datetime, timedelta

from tests.controlplane.scenes import Scene
from vexil.controlplane.actions import code_references
from vexil.controlplane.actions.code_references import Found, Scan
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Feature, Tag
from vexil.controlplane.permissions import SYSTEM
from vexil.stores.evaluations import EvaluationKey

STAGES = ("new", "live", "stale", "permanent", "needs_monitoring", "to_remove")


def tag(scene: Scene, *features: Feature, **fields: object) -> None:
    made = Tag.objects.create(project=scene.project, label="tag", **fields)
    made.features.add(*features)


def make_one_of_each(scene: Scene) -> None:
    made = {stage: scene.feature(stage) for stage in STAGES}
    in_code = [Found(name, "a.py", 1) for name in ("live", "stale", "permanent")]
    scan = Scan("https://github.com/acme/shop", "github", "abc", in_code)
    code_references.keep_scan(scene.project, scan, now=datetime.now(UTC), by=SYSTEM)
    tag(scene, *(made[name] for name in STAGES[2:]), type="STALE", is_system_tag=True)
    tag(scene, made["permanent"], is_permanent=True)
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    old = hour - timedelta(days=scene.project.stale_flags_limit_days + 1)
    key = EvaluationKey(scene.environment.pk, "needs_monitoring", hour, True, "")
    stores.current().evaluations.add({key: 1, key._replace(feature_name="to_remove", hour=old): 1})
