"""Identities as people find them, see what they get and why, and override it."""

from urllib.parse import quote

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene
from tests.factories import grant_environment, grant_project, make_user
from vexil.controlplane.actions import feature_segments, identities, multivariate
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import FeatureState, Membership
from vexil.controlplane.permissions import SYSTEM, VIEW_ENVIRONMENT, VIEW_IDENTITIES, VIEW_PROJECT
from vexil.stores.identities import Identity


def path(scene: Scene, rest: str = "") -> str:
    return f"/project/{scene.project.pk}/environment/{scene.environment.api_key}/identities{rest}"


def page_of(scene: Scene, identity: Identity) -> str:
    return path(scene, f"/{quote(identity.identifier)}/{identity.id}")


def test_identities_are_found_by_a_part_by_the_whole_and_by_age(scene: Scene, admin: Pages) -> None:
    for name in ("user-1", "user-10", "other"):
        scene.identity(name)

    assert admin.get(path(scene)).texts("td a") == ["other", "user-10", "user-1"]
    assert admin.get(path(scene), {"q": "user"}).texts("td a") == ["user-1", "user-10"]
    assert admin.get(path(scene), {"q": '"user-1"'}).texts("td a") == ["user-1"]
    assert admin.fragment(path(scene), {"q": "nobody"}).texts("h2") == ["No identity found"]


def test_a_long_list_goes_on_where_it_stopped(scene: Scene, admin: Pages) -> None:
    for number in range(52):
        scene.identity(f"user-{number}")

    first = admin.get(path(scene))
    second = admin.get(path(scene, first.attributes("a[rel=next]", "href")[0]))

    assert (len(first.texts("td a")), second.texts("td a")) == (50, ["user-1", "user-0"])


def test_several_are_created_at_once_and_those_there_are_named(scene: Scene, admin: Pages) -> None:
    scene.identity("ann")

    page = admin.post(path(scene, "/create"), {"identifiers": "ann\n bob \n\nbob\ncem"})
    after = admin.get(page.location)

    assert after.texts(".toast span") == ["Already there: ann", "2 identities created."]
    assert sorted(after.texts("td a")) == ["ann", "bob", "cem"]


def test_the_page_tells_each_flag_with_its_reason(scene: Scene, admin: Pages) -> None:
    banner, segment = scene.feature("banner", initial_value="hello"), scene.segment("pros")
    scene.feature("plain", default_enabled=True)
    change = Change(enabled=True, value=of_native("hello, pro"))
    feature_segments.create_override(scene.environment, banner, segment, change, by=SYSTEM)
    kim = identities.set_traits(scene.environment, scene.identity("kim"), {"plan": "pro"}, by=SYSTEM)

    page = admin.get(page_of(scene, kim))

    [banner_row, plain_row] = page.soup.select("tr[id^=flag-]")
    assert "Segment “segment”" not in plain_row.get_text()
    assert "hello, pro" in banner_row.get_text()
    assert "Segment “pros”: plan is pro" in " ".join(banner_row.get_text().split())
    assert page.texts("aside .plain-list a") == ["pros"]
    assert page.texts(".trait summary") == ["plan pro"]


def test_a_switch_overrides_for_this_identity_alone_and_keeps_the_value(scene: Scene, admin: Pages) -> None:
    feature, kim = scene.feature("banner", initial_value="hello"), scene.identity("kim")

    row = admin.post_fragment(path(scene, f"/{kim.id}/flags/{feature.pk}/toggle"), {"enabled": "true"})
    again = admin.post_fragment(path(scene, f"/{kim.id}/flags/{feature.pk}/toggle"), {"enabled": "false"})

    override = FeatureState.live.get(identity_id=kim.id)
    assert (override.enabled, override.value, scene.default(feature).enabled) == (False, "hello", False)
    assert row.attributes("[role=switch]", "aria-checked") == ["true"]
    assert row.texts(".badge") == ["own override"]
    assert row.texts(".toast span") == ["banner is on for kim."]
    assert again.attributes("[role=switch]", "aria-checked") == ["false"]


def test_an_override_forces_a_variation(scene: Scene, admin: Pages) -> None:
    feature, kim = scene.feature("split"), scene.identity("kim")
    for key in ("a", "b"):
        fields = OptionFields(value=of_native(key), percentage=50, key=key, sets_key=True)
        multivariate.create(feature, fields, by=SYSTEM)
    option = feature.multivariate_options.get(key="b")

    page = admin.post(
        path(scene, f"/{kim.id}/flags/{feature.pk}/override"),
        {"enabled": "on", "value": "control", "variation": str(option.pk)},
    )
    after = admin.get(page.location)

    assert after.texts("td .badge") == ["b", "own override"]


def test_an_override_is_taken_away(scene: Scene, admin: Pages) -> None:
    feature, kim = scene.feature("banner"), scene.identity("kim")
    admin.post(path(scene, f"/{kim.id}/flags/{feature.pk}/toggle"), {"enabled": "true"})

    row = admin.post_fragment(path(scene, f"/{kim.id}/flags/{feature.pk}/remove"))

    assert not FeatureState.live.filter(identity_id=kim.id).exists()
    assert row.texts(".badge") == []


