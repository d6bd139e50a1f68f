import re
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.core import mail as outbox
from django.test import override_settings

from tests.controlplane.client import AdminClient
from tests.factories import PASSWORD, make_user
from vexil.controlplane.db.models import User

NEW_PASSWORD = "Other-horse-8-battery"


@pytest.fixture(autouse=True)
def post_box() -> Iterator[None]:
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        outbox.outbox = []
        yield


def delivered(count: int) -> list[Any]:
    """All mails so far. They leave beside the request."""
    deadline = time.monotonic() + 5
    while len(outbox.outbox) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return outbox.outbox


def link_in(message: Any) -> dict[str, str]:
    found = re.search(r"/([\w-]+)/([\w-]+)\n", message.body)
    assert found
    return {"uid": found[1], "token": found[2]}


def test_a_forgotten_password_is_chosen_anew_by_a_mailed_link(client: AdminClient) -> None:
    user = make_user()
    asked = client.post("auth/users/reset_password/", {"email": user.email.upper()})
    (message,) = delivered(1)
    chosen = {**link_in(message), "new_password": NEW_PASSWORD, "re_new_password": NEW_PASSWORD}
    answers = [client.post("auth/users/reset_password_confirm/", chosen) for _ in range(2)]
    login = client.post("auth/login/", {"email": user.email, "password": NEW_PASSWORD})

    assert (asked.status_code, message.to) == (204, [user.email])
    assert "http://localhost/password-reset/confirm/" in message.body
    assert [answer.status_code for answer in answers] == [204, 400]
    assert answers[1].json() == {"token": ["Invalid token for given user."]}
    assert login.status_code == 200


def test_nobody_gets_more_reset_mails_than_the_limit_and_strangers_none(client: AdminClient) -> None:
    user = make_user()
    with override_settings(VEXIL=replace(settings.VEXIL, password_reset_mails_max=2)):
        addresses = [user.email] * 4 + ["nobody@example.com"]
        statuses = [client.post("auth/users/reset_password/", {"email": email}).status_code for email in addresses]

    assert statuses == [204] * 5
    assert [message.to for message in delivered(2)] == [[user.email]] * 2


def test_with_activation_an_account_is_good_once_the_mailed_link_was_opened(client: AdminClient) -> None:
    person = {"email": "new@example.com", "password": PASSWORD, "first_name": "New", "last_name": "Person"}
    credentials = {"email": "new@example.com", "password": PASSWORD}
    with override_settings(VEXIL=replace(settings.VEXIL, enable_email_activation=True)):
        signed_up = client.post("auth/users/", person).json()
        early = client.post("auth/login/", credentials).status_code
        again = client.post("auth/users/resend_activation/", {"email": "new@example.com"}).status_code
        first, second = delivered(2)
        wrong = client.post("auth/users/activation/", {**link_in(second), "token": "abc-def"})
        activated = client.post("auth/users/activation/", link_in(second))
        stale = client.post("auth/users/activation/", link_in(first))

    assert (signed_up["is_active"], early, again) == (False, 400, 204)
    assert (wrong.status_code, wrong.json()) == (400, {"token": ["Invalid token for given user."]})
    assert (activated.status_code, stale.status_code) == (204, 403)
    assert client.post("auth/login/", credentials).status_code == 200


def test_without_activation_there_is_nothing_to_send_again(client: AdminClient) -> None:
    answer = client.post("auth/users/resend_activation/", {"email": "new@example.com"})

    assert (answer.status_code, answer.content) == (400, b"")


def test_an_address_changes_by_a_link_mailed_to_the_old_one_which_is_warned(client: AdminClient) -> None:
    user = make_user("old@example.com")
    unknown = client.post("auth/users/reset_email/", {"email": "nobody@example.com"}).status_code
    asked = client.post("auth/users/reset_email/", {"email": user.email}).status_code
    (message,) = delivered(1)
    link = link_in(message)
    as_password = client.post(
        "auth/users/reset_password_confirm/", {**link, "new_password": NEW_PASSWORD, "re_new_password": NEW_PASSWORD}
    ).status_code
    changed = [
        client.post("auth/users/reset_email_confirm/", {**link, "new_email": email}).status_code
        for email in ("new@example.com", "newer@example.com")
    ]

    assert (unknown, asked, as_password, changed) == (204, 204, 400, [204, 400])
    assert User.objects.get(pk=user.pk).email == "new@example.com"
    assert [message.to for message in delivered(2)] == [["old@example.com"], ["old@example.com"]]


@pytest.mark.parametrize("path", ["activation", "reset_email_confirm"])
def test_a_link_of_nobody_is_refused(client: AdminClient, path: str) -> None:
    body = {"uid": "zzz", "token": "abc-def", "new_email": "new@example.com"}
    answer = client.post(f"auth/users/{path}/", body)

    assert (answer.status_code, answer.json()) == (400, {"uid": ["Invalid user id or user doesn't exist."]})
