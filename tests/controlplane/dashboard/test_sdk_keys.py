"""Keys of an environment: who sees them, and that they stop at once."""

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene
from tests.factories import grant_environment, grant_project, make_user
from vexil.controlplane.db.models import Membership, ServerKey
from vexil.controlplane.permissions import VIEW_ENVIRONMENT, VIEW_PROJECT


def path(scene: Scene, rest: str = "") -> str:
    return f"/project/{scene.project.pk}/environment/{scene.environment.api_key}/sdk-keys{rest}"


def test_a_server_key_is_created_switched_off_and_deleted(scene: Scene, admin: Pages) -> None:
    admin.post(path(scene), {"name": "shop", "expires_on": "2999-12-31"})
    key = ServerKey.objects.get(environment=scene.environment)
    shown = admin.get(path(scene))
    admin.post(path(scene, f"/{key.pk}/switch"), {"enabled": "false"})
    is_active = ServerKey.objects.get(pk=key.pk).active
    admin.post(path(scene, f"/{key.pk}/delete"), {"confirm_name": "other"})
    kept = ServerKey.objects.filter(pk=key.pk).exists()
    admin.post(path(scene, f"/{key.pk}/delete"), {"confirm_name": "shop"})

    assert key.key in shown.text
    assert scene.environment.api_key in shown.text
    assert "SDKs find the API at http://localhost/api/v1/" in shown.text
    assert (is_active, kept, ServerKey.objects.filter(pk=key.pk).exists()) == (False, True, False)


def test_a_day_that_is_over_is_refused_beside_the_field(scene: Scene, admin: Pages) -> None:
    page = admin.post(path(scene), {"name": "shop", "expires_on": "2020-01-01"})

    assert (page.status, page.texts(".error")) == (422, ["This day is over."])
    assert not ServerKey.objects.exists()


def test_server_keys_are_for_administrators_of_the_environment(scene: Scene, admin: Pages) -> None:
    admin.post(path(scene), {"name": "shop"})
    key, viewer = ServerKey.objects.get(), make_user()
    Membership.objects.create(user=viewer, organisation=scene.project.organisation)
    grant_project(viewer, scene.project, VIEW_PROJECT)
    grant_environment(viewer, scene.environment, VIEW_ENVIRONMENT)
    pages = Pages(viewer)

    page = pages.get(path(scene))
    assert page.status == 200
    assert scene.environment.api_key in page.text
    assert key.key not in page.response.content.decode()
    assert "shop" not in page.texts("main")[0]
    refused = [
        pages.post(path(scene), {"name": "x"}),
        pages.post(path(scene, f"/{key.pk}/switch"), {"enabled": "false"}),
        pages.post(path(scene, f"/{key.pk}/delete"), {"confirm_name": "shop"}),
    ]
    assert [page.status for page in refused] == [403, 403, 403]
