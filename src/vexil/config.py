"""Every setting of Vexil: one field per environment variable, read once, typed.

`docs/configuration.md` is made from the fields' metadata. A malformed value raises `ConfigError`, which
names the variable and what it accepts; the command line prints that one line and stops.
"""

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from vexil import plans
from vexil.accepted_variables import WITHOUT_EFFECT
from vexil.monitoring import Monitoring
from vexil.plans import Plans
from vexil.rates import MONTH, Rate
from vexil.variables import boolean as _boolean
from vexil.variables import comma_separated as _comma_separated
from vexil.variables import integer as _integer
from vexil.variables import objects as _objects
from vexil.variables import one_of as _one_of
from vexil.variables import rate as _rate
from vexil.variables import setting as _setting


class ConfigError(Exception):
    """A variable holds something that it does not accept."""


SENDGRID = "sgbackend.SendGridBackend"
MAIL_BACKENDS = (
    "django.core.mail.backends.smtp.EmailBackend",
    SENDGRID,
    "django.core.mail.backends.console.EmailBackend",
    "django.core.mail.backends.dummy.EmailBackend",
    "django.core.mail.backends.locmem.EmailBackend",
)


def _mail_backend(text: str) -> str:
    if text not in MAIL_BACKENDS:
        raise ValueError("one of " + ", ".join(MAIL_BACKENDS))
    return text


def _database_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ValueError("postgres://user:password@host:port/name (leave it out for SQLite)")
    return text


_REDIS_SCHEMES = ("redis://", "rediss://", "unix://")
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class Throttling(Monitoring):
    """How often somebody may use the Admin API, and how that is counted."""

    user_throttle_rate: Rate | None = _rate(
        "USER_THROTTLE_RATE",
        Rate(500, 60),
        "Admin API requests of one user, or of one address without valid credentials",
    )
    master_api_key_throttle_rate: Rate | None = _rate(
        "MASTER_API_KEY_THROTTLE_RATE",
        Rate(500, 60),
        "Admin API requests of one organisation key; unset, as for users",
    )
    login_throttle_rate: Rate | None = _rate("LOGIN_THROTTLE_RATE", Rate(20, 60), "Log-ins from one address")
    mfa_code_throttle_rate: Rate | None = _rate(
        "MFA_CODE_THROTTLE_RATE", Rate(5, 60), "Second-factor codes from one address"
    )
    signup_throttle_rate: Rate | None = _rate("SIGNUP_THROTTLE_RATE", Rate(10_000, 60), "Sign-ups from one address")
    invite_throttle_rate: Rate | None = _rate("INVITE_THROTTLE_RATE", Rate(10, 60), "Invitations sent by one user")
    influx_query_throttle_rate: Rate | None = _rate(
        "INFLUX_QUERY_THROTTLE_RATE", Rate(5, 60), "Usage queries of one user"
    )
    dcr_throttle_rate: Rate | None = _rate(
        "DCR_THROTTLE_RATE", Rate(500, MONTH), "Applications that register themselves from one address"
    )
    oidc_token_exchange_throttle_rate: Rate | None = _rate(
        "OIDC_TOKEN_EXCHANGE_THROTTLE_RATE", Rate(60, 60), "Tokens of other issuers that one address exchanges"
    )
    throttles_backend: str = _setting(
        "USER_THROTTLE_CACHE_BACKEND",
        "",
        "Accepted for compatibility: a class with `redis` in its name demands a Redis in the next variable.",
    )
    throttles_location: str = _setting(
        "USER_THROTTLE_CACHE_LOCATION",
        "",
        "Redis or Valkey (`redis://…`, `rediss://…`, `unix://…`) that counts for throttles; else the database does.",
    )
    num_proxies: int = _setting(
        "NUM_PROXIES", 1, "Proxies in front, whose `X-Forwarded-For` tells a client's address.", _integer(0, 16)
    )

    @property
    def throttles_url(self) -> str | None:
        """The Redis that keeps the throttle logs; None for the database."""
        is_redis = self.throttles_location.startswith(_REDIS_SCHEMES)
        return self.throttles_location if is_redis else None


