from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import json_of
from tests.factories import make_organisation, make_user

NONE = {"detail": "Organisation has no subscription"}


def test_nobody_is_billed(client: AdminClient) -> None:
    admin, member = make_user(), make_user()
    organisation = f"organisations/{make_organisation(admin=admin, member=member).pk}"
    api = client.as_user(admin)

    assert json_of(api.get(f"{organisation}/get-subscription-metadata/")) == {
        "max_seats": 1,
        "max_api_calls": 50000,
        "max_projects": None,
        "payment_source": None,
        "chargebee_email": None,
        "feature_history_visibility_days": None,
        "audit_log_visibility_days": None,
    }
    assert json_of(api.get(f"{organisation}/portal-url/"), 400) == NONE
    assert json_of(api.post(f"{organisation}/get-hosted-page-url-for-subscription-upgrade/"), 400) == NONE
    assert json_of(api.post(f"{organisation}/update-subscription/", {"hosted_page_id": "x"}), 400) == NONE
    assert json_of(api.post(f"{organisation}/update-subscription/", {}), 400) == {
        "hosted_page_id": ["This field is required."]
    }
    assert json_of(client.as_user(member).get(f"{organisation}/api-usage-notification/"))["results"] == []