def test_traits_are_set_changed_and_deleted(scene: Scene, admin: Pages) -> None:
    kim = scene.identity("kim")
    traits = path(scene, f"/{kim.id}/traits")

    admin.post(traits, {"key": "age", "type": "int", "value": "42"})
    admin.post(traits, {"key": "plan", "type": "unicode", "value": "pro"})
    wrong = admin.post(traits, {"key": "age", "type": "int", "value": "many"})
    admin.post(f"{traits}/delete", {"key": "plan"})

    stored = stores.current().identities.get(scene.environment.pk, kim.id)
    assert stored is not None
    assert stored.trait_values() == {"age": 42}
    assert (wrong.status, wrong.texts(".error")) == (422, ["A whole number of at most 64 bits."])
    assert wrong.attributes("[name=value]", "value") == ["many"]


def test_two_identities_are_compared(scene: Scene, admin: Pages) -> None:
    feature, kim = scene.feature("banner"), scene.identity("kim")
    scene.feature("same")
    scene.identity("lee")
    admin.post(path(scene, f"/{kim.id}/flags/{feature.pk}/toggle"), {"enabled": "true"})

    page = admin.get(path(scene, "/compare"), {"a": "kim", "b": "lee"})
    all_flags = admin.get(path(scene, "/compare"), {"a": "kim", "b": "lee", "all": "on"})
    missing = admin.get(path(scene, "/compare"), {"a": "kim", "b": "max"})

    assert page.texts("tbody td.strong") == ["banner"]
    assert all_flags.texts("tbody td.strong") == ["banner differs", "same"]
    assert missing.texts(".error") == ["There is no identity “max” here."]


def test_overrides_are_copied_from_another(scene: Scene, admin: Pages) -> None:
    feature, kim, lee = scene.feature("banner"), scene.identity("kim"), scene.identity("lee")
    admin.post(path(scene, f"/{kim.id}/flags/{feature.pk}/toggle"), {"enabled": "true"})

    admin.post(path(scene, f"/{lee.id}/copy-overrides"), {"source": "kim"})
    unknown = admin.post(path(scene, f"/{lee.id}/copy-overrides"), {"source": "max"})

    assert FeatureState.live.filter(identity_id=lee.id, feature=feature, enabled=True).exists()
    assert "There is no identity of that name here" in admin.get(unknown.location).text


def test_an_identity_is_deleted_by_its_identifier_only(scene: Scene, admin: Pages) -> None:
    kim = scene.identity("kim")

    admin.post(path(scene, f"/{kim.id}/delete"), {"confirm_name": "Kim"})
    kept = stores.current().identities.get(scene.environment.pk, kim.id)
    admin.post(path(scene, f"/{kim.id}/delete"), {"confirm_name": "kim"})

    assert kept is not None
    assert stores.current().identities.get(scene.environment.pk, kim.id) is None


def test_odd_identifiers_have_pages_of_their_own(scene: Scene, admin: Pages) -> None:
    for name in ("a/b?c#d", "<b>bold</b>", "ü @x", "7"):
        identity = scene.identity(name)
        page = admin.get(admin.get(path(scene), {"q": f'"{name}"'}).attributes("td a", "href")[0])

        assert (page.status, page.texts("h1")) == (200, [name])
        assert page.soup.select("h1 b") == []
        assert admin.get(path(scene, f"/wrong/{identity.id}")).status == 302


def test_who_may_only_look_gets_no_switches_and_is_refused(scene: Scene) -> None:
    feature, kim, viewer = scene.feature("banner"), scene.identity("kim"), make_user()
    Membership.objects.create(user=viewer, organisation=scene.project.organisation)
    grant_project(viewer, scene.project, VIEW_PROJECT)
    grant_environment(viewer, scene.environment, VIEW_ENVIRONMENT, VIEW_IDENTITIES)
    pages = Pages(viewer)

    assert pages.get(page_of(scene, kim)).soup.select("main form[method=post]") == []
    refused = [
        pages.get(path(scene, "/create")),
        pages.post(path(scene, f"/{kim.id}/traits"), {"key": "a", "type": "int", "value": "1"}),
        pages.post(path(scene, f"/{kim.id}/flags/{feature.pk}/toggle"), {"enabled": "true"}),
        pages.post(path(scene, f"/{kim.id}/copy-overrides"), {"source": "kim"}),
        pages.post(path(scene, f"/{kim.id}/delete"), {"confirm_name": "kim"}),
    ]
    assert [page.status for page in refused] == [403] * 5


def test_more_flags_and_identities_cost_no_more_statements(scene: Scene, admin: Pages) -> None:
    scene.feature("one")
    kim = scene.identity("kim")

    def statements() -> tuple[int, int]:
        counts = []
        for where in (path(scene), page_of(scene, kim)):
            with CaptureQueriesContext(connection) as captured:
                admin.get(where)
            counts.append(len(captured))
        return counts[0], counts[1]

    few = statements()
    for number in range(10):
        scene.feature(f"feature {number}")
        scene.identity(f"user {number}")

    assert statements() == few
    assert max(few) <= 12
