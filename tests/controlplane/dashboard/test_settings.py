"""Settings of projects and organisations, tags, keys for scripts, and files of features."""

import json

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.controlplane.client import AdminClient
from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene
from tests.factories import grant_project, make_user
from vexil.controlplane.actions import feature_files, launch_darkly_imports
from vexil.controlplane.db.models import (
    FeatureExport,
    FeatureImport,
    LaunchDarklyImport,
    MasterAPIKey,
    Membership,
    Organisation,
    Project,
    Tag,
)
from vexil.controlplane.db.models.launch_darkly_imports import ImportResult
from vexil.controlplane.permissions import VIEW_PROJECT


def project_path(scene: Scene, rest: str = "/settings") -> str:
    return f"/project/{scene.project.pk}{rest}"


def organisation_path(scene: Scene, rest: str = "/settings") -> str:
    return f"/organisation/{scene.project.organisation_id}{rest}"


def test_a_projects_settings_are_saved_and_its_limits_shown(scene: Scene, admin: Pages) -> None:
    scene.feature("banner")
    page = admin.get(project_path(scene))
    form = {"name": "Shop", "feature_name_regex": "[a-z_]+", "stale_flags_limit_days": "7", "hide_disabled_flags": "on"}
    admin.post(project_path(scene), form)
    bad = admin.post(project_path(scene), {**form, "feature_name_regex": "(?=a)", "stale_flags_limit_days": "0"})

    saved = Project.live.get(pk=scene.project.pk)
    assert "Features 1 of 1000 Segments 0 of 500" in page.text
    assert (saved.name, saved.hide_disabled_flags, saved.only_allow_lower_case_feature_names) == ("Shop", True, False)
    assert scene.snapshot().project.hide_disabled_flags is True
    assert bad.status == 422
    assert bad.texts(".error")[0].startswith("This is no regular expression that we run: ")


def test_a_taken_project_name_is_told(scene: Scene, admin: Pages) -> None:
    admin.post(organisation_path(scene, "/projects/create"), {"name": "Other"})

    page = admin.post(project_path(scene), {"name": "Other", "stale_flags_limit_days": "30"})

    assert page.texts(".notice.bad") == ["A project with this name already exists."]


def test_projects_and_organisations_are_deleted_by_their_names_only(scene: Scene, admin: Pages) -> None:
    admin.post(project_path(scene, "/settings/delete"), {"confirm_name": "x"})
    admin.post(organisation_path(scene, "/settings/delete"), {"confirm_name": "x"})
    kept = (Project.live.filter(pk=scene.project.pk).exists(), Organisation.live.exists())
    admin.post(project_path(scene, "/settings/delete"), {"confirm_name": scene.project.name})
    admin.post(organisation_path(scene, "/settings/delete"), {"confirm_name": scene.project.organisation.name})

    assert kept == (True, True)
    assert (Project.live.exists(), Organisation.live.exists()) == (False, False)


def test_an_organisations_settings_are_saved(scene: Scene, admin: Pages) -> None:
    form = {"name": "Acme", "webhook_notification_email": "", "restrict_project_create_to_admin": "on"}
    admin.post(organisation_path(scene), form)

    saved = Organisation.live.get()
    assert (saved.name, saved.webhook_notification_email) == ("Acme", None)
    assert (saved.restrict_project_create_to_admin, saved.force_2fa) == (True, False)


def test_a_key_for_scripts_is_shown_once_and_dies_at_once(scene: Scene, admin: Pages, client: AdminClient) -> None:
    path = organisation_path(scene, "/api-keys")
    made = admin.post(path, {"name": "Terraform", "expiry_date": ""})
    text = made.texts(".notice code")[0]
    again = admin.get(path)
    works = client.with_key(text).get("projects/").status_code
    admin.post(f"{path}/{MasterAPIKey.objects.get().prefix}/delete")

    assert works == 200
    assert text not in again.response.content.decode()
    assert again.texts("td.strong") == ["Terraform"]
    assert client.with_key(text).get("projects/").status_code == 401


