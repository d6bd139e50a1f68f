from datetime import UTC, datetime

from tests.controlplane.client import AdminClient
from tests.factories import grant_environment, make_environment, make_organisation, make_project, make_user
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, ServerKey, User
from vexil.stores.snapshots import EnvironmentKey
from vexil.wire.keys import digest

REFUSED = {"detail": "You do not have permission to perform this action."}


def make_admin_and_environment() -> tuple[User, Environment]:
    user = make_user()
    return user, make_environment(make_project(make_organisation(admin=user)))


def keys_of(environment: Environment) -> list[EnvironmentKey]:
    heads = {head.environment_id: head for head in stores.current().snapshots.heads()}
    return list(heads[environment.pk].keys)[1:]


def test_a_new_key_is_made_by_us_and_opens_the_environment(client: AdminClient) -> None:
    user, environment = make_admin_and_environment()
    path = f"environments/{environment.api_key}/api-keys/"

    response = client.as_user(user).post(path, {"name": "server", "key": "ser.mine", "id": 7})

    key = ServerKey.objects.get()
    assert response.status_code == 201
    assert {**response.json(), "created_at": None} == {
        "id": key.pk,
        "key": key.key,
        "active": True,
        "created_at": None,
        "name": "server",
        "expires_at": None,
    }
    assert key.key.startswith("ser.")
    assert len(key.key) == 26
    assert keys_of(environment) == [EnvironmentKey(key.key)]
    assert client.as_user(user).get(path).json() == [response.json()]


def test_an_end_is_published_with_the_key(client: AdminClient) -> None:
    user, environment = make_admin_and_environment()

    client.as_user(user).post(
        f"environments/{environment.api_key}/api-keys/", {"name": "x", "expires_at": "2099-01-01T00:00:00Z"}
    )

    assert [key.expires_at for key in keys_of(environment)] == [datetime(2099, 1, 1, tzinfo=UTC)]


def test_an_inactive_expired_or_deleted_key_opens_nothing(client: AdminClient) -> None:
    user, environment = make_admin_and_environment()
    path = f"environments/{environment.api_key}/api-keys/"
    caller = client.as_user(user)
    caller.post(path, {"name": "inactive", "active": False})
    caller.post(path, {"name": "expired", "expires_at": "2020-01-01T00:00:00Z"})
    deactivated = caller.post(path, {"name": "soon inactive"}).json()
    deleted = caller.post(path, {"name": "soon deleted"}).json()

    caller.patch(f"{path}{deactivated['id']}/", {"active": False})
    answer = caller.delete(f"{path}{deleted['id']}/")

    assert answer.status_code == 204
    assert keys_of(environment) == []
    again = caller.delete(f"{path}{deleted['id']}/")
    assert (again.status_code, again.json()) == (404, {"detail": "No EnvironmentAPIKey matches the given query."})


def test_a_key_is_renamed_but_never_changed(client: AdminClient) -> None:
    user, environment = make_admin_and_environment()
    path = f"environments/{environment.api_key}/api-keys/"
    made = client.as_user(user).post(path, {"name": "old"}).json()

    renamed = client.as_user(user).put(f"{path}{made['id']}/", {"name": "new", "key": "ser.mine"})

    assert renamed.json() == {**made, "name": "new"}


def test_one_key_alone_cannot_be_read(client: AdminClient) -> None:
    user, environment = make_admin_and_environment()
    path = f"environments/{environment.api_key}/api-keys/"
    made = client.as_user(user).post(path, {"name": "x"}).json()

    response = client.as_user(user).get(f"{path}{made['id']}/")

    assert (response.status_code, response["Allow"]) == (405, "PUT, PATCH, DELETE, OPTIONS")


def test_keys_are_for_admins_of_their_own_environment(client: AdminClient) -> None:
    user, environment = make_admin_and_environment()
    viewer = make_user()
    foreign = make_environment(make_project(make_organisation(admin=user, member=viewer)))
    grant_environment(viewer, foreign, "VIEW_ENVIRONMENT")
    key = ServerKey.objects.create(environment=environment, name="x")

    by_viewer = client.as_user(viewer).get(f"environments/{foreign.api_key}/api-keys/")
    through_other = client.as_user(user).delete(f"environments/{foreign.api_key}/api-keys/{key.pk}/")

    assert (by_viewer.status_code, by_viewer.json()) == (403, REFUSED)
    assert through_other.status_code == 404
    assert ServerKey.objects.filter(pk=key.pk).exists()


def test_a_name_is_needed_and_short(client: AdminClient) -> None:
    user, environment = make_admin_and_environment()
    path = f"environments/{environment.api_key}/api-keys/"

    assert client.as_user(user).post(path, {}).json() == {"name": ["This field is required."]}
    assert client.as_user(user).post(path, {"name": "n" * 101}).json() == {
        "name": ["Ensure this field has no more than 100 characters."]
    }


def test_what_became_of_a_key_is_published_without_the_key(client: AdminClient) -> None:
    user, environment = make_admin_and_environment()
    caller, path = client.as_user(user), f"environments/{environment.api_key}/api-keys/"
    inactive = caller.post(path, {"name": "inactive", "active": False}).json()["key"]
    expired = caller.post(path, {"name": "expired", "expires_at": "2020-01-01T00:00:00Z"}).json()["key"]
    deleted = caller.post(path, {"name": "deleted"}).json()
    caller.delete(f"{path}{deleted['id']}/")

    def ended() -> dict[str, str | None]:
        heads = {head.environment_id: head for head in stores.current().snapshots.heads()}
        return {key.key: key.ended for key in heads[environment.pk].ended}

    assert ended() == {
        digest(inactive): "inactive_server_key",
        digest(expired): "expired_server_key",
        digest(deleted["key"]): "deleted_server_key",
    }
    caller.delete(f"environments/{environment.api_key}/")
    assert ended() == {
        digest(environment.api_key): "deleted_environment",
        digest(inactive): "deleted_environment",
        digest(expired): "deleted_environment",
        digest(deleted["key"]): "deleted_server_key",
    }