@dataclass(frozen=True, slots=True)
class OtherServices(Throttling):
    """How Vexil is known to the services that it talks to, and that talk to it."""

    own_url: str = _setting(
        "FLAGSMITH_API_URL",
        "",
        "Address of this server for applications that log people in (OAuth2): what they are given, without `/api/v1/`. "
        "Unset, the address at which they asked.",
    )
    dashboard_url: str = _setting(
        "FLAGSMITH_FRONTEND_URL", "", "The same of the dashboard, where people allow applications to act as them."
    )
    trust_relationship_token_seconds: int = _setting(
        "TRUST_RELATIONSHIP_ACCESS_TOKEN_LIFETIME_SECONDS",
        3600,
        "How long the access token is good that is given for the token of a trusted issuer.",
        _integer(60, 86_400),
    )
    slack_client_id: str = _setting("SLACK_CLIENT_ID", "", "Client id of the Slack app that posts changes of flags.")
    slack_client_secret: str = _setting("SLACK_CLIENT_SECRET", "", "Client secret of that Slack app.")
    slack_api_url: str = _setting("VEXIL_SLACK_API_URL", "https://slack.com/api/", "Slack's API, or GovSlack's.")
    github_app_id: str = _setting("GITHUB_APP_ID", "", "Id of the GitHub app that comments on issues.")
    github_pem: str = _setting("GITHUB_PEM", "", "Private key of that GitHub app, in PEM.")
    github_webhook_secret: str = _setting("GITHUB_WEBHOOK_SECRET", "", "What GitHub signs its messages to us with.")
    github_api_url: str = _setting("VEXIL_GITHUB_API_URL", "https://api.github.com/", "GitHub's API, or your own's.")
    launch_darkly_url: str = _setting(
        "VEXIL_LAUNCH_DARKLY_URL",
        "https://app.launchdarkly.com/",
        "Where projects are imported from; LaunchDarkly has other addresses for the EU and for governments.",
    )


@dataclass(frozen=True, slots=True)
class Billing(OtherServices):
    """How long usage is remembered, and what comes of it."""

    hourly_usage_days: int = _setting(
        "RAW_ANALYTICS_DATA_RETENTION_DAYS",
        30,
        "Days that requests and evaluations are kept by the hour, then by the day; with billing on, at least 32.",
        _integer(1, 36_500),
    )
    daily_usage_days: int = _setting(
        "BUCKETED_ANALYTICS_DATA_RETENTION_DAYS",
        90,
        "Days that they are kept at all; with billing on, at least 62.",
        _integer(1, 36_500),
    )
    billing: bool = _setting(
        "ENABLE_API_USAGE_ALERTING",
        False,
        "Turn billing on: plans limit organisations, which are warned of their usage and blocked beyond it.",
        _boolean,
    )
    plans: Plans = _setting(
        "VEXIL_PLANS",
        plans.DEFAULTS,
        "Changes to what plans include, as JSON, and further plans. Heeded with billing on.",
        plans.parse,
    )
    blocks_serving: bool = _setting(
        "VEXIL_BLOCK_SERVING", True, "Block the Flags API of free organisations over their allowance.", _boolean
    )
    blocks_admin: bool = _setting(
        "VEXIL_BLOCK_ADMIN", False, "Block the dashboard of free organisations over their allowance.", _boolean
    )


