"""The value of a feature in its panel: saved, summed up before, and never over somebody else's change."""

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.dashboard.client import Page, Pages
from tests.controlplane.scenes import Scene
from vexil.controlplane.actions import environments, feature_updates, versioning
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.feature_updates import Update
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.db.models import Feature, FeatureState
from vexil.controlplane.permissions import SYSTEM, Actor


def panel(scene: Scene, feature: Feature) -> str:
    return f"/project/{scene.project.pk}/environment/{scene.environment.api_key}/features?feature={feature.pk}"


def action(scene: Scene, feature: Feature, rest: str = "value") -> str:
    return f"/project/{scene.project.pk}/environment/{scene.environment.api_key}/features/{feature.pk}/{rest}"


def filled(page: Page, **changes: Any) -> dict[str, Any]:
    """The panel's form as the browser would send it, with changes."""
    form = page.one("form#value-form")
    sent = {
        str(field["name"]): field.get("value", "")
        for field in form.select("input[type=hidden], input[type=number], input.code, .variation-key input")
    }
    sent |= {str(field["name"]): field["value"] for field in form.select("input[type=radio][checked]")}
    sent |= {str(field["name"]): "on" for field in form.select("input[type=checkbox][checked]")}
    sent["value"] = form.select("textarea")[0].text.removeprefix("\n")
    return {name: value for name, value in {**sent, **changes}.items() if value is not None}


def test_the_panel_is_a_part_for_htmx_and_a_page_for_others(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag", initial_value='{"a": 1}')

    part, whole = admin.fragment(panel(scene, feature)), admin.get(panel(scene, feature))

    assert [page.texts("#panel-title") for page in (part, whole)] == [["flag"], ["flag"]]
    assert (part.soup.select("html"), len(whole.soup.select("html"))) == ([], 1)
    assert whole.attributes("input[name=value_format][checked]", "value") == ["json"]
    assert admin.get(panel(scene, feature).replace(str(feature.pk), "999999")).status == 404
    assert admin.get(f"{panel(scene, feature)}x").status == 404


def test_saving_changes_the_state_and_tells_the_list(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag", initial_value="1")
    form = filled(admin.fragment(panel(scene, feature)), enabled="on", value="2")

    page = admin.post_fragment(action(scene, feature), form)
    again = admin.post(action(scene, feature), filled(page, value="", query="search=f"))

    state = scene.default(feature)
    assert page.texts(".toast") == [f"flag saved in {scene.environment.name}."]
    assert page.response.headers["HX-Trigger"] == "features-changed"
    assert again.location == panel(scene, feature).replace("?", "?search=f&") + "&tab=value"
    assert (state.enabled, state.value) == (True, None)


def test_what_would_change_is_told_before(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag", initial_value="a\nb")
    form = filled(admin.fragment(panel(scene, feature)), enabled="on", value="a\r\nc")

    page = admin.post_fragment(action(scene, feature, "value/changes"), form)
    none = admin.post_fragment(action(scene, feature, "value/changes"), {**form, "value": "a\r\nb", "enabled": "x"})

    assert page.texts(".changes > li")[0] == "Enabled off → on"
    assert page.texts(".diff-lines > div") == ["a", "- removed: b", "+ added: c"]
    assert none.texts(".changes > li") == ["Enabled off → on"]


def test_a_newer_change_of_somebody_else_is_shown_and_kept_until_one_decides(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag", initial_value="old")
    mine = filled(admin.fragment(panel(scene, feature)), value="mine")
    theirs = Update(default=Change(True, of_native("theirs")))
    feature_updates.merge(scene.environment, feature, theirs, by=scene_actor(scene))

    page = admin.post_fragment(action(scene, feature), mine)
    between = scene.default(feature).value
    admin.post_fragment(action(scene, feature), filled(page))

    assert page.status == 422
    assert page.texts(".notice.warn .strong")[0].startswith("Test User changed this while you were editing")
    assert "Now it is on with the value theirs" in page.text
    assert page.one("textarea").text.strip() == "mine"
    assert (between, scene.default(feature).value, scene.default(feature).enabled) == ("theirs", "mine", False)


def test_the_same_with_versions(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag", initial_value="old")
    versioning.enable(scene.environment, by=SYSTEM)
    mine = filled(admin.fragment(panel(scene, feature)), value="mine")
    theirs = Update(default=Change(value=of_native("theirs")))
    feature_updates.merge(scene.environment, feature, theirs, by=scene_actor(scene))

    page = admin.post_fragment(action(scene, feature), mine)
    admin.post_fragment(action(scene, feature), filled(page))

    assert page.texts(".notice.warn .strong")[0].startswith("Test User changed this")
    assert current(scene, feature).value == "mine"
    assert feature.versions.count() == 3


def test_variations_are_added_weighed_and_taken_out(scene: Scene, admin: Pages) -> None:
    other = environments.create(scene.project, name="Other", by=SYSTEM)
    feature = scene.feature("flag")
    new = {"variation-0-value": "red", "variation-0-weight": "10", "variation-1-value": "5", "variation-1-weight": "20"}

    page = admin.post_fragment(action(scene, feature), filled(admin.fragment(panel(scene, feature)), **new))
    shares = {row.option.value: row.percentage for row in scene.default(feature).allocations.all()}
    there = FeatureState.live.get(feature=feature, environment=other)
    elsewhere = [row.percentage for row in there.allocations.all()]
    without = filled(page) | {"variation-0-weight": "40"}
    row = admin.post_fragment(action(scene, feature), {**without, "without": "variation-1"})
    admin.post_fragment(action(scene, feature), filled(row))

    assert shares == {"red": 10, 5: 20}
    assert elsewhere == [0, 0]
    assert {row.option.value: row.percentage for row in scene.default(feature).allocations.all()} == {"red": 40}
    last = filled(admin.fragment(panel(scene, feature)), **{"variation-0-weight": None, "variation-0-value": None})
    admin.post_fragment(action(scene, feature), last)
    feature.refresh_from_db()
    assert feature.type == "STANDARD"


def test_shares_beyond_everybody_are_refused_and_kept_in_the_form(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag", options=[OptionFields(value=of_native("x"), percentage=10)])
    form = filled(admin.fragment(panel(scene, feature))) | {"variation-0-weight": "101"}

    page = admin.post_fragment(action(scene, feature), form)

    assert (page.status, page.texts(".notice.bad")) == (422, ["Shares are numbers from 0 to 100."])
    assert page.attributes("[data-part]", "value") == ["101"]


def test_the_panel_keeps_to_its_statements(scene: Scene, admin: Pages) -> None:
    feature = scene.feature("flag", options=[OptionFields(value=of_native("x"), percentage=1) for _ in range(5)])
    admin.get(panel(scene, feature))

    with CaptureQueriesContext(connection) as captured:
        admin.get(panel(scene, feature))

    assert len(captured) == 9


def scene_actor(scene: Scene) -> Actor:
    return Actor(user=scene.admin)


def current(scene: Scene, feature: Feature) -> FeatureState:
    return FeatureState.current.get(environment=scene.environment, feature=feature, feature_segment=None)
