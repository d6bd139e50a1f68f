from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest

from tests.controlplane.client import AdminClient
from tests.factories import PASSWORD, make_user
from vexil.controlplane.db.models import Event, User


def activated(client: AdminClient, user: User) -> tuple[pyotp.TOTP, list[str]]:
    mine = client.as_user(user)
    totp = pyotp.TOTP(mine.post("auth/app/activate/").json()["secret"])
    answer = mine.post("auth/app/activate/confirm/", {"code": totp.now()})
    assert answer.status_code == 200
    return totp, answer.json()["backup_codes"]


def first_step(client: AdminClient, user: User) -> Any:
    return client.post("auth/login/", {"email": user.email, "password": PASSWORD}).json()


def second_step(client: AdminClient, token: str, code: str) -> tuple[int, Any]:
    answer = client.post("auth/login/code/", {"ephemeral_token": token, "code": code})
    return answer.status_code, answer.json()


WRONG_CODE = (401, {"error": "Invalid or expired code."})


def test_an_app_is_set_up_with_a_link_and_confirmed_with_its_first_code(client: AdminClient) -> None:
    user = make_user("anna+1@example.com")
    mine = client.as_user(user)
    begun = mine.post("auth/app/activate/").json()
    wrong = mine.post("auth/app/activate/confirm/", {"code": "000000"})
    confirmed = mine.post("auth/app/activate/confirm/", {"code": pyotp.TOTP(begun["secret"]).now()})
    again = [mine.post("auth/app/activate/"), mine.post("auth/app/activate/confirm/", {"code": "000000"})]

    link = f"otpauth://totp/Flagsmith:anna%2B1%40example.com?secret={begun['secret']}&issuer=Flagsmith"
    assert begun == {"secret": begun["secret"], "qr_link": link}
    assert (wrong.status_code, wrong.json()) == (400, {"code": ["Code invalid or expired."]})
    assert [len(code) for code in confirmed.json()["backup_codes"]] == [10] * 5
    assert mine.get("auth/mfa/user-active-methods/").json() == [{"name": "app", "is_primary": True}]
    assert {(answer.status_code, answer.json()["error"]) for answer in again} == {(400, "MFA method already active.")}
    kinds = Event.objects.filter(kind__startswith="second_factor").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["second_factor.begun", "second_factor.activated"]


def test_logging_in_takes_two_steps_and_each_code_once(client: AdminClient) -> None:
    user = make_user()
    totp, _ = activated(client, user)
    begun = first_step(client, user)
    token, code = begun.pop("ephemeral_token"), totp.now()

    assert begun == {"method": "app"}
    assert second_step(client, token, "123") == WRONG_CODE
    assert second_step(client, token, totp.at(datetime.now(UTC) - timedelta(seconds=90))) == WRONG_CODE
    status, body = second_step(client, token, code)
    assert (status, client.as_user(user).get("auth/users/me/").status_code) == (200, 200)
    assert set(body) == {"key"}
    assert second_step(client, token, code) == WRONG_CODE


def test_a_backup_code_logs_in_once(client: AdminClient) -> None:
    user, other = make_user(), make_user()
    codes, foreign = activated(client, user)[1], activated(client, other)[1]
    token = first_step(client, user)["ephemeral_token"]

    assert second_step(client, token, codes[0])[0] == 200
    assert second_step(client, token, codes[0]) == WRONG_CODE
    assert second_step(client, token, foreign[0]) == WRONG_CODE
    assert second_step(client, token, codes[4])[0] == 200


@pytest.mark.parametrize("token", ["nonsense", "", None])
def test_a_token_that_no_first_step_gave_logs_nobody_in(client: AdminClient, token: str | None) -> None:
    status = client.post("auth/login/code/", {"ephemeral_token": token, "code": "123456"}).status_code

    assert status == (401 if token else 400)


def test_a_first_step_is_worthless_after_a_change_of_password(client: AdminClient) -> None:
    user = make_user()
    totp, _ = activated(client, user)
    token = first_step(client, user)["ephemeral_token"]
    new = {"new_password": "Other-horse-8-battery", "re_new_password": "Other-horse-8-battery"}
    client.as_user(user).post("auth/users/set_password/", {**new, "current_password": PASSWORD})

    assert second_step(client, token, totp.now()) == (401, {"error": "Invalid or expired token."})


def test_after_deactivation_the_password_is_enough(client: AdminClient) -> None:
    user = make_user()
    activated(client, user)
    mine = client.as_user(user)
    answers = [mine.post("auth/app/deactivate/") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 400]
    assert answers[1].json() == {"error": "2FA is not enabled."}
    assert set(first_step(client, user)) == {"key"}


def test_there_is_no_other_second_factor(client: AdminClient) -> None:
    mine = client.as_user(make_user())

    assert mine.post("auth/sms/activate/").status_code == 404
    assert mine.get("auth/mfa/user-active-methods/").json() == []