@dataclass(frozen=True, slots=True)
class Config(Billing):
    """All settings, with the defaults that an installation starts with."""

    data_dir: Path = _setting(
        "VEXIL_DATA_DIR", Path("vexil-data"), "Folder of the SQLite databases and of generated secrets.", Path
    )
    database_url: str | None = _setting(
        "DATABASE_URL", None, "PostgreSQL database; without it SQLite in the data folder.", _database_url
    )
    database_connection_seconds: int = _setting(
        "DJANGO_DB_CONN_MAX_AGE",
        60,
        "How long the Admin API keeps a database connection; -1 closes it after each request.",
        _integer(-1, 86_400),
    )
    database_connection_checks: bool = _setting(
        "DJANGO_DB_CONN_HEALTH_CHECKS", True, "Check a kept database connection before it is used again.", _boolean
    )
    secret_key: str | None = _setting(
        "DJANGO_SECRET_KEY",
        None,
        "Signs links and sessions. Set it when several nodes share a database; else one is kept in the data folder.",
    )
    debug: bool = _setting("DEBUG", False, "Show debug pages. Never in production.", _boolean)
    allowed_hosts: tuple[str, ...] = _setting(
        "DJANGO_ALLOWED_HOSTS",
        LOOPBACK_HOSTS,
        "Hosts that are answered: names, comma-separated; `*` for all; a leading dot for a domain with its subdomains. "
        "Set to nothing, every host is refused.",
        _comma_separated,
        blank_is_default=False,
    )
    use_x_forwarded_host: bool = _setting(
        "USE_X_FORWARDED_HOST", False, "Trust the proxy's `X-Forwarded-Host`.", _boolean
    )
    proxy_ssl_header_name: str = _setting(
        "SECURE_PROXY_SSL_HEADER_NAME",
        "HTTP_X_FORWARDED_PROTO",
        "Header by which the proxy tells that a request came over HTTPS, as WSGI names it.",
    )
    proxy_ssl_header_value: str = _setting("SECURE_PROXY_SSL_HEADER_VALUE", "https", "What that header says then.")
    csrf_trusted_origins: tuple[str, ...] = _setting(
        "DJANGO_CSRF_TRUSTED_ORIGINS",
        (),
        "Further origins (`https://host`) whose forms the dashboard takes, where a proxy changes the host.",
        _comma_separated,
    )
    disable_ui: bool = _setting(
        "DISABLE_FLAGSMITH_UI", False, "Serve no dashboard: then paths outside the APIs are 404.", _boolean
    )
    session_hours: int = _setting(
        "VEXIL_SESSION_HOURS", 336, "How long people stay logged in to the dashboard.", _integer(1, 8_760)
    )
    append_slash: bool = _setting(
        "APPEND_SLASH", True, "Redirect a known path without its final slash; otherwise answer 404.", _boolean
    )
    add_never_cache_headers: bool = _setting(
        "ADD_NEVER_CACHE_HEADERS", True, "Tell caches not to keep answers.", _boolean
    )
    enable_gzip_compression: bool = _setting(
        "ENABLE_GZIP_COMPRESSION",
        False,
        "Compress answers for clients that accept it (zstd, br, gzip; others than the Flags API's gzip alone).",
        _boolean,
    )
    cors_extra_headers: tuple[str, ...] = _setting(
        "FLAGSMITH_CORS_EXTRA_ALLOW_HEADERS",
        ("sentry-trace", "traceparent", "tracestate", "baggage"),
        "Further request headers that browsers may send.",
        _comma_separated,
    )
    body_bytes_max: int = _setting(
        "VEXIL_BODY_BYTES_MAX",
        10 * 1024 * 1024,
        "Largest request body in bytes; beyond it the answer is 413.",
        _integer(1024, 1024**3),
    )
    streams_max: int = _setting(
        "VEXIL_STREAMS_MAX",
        20_000,
        "Open event streams of each process; beyond it the answer is 503. Never more than three quarters of its files.",
        _integer(0, 1_000_000),
    )
    streams_per_second: int = _setting(
        "VEXIL_STREAMS_PER_SECOND",
        500,
        "New event streams of each process in a second. More wait their turn for up to 10 seconds, then get 503.",
        _integer(1, 100_000),
    )
    workers: int = _setting("GUNICORN_WORKERS", 1, "Server processes; `--workers` wins.", _integer(1, 256))

    allow_admin_initiation_via_cli: bool = _setting(
        "ALLOW_ADMIN_INITIATION_VIA_CLI",
        False,
        "Create the first administrator, organisation and project when an empty installation starts.",
        _boolean,
    )
    allow_admin_initiation_via_url: bool = _setting(
        "ALLOW_ADMIN_INITIATION_VIA_URL",
        True,
        "Let `GET /api/v1/users/init/` create the first administrator.",
        _boolean,
    )
    admin_email: str = _setting("ADMIN_EMAIL", "admin@example.com", "E-mail address of the first administrator.")
    organisation_name: str = _setting("ORGANISATION_NAME", "Default Organisation", "Name of the first organisation.")
    project_name: str = _setting("PROJECT_NAME", "Default Project", "Name of the first project.")
    domain: str = _setting("FLAGSMITH_DOMAIN", "", "Host of links in mails and on the command line.")

    sender_email: str = _setting("SENDER_EMAIL", "noreply@localhost", "Sender of mails.")
    email_backend: str | None = _setting(
        "EMAIL_BACKEND",
        None,
        "How mails leave; " + ", ".join(f"`{name}`" for name in MAIL_BACKENDS) + ". Without it SMTP if `EMAIL_HOST` or "
        "`SENDGRID_API_KEY` is set; otherwise mails are printed.",
        _mail_backend,
    )
    email_host: str | None = _setting("EMAIL_HOST", None, "SMTP server.")
    email_port: int = _setting("EMAIL_PORT", 587, "Port of the SMTP server.", _integer(1, 65_535))
    email_host_user: str = _setting("EMAIL_HOST_USER", "", "User at the SMTP server.")
    email_host_password: str = _setting("EMAIL_HOST_PASSWORD", "", "Password at the SMTP server.")
    email_use_tls: bool = _setting("EMAIL_USE_TLS", True, "Encrypt mails on their way (STARTTLS).", _boolean)
    sendgrid_api_key: str | None = _setting("SENDGRID_API_KEY", None, "Send through SendGrid's SMTP relay.")

    disable_invite_links: bool = _setting("DISABLE_INVITE_LINKS", False, "Invite by mail only.", _boolean)
    api_url: str = _setting("API_URL", "/api/v1/", "Where browsers find the API, for `/config/project-overrides`.")

    prevent_signup: bool = _setting("PREVENT_SIGNUP", False, "Refuse sign-up without an invite.", _boolean)
    allow_registration_without_invite: bool = _setting(
        "ALLOW_REGISTRATION_WITHOUT_INVITE", True, "Let anybody sign up who reaches the server.", _boolean
    )
    prevent_email_password: bool = _setting(
        "PREVENT_EMAIL_PASSWORD", False, "Refuse sign-up and log-in by password.", _boolean
    )
    github_client_id: str = _setting("GITHUB_CLIENT_ID", "", "OAuth application for logging in with GitHub.")
    github_client_secret: str = _setting("GITHUB_CLIENT_SECRET", "", "Its secret.")
    restrict_org_create_to_superusers: bool = _setting(
        "RESTRICT_ORG_CREATE_TO_SUPERUSERS", False, "Only superusers create organisations.", _boolean
    )
    default_org_store_traits: bool = _setting(
        "DEFAULT_ORG_STORE_TRAITS_VALUE", True, "New organisations store traits.", _boolean
    )
    cookie_auth_enabled: bool = _setting(
        "COOKIE_AUTH_ENABLED", False, "Logging in sets an HttpOnly cookie instead of giving a token.", _boolean
    )
    cookie_minutes: int = _setting(
        "COOKIE_AUTH_JWT_ACCESS_TOKEN_LIFETIME_MINUTES", 600, "How long the cookie is good.", _integer(1, 525_600)
    )
    cookie_signing_key: str | None = _setting(
        "COOKIE_AUTH_JWT_SIGNING_KEY", None, "Signs the cookie; without it `DJANGO_SECRET_KEY` does."
    )
    use_secure_cookies: bool = _setting("USE_SECURE_COOKIES", True, "Send the cookie over HTTPS only.", _boolean)
    cookie_same_site: str = _setting(
        "COOKIE_SAME_SITE", "none", "`SameSite` of the cookie.", _one_of("none", "lax", "strict")
    )
    cors_allowed_origins: tuple[str, ...] = _setting(
        "CORS_ALLOWED_ORIGINS", (), "Origins (`https://host`) that are let in where not all are.", _comma_separated
    )
    cors_allow_all: bool | None = _setting(
        "CORS_ORIGIN_ALLOW_ALL", None, "Pages of all origins may read answers; on unless cookies are.", _boolean
    )
    cors_allow_credentials: bool | None = _setting(
        "CORS_ALLOW_CREDENTIALS", None, "Those pages may send cookies; on if `COOKIE_AUTH_ENABLED` is.", _boolean
    )
    enable_email_activation: bool = _setting(
        "ENABLE_EMAIL_ACTIVATION", False, "New accounts are inactive until the mailed link is opened.", _boolean
    )
    password_reset_mails_max: int = _setting(
        "MAX_PASSWORD_RESET_EMAILS", 5, "Mails of one kind to one account within the cooldown.", _integer(1, 1_000)
    )
    password_reset_mail_seconds: int = _setting(
        "PASSWORD_RESET_EMAIL_COOLDOWN", 86_400, "Length of that cooldown in seconds.", _integer(1, 31_536_000)
    )
    last_login_update_minutes: int = _setting(
        "LAST_LOGIN_UPDATE_THRESHOLD_MINUTES",
        30,
        "Minutes before a user's last login is written again.",
        _integer(0, 525_600),
    )

    require_authentication_for_api_docs: bool = _setting(
        "REQUIRE_AUTHENTICATION_FOR_API_DOCS", False, "Describe the Admin API only to those with credentials.", _boolean
    )
    openapi_servers: tuple[dict[str, Any], ...] = _setting(
        "OPENAPI_SERVERS", (), "`servers` of the OpenAPI document, as a JSON list of objects.", _objects
    )

    feature_value_characters_max: int = _setting(
        "FEATURE_VALUE_LIMIT", 20_000, "Longest value of a flag.", _integer(0, 2_000_000)
    )
    condition_value_characters_max: int = _setting(
        "SEGMENT_CONDITION_VALUE_LIMIT", 1_000, "Longest value of a segment condition.", _integer(0, 1_999_999)
    )
    segment_conditions_max: int = _setting(
        "SEGMENT_RULES_CONDITIONS_LIMIT", 100, "Conditions in one segment.", _integer(0, 100_000)
    )

    disable_webhooks: bool = _setting("DISABLE_WEBHOOKS", False, "Send no webhooks.", _boolean)
    webhook_backoff_base: int = _setting(
        "WEBHOOK_BACKOFF_BASE",
        2,
        "After the n-th attempt that reached nobody, a webhook's message waits this to the power of n, in seconds.",
        _integer(1, 60),
    )
    webhook_attempts_max: int = _setting(
        "WEBHOOK_BACKOFF_RETRIES", 3, "Attempts to send a webhook's message.", _integer(1, 20)
    )
    webhooks_may_be_internal: bool = _setting(
        "VEXIL_WEBHOOKS_MAY_BE_INTERNAL",
        False,
        "Let webhooks call internal and private addresses. Unsafe: whoever may add a webhook can then reach "
        "everything that this server can.",
        _boolean,
    )

    prepared_answers_mb: int = _setting(
        "VEXIL_PREPARED_ANSWERS_MB",
        16,
        "Memory of each process, in MB, for answers to identities that ask the same again; 0 for none.",
        _integer(0, 65_536),
    )
    enable_api_usage_tracking: bool = _setting("ENABLE_API_USAGE_TRACKING", True, "Count requests of SDKs.", _boolean)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Config":
        """Read the variables; raise `ConfigError` naming the first that is wrong."""
        values = {
            setting.name: _read(environ, setting.name, setting.metadata)
            for setting in fields(cls)
            if _is_given(environ, setting.metadata)
        }
        if "user_throttle_rate" in values:
            values.setdefault("master_api_key_throttle_rate", values["user_throttle_rate"])
        if "database_url" not in values and environ.get("DJANGO_DB_NAME"):
            values["database_url"] = _url_of_parts(environ)
        for variable, (parse, _) in WITHOUT_EFFECT.items():
            if environ.get(variable, "").strip():
                _read(environ, "", {"variable": variable, "parse": parse})
        config = cls(**values)
        _check_throttles(config)
        return config


