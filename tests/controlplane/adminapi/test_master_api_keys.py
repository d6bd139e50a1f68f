from tests.controlplane.client import AdminClient
from tests.factories import make_master_api_key, make_organisation, make_user
from vexil.controlplane.db.models import MasterAPIKey

REFUSED = {"detail": "You do not have permission to perform this action."}
NO_MATCH = {"detail": "No MasterAPIKey matches the given query."}


def test_a_new_key_is_told_once_and_works(client: AdminClient) -> None:
    admin = make_user()
    organisation = make_organisation(admin=admin)
    path = f"organisations/{organisation.pk}/master-api-keys/"

    response = client.as_user(admin).post(path, {"name": "ci", "organisation": 99999999})

    key = MasterAPIKey.objects.get()
    made = response.json()
    assert response.status_code == 201
    assert {**made, "created": None, "key": None} == {
        "id": f"{key.prefix}.{key.public_id}",
        "prefix": key.prefix,
        "created": None,
        "name": "ci",
        "revoked": False,
        "expiry_date": None,
        "is_admin": True,
        "has_expired": False,
        "created_by": admin.pk,
        "key": None,
    }
    assert [len(part) for part in made["key"].split(".")] == [8, 32]
    assert client.with_key(made["key"]).get(f"organisations/{organisation.pk}/").status_code == 200
    shown = {name: value for name, value in made.items() if name != "key"}
    assert client.as_user(admin).get(f"{path}{key.prefix}/").json() == shown
    assert client.as_user(admin).get(path).json()["results"] == [shown]


def test_neither_the_key_nor_its_hash_is_shown_later(client: AdminClient) -> None:
    admin = make_user()
    organisation = make_organisation(admin=admin)
    key, text = make_master_api_key(organisation)

    shown = client.as_user(admin).get(f"organisations/{organisation.pk}/master-api-keys/").content.decode()

    assert text.split(".")[1] not in shown
    assert key.hashed_key not in shown


def test_a_key_of_any_admin_can_be_deleted_and_fails_at_once(client: AdminClient) -> None:
    admin = make_user()
    organisation = make_organisation(admin=admin)
    key, text = make_master_api_key(organisation, created_by=make_user())
    path = f"organisations/{organisation.pk}/master-api-keys/{key.prefix}/"

    response = client.as_user(admin).delete(path)

    assert response.status_code == 204
    assert client.with_key(text).get("projects/").status_code == 401
    assert client.as_user(admin).get(path).json() == NO_MATCH


def test_revoking_cannot_be_undone(client: AdminClient) -> None:
    admin = make_user()
    organisation = make_organisation(admin=admin)
    key, text = make_master_api_key(organisation)
    path = f"organisations/{organisation.pk}/master-api-keys/{key.prefix}/"

    revoked = client.as_user(admin).patch(path, {"revoked": True})
    back = client.as_user(admin).patch(path, {"revoked": False})

    assert (revoked.status_code, revoked.json()["revoked"]) == (200, True)
    assert (back.status_code, back.json()) == (404, NO_MATCH)
    assert client.with_key(text).get("projects/").status_code == 401
    assert client.as_user(admin).get(f"organisations/{organisation.pk}/master-api-keys/").json()["count"] == 0


def test_expired_keys_are_listed_newest_first(client: AdminClient) -> None:
    admin = make_user()
    organisation = make_organisation(admin=admin)
    path = f"organisations/{organisation.pk}/master-api-keys/"
    client.as_user(admin).post(path, {"name": "expired", "expiry_date": "2020-01-01T00:00:00Z"})
    client.as_user(admin).post(path, {"name": "newest", "is_admin": False})

    rows = client.as_user(admin).get(path).json()["results"]

    assert [(row["name"], row["has_expired"], row["is_admin"]) for row in rows] == [
        ("newest", False, False),
        ("expired", True, True),
    ]


def test_keys_are_for_admins_and_no_credential_here_themselves(client: AdminClient) -> None:
    member = make_user()
    organisation = make_organisation(member=member, admin=make_user())
    _, text = make_master_api_key(organisation)
    path = f"organisations/{organisation.pk}/master-api-keys/"

    by_key = client.with_key(text).get(path)

    assert client.as_user(member).get(path).json() == client.as_user(make_user()).get(path).json() == REFUSED
    assert (by_key.status_code, by_key.json()) == (401, {"detail": "Authentication credentials were not provided."})


def test_a_bad_key_is_400(client: AdminClient) -> None:
    admin = make_user()
    path = f"organisations/{make_organisation(admin=admin).pk}/master-api-keys/"

    assert client.as_user(admin).post(path, {}).json() == {"name": ["This field is required."]}
    assert client.as_user(admin).post(path, {"name": "n" * 51}).json() == {
        "name": ["Ensure this field has no more than 50 characters."]
    }
    assert list(client.as_user(admin).post(path, {"name": "x", "expiry_date": "tomorrow"}).json()) == ["expiry_date"]
    assert not MasterAPIKey.objects.exists()
