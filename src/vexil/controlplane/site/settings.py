"""Django's settings, all made from `vexil.config`; there is no settings file per environment."""

from pathlib import Path

from vexil import __version__
from vexil import config as vexil_config
from vexil.controlplane.site import databases, mail_servers, secret_key

VEXIL = vexil_config.load()
"""Our own settings, for middleware and views: `settings.VEXIL`."""

SECRET_KEY = secret_key.load_or_create(VEXIL)
DEBUG = VEXIL.debug
ALLOWED_HOSTS = ["*"]  # `middleware.check_host` has checked before
USE_X_FORWARDED_HOST = VEXIL.use_x_forwarded_host
APPEND_SLASH = False  # `middleware` does it, before authentication and for every method

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_cotton.apps.SimpleAppConfig",
    "rest_framework",
    "rest_framework.authtoken",
    "rest_framework_api_key",
    "vexil.controlplane.db.apps.VexilConfig",
]
_OURS = "vexil.controlplane.site.middleware"
MIDDLEWARE = [
    f"{_OURS}.tell_route",
    f"{_OURS}.check_host",
    f"{_OURS}.answer_preflights",
    *(["django.middleware.gzip.GZipMiddleware"] if VEXIL.enable_gzip_compression else []),
    "whitenoise.middleware.WhiteNoiseMiddleware",
    f"{_OURS}.add_headers",
    f"{_OURS}.explain_errors",
    f"{_OURS}.refuse_unusable",
    f"{_OURS}.mend_slash",
    f"{_OURS}.protect_pages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "vexil.controlplane.site.urls"
WSGI_APPLICATION = "vexil.controlplane.site.wsgi.application"
_DASHBOARD = Path(__file__).resolve().parents[1] / "dashboard"
_LOADERS = [
    "django_cotton.cotton_loader.Loader",
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_DASHBOARD / "templates"],
        "OPTIONS": {
            "loaders": _LOADERS if VEXIL.debug else [("django.template.loaders.cached.Loader", _LOADERS)],
            "builtins": ["django_cotton.templatetags.cotton", "vexil.controlplane.dashboard.template_tags"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

STATIC_URL = "/static/"
STATICFILES_DIRS = [_DASHBOARD / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = VEXIL.debug
WHITENOISE_MAX_AGE = 0 if VEXIL.debug else 31_536_000  # the address of a file changes with what is in it
WHITENOISE_ALLOW_ALL_ORIGINS = False

SESSION_COOKIE_NAME = "vexil_session"
SESSION_COOKIE_AGE = VEXIL.session_hours * 3600
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True  # `middleware.protect_pages` lets plain HTTP work all the same
CSRF_COOKIE_NAME = "vexil_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "vexil.controlplane.site.pages.csrf_failure"
CSRF_TRUSTED_ORIGINS = list(VEXIL.csrf_trusted_origins)
SECURE_PROXY_SSL_HEADER = (VEXIL.proxy_ssl_header_name, VEXIL.proxy_ssl_header_value)
LOGIN_URL = "login"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
SILENCED_SYSTEM_CHECKS = [
    # HTTPS is the proxy's: it redirects and sends HSTS, and knows whether plain HTTP is wanted inside.
    "security.W004",
    "security.W008",
    # `middleware.protect_pages` sends what Django's own would: nosniff, the referrer policy, no frames.
    "security.W001",
    "security.W002",
]

DATABASES = {"default": databases.settings(VEXIL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "vexil.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "vexil.controlplane.adminapi.session_cookies.SessionCookie",
        "vexil.controlplane.adminapi.authentication.UserToken",
        "vexil.controlplane.adminapi.authentication.OrganisationKey",
        "vexil.controlplane.adminapi.authentication.BearerToken",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["vexil.controlplane.adminapi.authentication.SomebodyKnown"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "vexil.controlplane.adminapi.parsing.JsonBody",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "vexil.controlplane.adminapi.openapi_document.OperationSchema",
    "DEFAULT_METADATA_CLASS": "vexil.controlplane.adminapi.options.Metadata",
    "EXCEPTION_HANDLER": "vexil.controlplane.adminapi.errors.answer",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "vexil.controlplane.adminapi.negotiation.Negotiation",
    "UNICODE_JSON": False,
    "URL_FORMAT_OVERRIDE": None,
}

_MAIL = mail_servers.of(VEXIL)
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = _MAIL.backend, _MAIL.host, _MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_USE_TLS = _MAIL.user, _MAIL.password, _MAIL.use_tls
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = VEXIL.sender_email

SPECTACULAR_SETTINGS = {
    "TITLE": "Vexil Admin API",
    "DESCRIPTION": "Speaks the protocol of Flagsmith's Admin API.",
    "VERSION": __version__,
    "OAS_VERSION": "3.1.0",
    "SERVERS": list(VEXIL.openapi_servers),
    "SCHEMA_PATH_PREFIX": "/api/",
    "PATH_CONVERTER_OVERRIDES": {"id": {"type": "integer", "minimum": 0}},
    "POSTPROCESSING_HOOKS": [],
    "DISABLE_ERRORS_AND_WARNINGS": True,
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
DATA_UPLOAD_MAX_MEMORY_SIZE = VEXIL.body_bytes_max
LOGGING_CONFIG = None
