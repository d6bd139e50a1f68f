"""Settings of an environment, new ones and their end."""

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene
from tests.factories import grant_environment, grant_project, make_user
from vexil.controlplane.db.models import Environment, Membership
from vexil.controlplane.permissions import VIEW_ENVIRONMENT, VIEW_PROJECT

FORM = {
    "name": "Live",
    "description": "Where customers are.",
    "banner_text": "Careful",
    "banner_colour": "#d9480f",
    "hide_disabled_flags": "true",
    "hide_sensitive_data": "on",
    "use_identity_composite_key_for_hashing": "on",
}


def path(scene: Scene, rest: str = "/settings") -> str:
    return f"/project/{scene.project.pk}/environment/{scene.environment.api_key}{rest}"


def test_settings_are_shown_as_they_are_and_saved(scene: Scene, admin: Pages) -> None:
    before = admin.get(path(scene))
    admin.post(path(scene), FORM)

    saved = Environment.live.get(pk=scene.environment.pk)
    assert before.attributes("[name=name]", "value") == [scene.environment.name]
    assert [field["name"] for field in before.soup.select("input[type=checkbox][checked]")] == [
        "allow_client_traits",
        "use_identity_composite_key_for_hashing",
        "use_identity_overrides_in_local_eval",
    ]
    assert (saved.name, saved.hide_disabled_flags, saved.hide_sensitive_data) == ("Live", True, True)
    assert (saved.allow_client_traits, saved.use_identity_overrides_in_local_eval) == (False, False)
    assert scene.snapshot().environment.hide_sensitive_data is True
    assert admin.get(path(scene, "/features")).texts(".banner") == ["Careful"]


def test_a_taken_name_and_an_odd_colour_are_told(scene: Scene, admin: Pages) -> None:
    admin.post(f"/project/{scene.project.pk}/environment/create", {"name": "Other"})

    taken = admin.post(path(scene), {**FORM, "name": "Other"})
    odd = admin.post(path(scene), {**FORM, "banner_colour": "red; x"})

    assert taken.texts(".notice.bad") == ["An environment with this name already exists."]
    assert odd.texts(".error") == ["A colour such as #d9480f."]


def test_versions_are_switched_on_once(scene: Scene, admin: Pages) -> None:
    scene.feature("banner")

    admin.post(path(scene, "/settings/versions"))
    again = admin.post(path(scene, "/settings/versions"))

    assert Environment.live.get(pk=scene.environment.pk).use_v2_feature_versioning is True
    assert again.status == 302


def test_an_environment_begins_as_a_copy(scene: Scene, admin: Pages) -> None:
    scene.feature("banner", default_enabled=True)
    admin.post(path(scene), FORM)

    page = admin.post(
        f"/project/{scene.project.pk}/environment/create",
        {"name": "Staging", "source": scene.environment.api_key, "description": "Copy"},
    )

    made = Environment.live.get(name="Staging")
    assert page.location == f"/project/{scene.project.pk}/environment/{made.api_key}/features"
    assert (made.hide_sensitive_data, made.description) == (True, "Copy")


def test_an_environment_is_deleted_by_its_name_only(scene: Scene, admin: Pages) -> None:
    admin.post(path(scene, "/settings/delete"), {"confirm_name": "x"})
    kept = Environment.live.filter(pk=scene.environment.pk).exists()
    admin.post(path(scene, "/settings/delete"), {"confirm_name": scene.environment.name})

    assert (kept, Environment.live.filter(pk=scene.environment.pk).exists()) == (True, False)


def test_who_is_no_administrator_is_refused(scene: Scene) -> None:
    viewer = make_user()
    Membership.objects.create(user=viewer, organisation=scene.project.organisation)
    grant_project(viewer, scene.project, VIEW_PROJECT)
    grant_environment(viewer, scene.environment, VIEW_ENVIRONMENT)
    pages = Pages(viewer)

    refused = [
        pages.get(path(scene)),
        pages.post(path(scene), FORM),
        pages.post(path(scene, "/settings/versions")),
        pages.post(path(scene, "/settings/delete"), {"confirm_name": scene.environment.name}),
        pages.get(f"/project/{scene.project.pk}/environment/create"),
    ]
    assert [page.status for page in refused] == [403] * 5
    assert "Settings" not in pages.get(path(scene, "/features")).texts(".side-link")
