"""The tabs of a feature's panel beside its value: overrides, history, usage, links, settings."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.dashboard.panels import action, filled, panel
from tests.controlplane.scenes import Scene
from tests.factories import make_user
from vexil.controlplane.actions import feature_segments, feature_states, feature_updates, features, tags, versioning
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.feature_updates import Update
from vexil.controlplane.actions.features import FeatureChanges
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Feature, FeatureState
from vexil.controlplane.permissions import SYSTEM, Actor
from vexil.controlplane.queries import feature_states as queries
from vexil.stores.evaluations import EvaluationKey

SEGMENTS, IDENTITIES = "segment-overrides", "identity-overrides"


def overrides(scene: Scene, feature: Feature) -> list[tuple[str, bool, object]]:
    found = queries.overrides(scene.environment, feature)
    return [(each.feature_segment.segment.name, each.enabled, each.value) for each in found if each.feature_segment]


@pytest.mark.parametrize("has_versions", [False, True])
def test_segment_overrides_are_added_ordered_changed_and_taken_out(
    scene: Scene, admin: Pages, has_versions: bool
) -> None:
    feature = scene.feature("flag")
    first, second = scene.segment("first"), scene.segment("second")
    if has_versions:
        versioning.enable(scene.environment, by=SYSTEM)
    url = action(scene, feature, SEGMENTS)

    page = admin.fragment(panel(scene, feature, SEGMENTS))
    for segment in (first, second):
        page = admin.post_fragment(url, filled(page, add="yes", segment=segment.pk))
    unsaved = overrides(scene, feature)
    values = {f"override-{first.pk}-value": "7", f"override-{second.pk}-enabled": None}
    page = admin.post_fragment(url, filled(page, save="yes", **values))
    saved = overrides(scene, feature)
    page = admin.post_fragment(url, filled(page, save="yes", order=[second.pk, first.pk]))
    turned = overrides(scene, feature)
    page = admin.post_fragment(url, filled(page, gone=first.pk))
    admin.post_fragment(url, filled(page, save="yes"))

    assert unsaved == []
    assert saved == [("first", True, 7), ("second", False, None)]
    assert turned == [("second", False, None), ("first", True, 7)]
    assert overrides(scene, feature) == [("second", False, None)]


def test_rows_move_without_scripts(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag")
    for name in ("a", "b"):
        feature_segments.create_override(scene.environment, feature, scene.segment(name), Change(), by=SYSTEM)
    page = admin.get(panel(scene, feature, SEGMENTS))
    ids = page.attributes("[name=order]", "value")

    moved = admin.post(action(scene, feature, SEGMENTS), filled(page, up=ids[1]))
    stuck = admin.post(action(scene, feature, SEGMENTS), filled(page, up=ids[0]))

    assert moved.attributes("[name=order]", "value") == [ids[1], ids[0]]
    assert stuck.attributes("[name=order]", "value") == ids
    assert "Not saved yet." in moved.text


def test_shares_of_a_segment_are_its_own(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag", options=[OptionFields(value=of_native("x"), percentage=10)])
    segment = scene.segment()
    url = action(scene, feature, SEGMENTS)
    page = admin.fragment(panel(scene, feature, SEGMENTS))
    page = admin.post_fragment(url, filled(page, add="yes", segment=segment.pk))
    weight = f"override-{segment.pk}-variation-0-weight"

    wrong = admin.post_fragment(url, filled(page, save="yes", **{weight: "101"}))
    admin.post_fragment(url, filled(wrong, save="yes", **{weight: "60"}))

    [state] = queries.overrides(scene.environment, feature)
    assert (wrong.status, wrong.texts(".override > .error")) == (422, ["Shares are numbers from 0 to 100."])
    assert [share.percentage for share in state.allocations.all()] == [60]


def test_overrides_that_somebody_else_changed_are_told_of_and_not_lost(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag")
    mine, theirs = scene.segment("mine"), scene.segment("theirs")
    url = action(scene, feature, SEGMENTS)
    page = admin.fragment(panel(scene, feature, SEGMENTS))
    page = admin.post_fragment(url, filled(page, add="yes", segment=mine.pk))
    feature_segments.create_override(scene.environment, feature, theirs, Change(enabled=True), by=SYSTEM)

    told = admin.post_fragment(url, filled(page, save="yes"))
    between = overrides(scene, feature)
    admin.post_fragment(url, filled(told, save="yes"))

    assert told.status == 422
    assert "Somebody changed these overrides while you were editing." in told.text
    assert told.texts(".notice.warn p strong") == ["on"]
    assert between == [("theirs", True, None)]
    assert overrides(scene, feature) == [("mine", True, None)]


def test_identity_overrides_are_added_found_changed_and_removed(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag", options=[OptionFields(value=of_native("x"), percentage=10)])
    option = feature.multivariate_options.get()
    add = action(scene, feature, IDENTITIES)

    admin.post_fragment(add, {"identifier": "kim", "enabled": "on", "value": "5"})
    page = admin.post_fragment(add, {"identifier": "lee", "value": "", "variation": option.pk})
    twice = admin.post_fragment(add, {"identifier": "kim"})
    found = admin.get(panel(scene, feature, IDENTITIES), {"feature": feature.pk, "tab": IDENTITIES, "identity": "KI"})
    state = FeatureState.live.get(identity_identifier="kim")
    form = filled(found, ".override form", value="6", enabled=None)
    admin.post_fragment(action(scene, feature, f"{IDENTITIES}/{state.pk}"), form)
    stale = admin.post_fragment(action(scene, feature, f"{IDENTITIES}/{state.pk}"), form)

    assert page.texts(".identity-name") == ["kim", "lee"]
    assert twice.texts(".error") == ["kim has an override of this feature already: change that one."]
    assert found.texts(".identity-name") == ["kim"]
    assert stale.texts(".toast.error") == ["Somebody changed kim meanwhile: this is what it is now."]
    state.refresh_from_db()
    assert (state.enabled, state.value) == (False, 6)
    lee = FeatureState.live.get(identity_identifier="lee")
    assert [share.percentage for share in lee.allocations.all()] == [100]
    assert stores.current().identities.find(scene.environment.pk, "lee") is not None
    admin.post_fragment(action(scene, feature, f"{IDENTITIES}/{state.pk}"), {"remove": "yes"})
    assert list(FeatureState.live.filter(identity_id__isnull=False)) == [lee]


def test_two_versions_are_compared_and_an_old_one_restored(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag", initial_value="one")
    segment = scene.segment("vips")
    feature_segments.create_override(scene.environment, feature, segment, Change(True, of_native("gold")), by=SYSTEM)
    versioning.enable(scene.environment, by=SYSTEM)
    first = feature.versions.get()
    changed = Update(default=Change(True, of_native("two")), overrides=[])
    feature_updates.replace_parts(scene.environment, feature, changed, by=Actor(user=scene.admin))
    second = feature.versions.get(is_current=True)

    url = f"{panel(scene, feature, 'history')}&left={first.pk}&right={second.pk}"
    page = admin.get(url)
    admin.post_fragment(action(scene, feature, f"history/{first.pk}/restore"), {})

    rows = page.texts(".comparison-facts tr.differs")
    assert rows == ["Enabled off on", "Value one two", "Enabled on –", "Value gold –", "Priority 1 –"]
    assert page.texts(".comparison > p > .badge") == ["only on the left"]
    assert len(page.soup.select(".versions tbody tr")) == 2
    state = FeatureState.current.get(feature=feature, feature_segment=None)
    assert (state.enabled, state.value) == (False, "one")
    assert overrides(scene, feature) == [("vips", True, "gold")]
    assert feature.versions.count() == 3
    assert [found.value for found in scene.snapshot().defaults] == ["one"]


def test_a_version_of_another_feature_is_not_restored(scene: Scene, admin: Pages) -> None:
    feature, other = scene.feature("flag"), scene.feature("other")
    versioning.enable(scene.environment, by=SYSTEM)
    version = other.versions.get()

    page = admin.post_fragment(action(scene, feature, f"history/{version.pk}/restore"), {})

    assert page.status == 404
    assert other.versions.count() == 1


def test_without_versions_history_is_what_the_audit_log_says(scene: Scene, admin: Pages) -> None:
    feature, other = scene.feature("flag"), scene.feature("other")
    by = Actor(user=scene.admin)
    feature_updates.merge(scene.environment, feature, Update(default=Change(value=of_native("x"))), by=by)
    feature_updates.merge(scene.environment, other, Update(default=Change(value=of_native("y"))), by=by)

    page = admin.get(panel(scene, feature, "history"))

    assert page.texts(".timeline .strong")[0] == "Remote config value updated for feature: flag"
    assert page.texts(".changes-line") == ["value nothing → x"]
    assert "other" not in page.one(".timeline").text


def test_usage_is_a_chart_with_a_table_beneath(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag")
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    key = EvaluationKey(scene.environment.pk, "flag", hour, True, "flagsmith-python-sdk")
    stores.current().evaluations.add({key: 1234, key._replace(hour=hour - timedelta(days=40)): 5})

    month = admin.get(panel(scene, feature, "usage"))
    quarter = admin.get(f"{panel(scene, feature, 'usage')}&period=90")

    assert month.texts(".usage-total") == ["1,234"]
    assert [len(page.soup.select(".usage-chart rect")) for page in (month, quarter)] == [1, 2]
    assert month.texts(".usage-chart g title") == [f"{hour.day} {hour:%b %Y}: 1,234"]
    assert month.texts(".halves table")[1] == "Client Evaluations flagsmith-python-sdk 1,234"
    assert quarter.texts(".usage-total") == ["1,239"]


def test_links_tell_what_would_be_right(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag")
    url = action(scene, feature, "links")

    wrong = admin.post_fragment(url, {"type": "GITLAB_ISSUE", "url": "javascript:alert(1)"})
    unset = admin.post_fragment(url, {"type": "GITHUB_ISSUE", "url": "https://github.com/a/b/issues/1"})

    assert wrong.status == 422
    assert unset.texts(".error") == ["Set up GitHub for this repository in the integrations first."]
    page = admin.post_fragment(url, {"type": "GITLAB_ISSUE", "url": "https://gitlab.com/a/b/-/issues/1"})
    assert page.attributes(".override a", "href") == ["https://gitlab.com/a/b/-/issues/1"]
    admin.post_fragment(url + f"/{feature.external_resources.get().pk}/remove", {})
    assert feature.external_resources.count() == 0


def test_settings_are_saved_for_all_environments(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag", owners=[scene.admin])
    tag = tags.create(scene.project, label="t", by=SYSTEM)
    page = admin.fragment(panel(scene, feature, "settings"))

    changes = {"description": "new", "tags": [tag.pk], "owners": None, "is_archived": "on"}
    form = filled(page, "#settings-form", **changes)
    admin.post_fragment(action(scene, feature, "settings"), form)

    feature.refresh_from_db()
    assert (feature.description, feature.is_archived) == ("new", True)
    assert ([*feature.tags.all()], [*feature.owners.all()]) == ([tag], [])


def test_settings_are_never_saved_over_newer_ones(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag")
    page = admin.fragment(panel(scene, feature, "settings"))
    features.update(feature, FeatureChanges(fields={"description": "theirs"}), by=Actor(user=scene.admin))

    form = filled(page, "#settings-form", description="mine")
    told = admin.post_fragment(action(scene, feature, "settings"), form)
    feature.refresh_from_db()
    between = feature.description
    admin.post_fragment(action(scene, feature, "settings"), filled(told, "#settings-form"))

    feature.refresh_from_db()
    assert "Test User changed this feature while you were editing" in told.text
    assert (between, feature.description) == ("theirs", "mine")


def test_each_tab_keeps_to_its_statements(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag", options=[OptionFields(value=of_native("x"), percentage=1)])
    few = {tab: _statements(admin, panel(scene, feature, tab)) for tab in _TABS}
    for number in range(10):
        segment = scene.segment(f"s{number}")
        feature_segments.create_override(scene.environment, feature, segment, Change(), by=SYSTEM)
        identity = scene.identity(f"i{number}")
        feature_states.create(scene.environment, feature, Change(), by=SYSTEM, identity=identity)
        tags.create(scene.project, label=f"t{number}", by=SYSTEM)
        make_user()

    more = {tab: _statements(admin, panel(scene, feature, tab)) for tab in _TABS}
    assert {tab: more[tab] - few[tab] for tab in _TABS if more[tab] - few[tab] > _ONE_MORE.get(tab, 0)} == {}
    assert max(more.values()) <= 12


_TABS = ("value", SEGMENTS, IDENTITIES, "usage", "history", "links", "settings")
_ONE_MORE = {SEGMENTS: 1, IDENTITIES: 2}
"""Allocations and their options are fetched once there are overrides at all."""


def _statements(pages: Pages, path: str) -> int:
    pages.get(path)
    with CaptureQueriesContext(connection) as captured:
        pages.get(path)
    return len(captured)
