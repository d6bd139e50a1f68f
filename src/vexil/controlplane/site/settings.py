"""Django's settings, all made from `vexil.config`; there is no settings file per environment."""

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
    "rest_framework",
    "rest_framework.authtoken",
    "rest_framework_api_key",
    "vexil.controlplane.db.apps.VexilConfig",
]
MIDDLEWARE = [
    f"vexil.controlplane.site.middleware.{name}"
    for name in ("check_host", "answer_preflights", "add_headers", "refuse_unusable", "add_slash")
]
ROOT_URLCONF = "vexil.controlplane.site.urls"
WSGI_APPLICATION = "vexil.controlplane.site.wsgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

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
    ],
    "DEFAULT_PERMISSION_CLASSES": ["vexil.controlplane.adminapi.authentication.SomebodyKnown"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "vexil.controlplane.adminapi.parsing.JsonBody",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "vexil.controlplane.adminapi.openapi_document.OperationSchema",
    "EXCEPTION_HANDLER": "vexil.controlplane.adminapi.errors.answer",
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
