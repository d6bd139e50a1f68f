"""The stages of features, and clearing away what can go."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene
from tests.controlplane.stages import make_one_of_each
from tests.factories import grant_environment, grant_project, make_user
from vexil.controlplane.actions import environments
from vexil.controlplane.db.models import Feature, Integration, Membership
from vexil.controlplane.permissions import CREATE_FEATURE, SYSTEM, VIEW_ENVIRONMENT, VIEW_PROJECT

SECTIONS = {
    "new": "new",
    "live": "live",
    "permanent": "permanent",
    "stale": "stale",
    "to-monitor": "needs_monitoring",
    "to-remove": "to_remove",
}


def path(scene: Scene, rest: str = "") -> str:
    return f"/project/{scene.project.pk}/lifecycle{rest}"


def test_each_section_has_its_features_and_tells_how_many(scene: Scene, admin: Pages) -> None:
    make_one_of_each(scene)

    found = {section: admin.get(path(scene, f"/{section}")).texts("td .strong") for section in SECTIONS}

    assert found == {section: [name] for section, name in SECTIONS.items()}
    assert admin.get(path(scene, "/new")).texts(".tabs a") == [
        "New 1",
        "Live 1",
        "Permanent 1",
        "Stale 1",
        "To monitor 1",
        "To remove 1",
    ]
    assert admin.get(path(scene)).location == path(scene, "/new")
    assert admin.get(path(scene, "/nonsense")).status == 404
    assert admin.get(path(scene, "/new"), {"search": "x"}).texts(".empty h2") == ["No feature fits"]


def test_use_counts_in_the_environment_that_is_chosen(scene: Scene, admin: Pages) -> None:
    make_one_of_each(scene)
    other = environments.create(scene.project, name="Other", by=SYSTEM)

    page = admin.get(path(scene, "/to-remove"), {"environment": other.api_key})

    assert page.texts("td .strong") == ["needs_monitoring", "to_remove"]
    assert all(f"/environment/{other.api_key}/features?feature=" in url for url in page.attributes("td a", "href"))


def test_features_are_archived_and_deleted_by_their_names_only(scene: Scene, admin: Pages) -> None:
    make_one_of_each(scene)
    archived, gone, kept = (Feature.live.get(name=name) for name in ("to_remove", "needs_monitoring", "permanent"))
    own = path(scene, "/to-remove/features")

    back = admin.post(f"{own}/{archived.pk}/archive?environment={scene.environment.api_key}", {"archived": "true"})
    admin.post(f"{own}/{gone.pk}/delete", {"confirm_name": "x"})
    first = admin.get(path(scene, "/new")).texts(".toast")
    admin.post(f"{own}/{gone.pk}/delete", {"confirm_name": gone.name})
    admin.post(f"{own}/{kept.pk}/delete", {"confirm_name": kept.name})

    assert back.location == path(scene, f"/to-remove?environment={scene.environment.api_key}")
    assert "What you typed is not the name needs_monitoring. Nothing was deleted." in " ".join(first)
    assert Feature.live.get(pk=archived.pk).is_archived
    assert not Feature.live.filter(pk=gone.pk).exists()
    assert Feature.live.filter(pk=kept.pk).exists()


def test_a_limited_member_sees_what_the_rights_allow(scene: Scene) -> None:
    make_one_of_each(scene)
    feature, viewer = Feature.live.get(name="to_remove"), make_user()
    Membership.objects.create(user=viewer, organisation=scene.project.organisation)
    stranger = Pages(make_user()).get(path(scene, "/to-remove"))
    grant = grant_project(viewer, scene.project, VIEW_PROJECT)
    pages, own = Pages(viewer), path(scene, f"/to-remove/features/{feature.pk}")
    nowhere = pages.get(path(scene, "/to-remove"))
    grant_environment(viewer, scene.environment, VIEW_ENVIRONMENT)
    page = pages.get(path(scene, "/to-remove"))
    refused = [pages.post(f"{own}/{verb}", {"confirm_name": "to_remove"}).status for verb in ("archive", "delete")]
    grant.permissions = [VIEW_PROJECT, CREATE_FEATURE]
    grant.save()

    assert stranger.status == 404
    assert "No environment that you may see" in nowhere.text
    assert (page.texts("td .strong"), page.soup.select("td form")) == (["to_remove"], [])
    assert refused == [403, 403]
    assert len(pages.get(path(scene, "/to-remove")).soup.select("td form")) == 1


def test_ten_more_features_cost_no_more_statements(scene: Scene, admin: Pages) -> None:
    scene.feature()
    with CaptureQueriesContext(connection) as few:
        admin.get(path(scene, "/new"))
    for number in range(10):
        scene.feature(f"more_{number}")
    with CaptureQueriesContext(connection) as many:
        page = admin.get(path(scene, "/new"))

    assert len(page.texts("td .strong")) == 11
    assert len(many) == len(few) <= 12


def test_an_issue_is_asked_for_where_github_and_scans_are_set_up(scene: Scene, admin: Pages) -> None:
    make_one_of_each(scene)
    feature = Feature.live.get(name="stale")
    url = path(scene, f"/stale/features/{feature.pk}/issue")
    without = admin.get(path(scene, "/stale")).texts("td.actions button")
    Integration.objects.create(
        organisation=scene.project.organisation, kind="github", settings={"installation_id": "7"}
    )

    shown = admin.get(path(scene, "/stale")).texts("td.actions button")
    admin.post(url)
    told = admin.get(path(scene, "/stale"))

    assert ("Issue" in without, "Issue" in shown) == (False, True)
    assert "No issue was opened: GitHub is not configured: set GITHUB_APP_ID." in told.text