def load() -> Config:
    """The settings of this process."""
    return Config.from_environ(os.environ)


def documented_settings() -> list[tuple[str, str, str]]:
    """Variable, default and help of each setting, in order."""
    used = [
        (setting.metadata["variable"], _shown(setting.default), setting.metadata["help"]) for setting in fields(Config)
    ]
    return used + [(variable, "", text) for variable, (_, text) in WITHOUT_EFFECT.items()]


def _shown(default: Any) -> str:
    if default is None or default is MISSING:
        return ""
    if isinstance(default, tuple):
        return ",".join(default)
    return str(default).lower() if isinstance(default, bool) else str(default)


def _is_given(environ: Mapping[str, str], metadata: Mapping[str, Any]) -> bool:
    text = environ.get(metadata["variable"])
    return text is not None and (bool(text.strip()) or not metadata["blank_is_default"])


def _read(environ: Mapping[str, str], name: str, metadata: Mapping[str, Any]) -> Any:
    variable = metadata["variable"]
    try:
        return metadata["parse"](environ[variable])
    except ValueError as error:
        shown = "the given text" if name in {"database_url", "secret_key"} else repr(environ[variable])
        raise ConfigError(f"{variable} accepts {error}; {shown} is not that.") from None


def _check_throttles(config: Config) -> None:
    if "redis" in config.throttles_backend.lower() and not config.throttles_url:
        raise ConfigError("USER_THROTTLE_CACHE_BACKEND names Redis: USER_THROTTLE_CACHE_LOCATION must be its URL.")


def _url_of_parts(environ: Mapping[str, str]) -> str:
    parts = {}
    for part in ("NAME", "USER", "PASSWORD", "HOST", "PORT"):
        variable = f"DJANGO_DB_{part}"
        if variable not in environ:
            raise ConfigError(
                f"{variable} is missing: DJANGO_DB_NAME needs DJANGO_DB_USER, _PASSWORD, _HOST and _PORT beside it."
            )
        parts[part] = quote(environ[variable], safe="")
    return "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**parts)