def test_tags_are_created_changed_and_deleted(scene: Scene, admin: Pages) -> None:
    path = project_path(scene, "/tags")
    bad = admin.post(path, {"label": "checkout", "color": "javascript:x"})
    admin.post(path, {"label": "checkout", "color": "#3cb371"})
    tag = Tag.objects.get()
    admin.post(f"{path}/{tag.pk}", {"label": "payment", "color": "#3cb371", "is_permanent": "on"})
    changed = Tag.objects.get()
    admin.post(f"{path}/{tag.pk}/delete")

    assert bad.texts(".error") == ["A colour such as #3cb371."]
    assert (changed.label, changed.is_permanent) == ("payment", True)
    assert not Tag.objects.exists()


def test_a_systems_tag_stays(scene: Scene, admin: Pages) -> None:
    tag = Tag.objects.create(project=scene.project, label="Stale", is_system_tag=True)

    page = admin.post(project_path(scene, f"/tags/{tag.pk}"), {"label": "x", "color": "#3cb371"})
    admin.post(project_path(scene, f"/tags/{tag.pk}/delete"))

    assert page.texts(".notice.bad") == ["The system itself sets this tag; it cannot be changed."]
    assert Tag.objects.filter(pk=tag.pk).exists()


def test_features_leave_as_a_file_and_come_back(scene: Scene, admin: Pages) -> None:
    path = project_path(scene, "/import-export")
    scene.feature("banner", initial_value="hello")
    admin.post(f"{path}/export", {"environment": scene.environment.pk})
    waiting = admin.get(path)
    export = FeatureExport.objects.select_related("environment__project").get()
    early = admin.get(f"{path}/{export.pk}/download")
    feature_files.write_export(export)
    file = admin.get(f"{path}/{export.pk}/download")
    form = {"environment": scene.environment.pk, "strategy": "SKIP", "file": SimpleUploadedFile("f.json", b"[]")}
    admin.post(path, form)
    busy = admin.post(path, {**form, "file": SimpleUploadedFile("f.json", b"[]")})
    large = {**form, "file": SimpleUploadedFile("f.json", b" " * 1_000_001)}

    assert "at work" in waiting.text
    assert early.status == 404
    assert [feature["name"] for feature in json.loads(file.response.content)] == ["banner"]
    assert FeatureImport.objects.get().strategy == "SKIP"
    assert busy.status == 422
    assert admin.post(path, large).texts(".error") == ["This file has 1,000,001 bytes; 1,000,000 are the most."]


def test_members_without_rights_are_refused(scene: Scene) -> None:
    viewer = make_user()
    Membership.objects.create(user=viewer, organisation=scene.project.organisation)
    grant_project(viewer, scene.project, VIEW_PROJECT)
    pages = Pages(viewer)

    refused = [
        pages.get(project_path(scene)),
        pages.post(project_path(scene, "/settings/delete"), {"confirm_name": scene.project.name}),
        pages.get(organisation_path(scene)),
        pages.post(organisation_path(scene, "/settings/delete"), {"confirm_name": scene.project.organisation.name}),
        pages.get(organisation_path(scene, "/api-keys")),
        pages.post(project_path(scene, "/tags"), {"label": "x", "color": "#3cb371"}),
        pages.get(project_path(scene, "/import-export")),
    ]
    assert [page.status for page in refused] == [403] * 7
    assert pages.get(project_path(scene, "/tags")).status == 200


def test_a_launch_darkly_project_is_asked_for_and_followed(scene: Scene, admin: Pages) -> None:
    path = project_path(scene, "/import-export/launch-darkly")

    admin.post(path, {"project_key": "web", "token": "api-1"})
    again = admin.post(path, {"project_key": "web", "token": "api-1"})
    wanted = LaunchDarklyImport.objects.get()
    waiting = admin.get(path)
    launch_darkly_imports.end(wanted, ImportResult.INCOMPLETE, ["Flag <b>: no."])
    ended = admin.get(path)

    assert again.status == 422
    assert "Existing import already in progress for this project" in again.text
    assert "waiting" in waiting.text
    assert "done, with gaps" in ended.text
    assert ended.texts(".plain-list li") == ["Flag <b>: no."]
    assert "api-1" not in ended.text
