"""Which server takes our mails, or none, when they are printed."""

from dataclasses import dataclass, field

from vexil.config import SENDGRID, Config

_SMTP = "django.core.mail.backends.smtp.EmailBackend"
_CONSOLE = "django.core.mail.backends.console.EmailBackend"


@dataclass(frozen=True, slots=True)
class MailServer:
    backend: str
    host: str = "localhost"
    port: int = 587
    user: str = ""
    password: str = field(default="", repr=False)
    use_tls: bool = True


def of(config: Config) -> MailServer:
    """SendGrid is reached by SMTP, which needs no package of theirs."""
    if config.email_backend == SENDGRID or (config.email_backend is None and config.sendgrid_api_key):
        return MailServer(_SMTP, "smtp.sendgrid.net", user="apikey", password=config.sendgrid_api_key or "")
    return MailServer(
        backend=config.email_backend or (_SMTP if config.email_host else _CONSOLE),
        host=config.email_host or "localhost",
        port=config.email_port,
        user=config.email_host_user,
        password=config.email_host_password,
        use_tls=config.email_use_tls,
    )


def is_configured(config: Config) -> bool:
    """What `/version/` says of mail."""
    server = of(config)
    return server.backend == _SMTP and bool(server.user)
