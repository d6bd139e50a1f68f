import pytest

from vexil.config import Config, ConfigError
from vexil.controlplane.site import mail_servers
from vexil.controlplane.site.mail_servers import MailServer

SMTP = "django.core.mail.backends.smtp.EmailBackend"
CONSOLE = "django.core.mail.backends.console.EmailBackend"


def server(**environ: str) -> MailServer:
    return mail_servers.of(Config.from_environ(environ))


def test_mails_are_printed_until_a_server_is_named() -> None:
    assert server().backend == CONSOLE


def test_a_named_server_gets_them_by_smtp() -> None:
    assert server(EMAIL_HOST="mail.example.com", EMAIL_HOST_USER="me", EMAIL_PORT="25") == MailServer(
        SMTP, "mail.example.com", port=25, user="me"
    )


def test_sendgrid_gets_them_by_its_relay() -> None:
    relay = MailServer(SMTP, "smtp.sendgrid.net", user="apikey", password="key")

    assert server(SENDGRID_API_KEY="key") == server(SENDGRID_API_KEY="key", EMAIL_BACKEND="sgbackend.SendGridBackend")
    assert server(SENDGRID_API_KEY="key") == relay


def test_an_unknown_backend_stops_the_start() -> None:
    with pytest.raises(ConfigError, match="EMAIL_BACKEND accepts one of"):
        server(EMAIL_BACKEND="my.Backend")
