"""Who may call what, against docs/rights.md. On one database, since that is decided above it."""

from pathlib import Path

import pytest

from tests.controlplane import rights
from tests.controlplane.rights import REFUSALS, Row

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rights.md"

PUBLIC = {
    "GET docs/",
    "GET environments/<str:api_key>/onboarding-status/",
    "GET environments/<str:place>/integrations/slack/oauth/",
    "GET password-reset/confirm/<str:uid>/<str:token>/",
    "GET swagger.json",
    "GET swagger.yaml",
    "GET .well-known/oauth-authorization-server",
    "POST o/introspect/",
    "POST o/register/",
    "POST o/revoke_token/",
    "POST o/token/",
    "GET users/init/",
    "POST auth/login/",
    "POST auth/login/code/",
    "POST auth/oauth/github/",
    "POST auth/oauth/google/",
    "POST auth/oidc/token/",
    "POST auth/users/",
    "POST auth/users/activation/",
    "POST auth/users/resend_activation/",
    "POST auth/users/reset_email/",
    "POST auth/users/reset_email_confirm/",
    "POST auth/users/reset_password/",
    "POST auth/users/reset_password_confirm/",
    "POST github-webhook/",
}
"""What works without credentials."""

ABOUT_ONESELF = (
    "auth/",
    "oauth/authorize/",
    "users/join/",
    "organisations/permissions/",
    "projects/permissions/",
    "environments/permissions/",
)
"""Beginnings of what works for everybody with credentials, since it shows nothing of an organisation."""
OF_ONES_OWN = {
    "GET admin/dashboard/organisations/",
    "GET admin/dashboard/summary/",
    "GET organisations/",
    "POST organisations/",
}
"""Lists of, and additions to, what one has oneself."""


@pytest.mark.timeout(600)  # 15 seconds of work; a busy machine takes its time
def test_every_route_answers_every_caller_as_written_down(database: str) -> None:
    if database != "sqlite":
        pytest.skip("decided above the database")

    rows = rights.rows()

    written = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    found = [line for line in rights.table(rows).splitlines() if line.startswith("| `")]
    assert found == written, "python -m tests.controlplane.write_rights writes docs/rights.md anew; read what changes"
    assert {row.route for row in rows if _lets_in(row, "nobody")} == PUBLIC
    assert [row.route for row in rows if _lets_in(row, "outsider", "foreign key") and not _is_open(row)] == []


def _lets_in(row: Row, *callers: str) -> bool:
    outcomes = [row.outcomes[rights.COLUMNS.index(caller)] for caller in callers]
    refusals = {*REFUSALS, "400", "200 ∅"} if row.route.endswith("my-permissions/") else {*REFUSALS, "200 ∅"}
    return any(outcome not in refusals for outcome in outcomes)


def _is_open(row: Row) -> bool:
    return row.route in PUBLIC | OF_ONES_OWN or row.route.split(" ")[1].startswith(ABOUT_ONESELF)
