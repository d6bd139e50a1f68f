"""The pages of volume: how full a project is, and what makes a document large."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene
from tests.factories import grant_environment, grant_project, make_environment, make_user
from vexil.controlplane.actions import feature_states
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.db.models import Membership
from vexil.controlplane.permissions import SYSTEM, VIEW_ENVIRONMENT, VIEW_PROJECT


def path(scene: Scene) -> str:
    return f"/project/{scene.project.pk}/volume"


def environment_path(scene: Scene) -> str:
    return f"/project/{scene.project.pk}/environment/{scene.environment.api_key}/volume"


def test_counts_stand_against_limits(scene: Scene, admin: Pages) -> None:
    scene.project.max_features_allowed = 4
    scene.project.save()
    for name in ("a", "b", "c"):
        scene.feature(name)

    page = admin.get(path(scene))

    assert page.attributes("progress", "aria-label")[:2] == ["Features: 3 of 4", "Segments: 0 of 500"]
    assert page.one("progress.warn")["value"] == "3"
    assert page.attributes("main a", "href")[-1] == environment_path(scene)


def test_what_makes_a_document_large_is_listed_with_advice_and_a_link(scene: Scene, admin: Pages) -> None:
    feature, segment = scene.feature("catalogue"), scene.segment("pros")
    feature_states.update(scene.default(feature), Change(value=of_native("<i>" * 4000)), by=SYSTEM)

    page = admin.get(environment_path(scene))

    assert page.texts("td .strong") == ["catalogue", "pros"]
    features = f"/project/{scene.project.pk}/environment/{scene.environment.api_key}/features"
    assert page.attributes("td a", "href") == [
        f"{features}?feature={feature.pk}&tab=value",
        f"/project/{scene.project.pk}/segments/{segment.pk}",
    ]
    assert page.texts(".usage-totals dd")[2:] == ["1", "1", "0", "0"]


def test_a_small_document_needs_nothing(scene: Scene, admin: Pages) -> None:
    scene.feature("flag")

    assert admin.get(environment_path(scene)).texts(".empty h2") == ["Nothing to tidy up"]


def test_environments_that_one_may_not_view_are_left_out(scene: Scene) -> None:
    member, hidden = make_user(), make_environment(scene.project, name="Hidden")
    Membership.objects.create(user=member, organisation=scene.project.organisation)
    grant_project(member, scene.project, VIEW_PROJECT)
    grant_environment(member, scene.environment, VIEW_ENVIRONMENT)
    pages = Pages(member)

    assert "Hidden" not in pages.get(path(scene)).text
    assert pages.get(f"/project/{scene.project.pk}/environment/{hidden.api_key}/volume").status == 404
    assert pages.get(environment_path(scene)).status == 200
    assert Pages(make_user()).get(path(scene)).status == 404


def test_more_environments_and_features_cost_no_more_statements(scene: Scene, admin: Pages) -> None:
    for address in (path(scene), environment_path(scene)):
        scene.feature(f"first at {address[-12:]}")
        admin.get(address)
        with CaptureQueriesContext(connection) as few:
            admin.get(address)
        for number in range(10):
            make_environment(scene.project)
            scene.feature(f"{number} at {address[-12:]}")
        admin.get(address)
        with CaptureQueriesContext(connection) as many:
            admin.get(address)

        assert len(many) == len(few) <= 12
