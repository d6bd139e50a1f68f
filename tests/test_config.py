from dataclasses import fields
from pathlib import Path

import pytest

from vexil.config import LOOPBACK_HOSTS, Config, ConfigError
from vexil.rates import Rate


def test_without_variables_everything_has_its_default() -> None:
    assert Config.from_environ({}) == Config()


def test_variables_are_read_as_their_types() -> None:
    config = Config.from_environ(
        {
            "VEXIL_DATA_DIR": "/srv/vexil",
            "DATABASE_URL": "postgresql://u:p@db:5432/flags",
            "DEBUG": "Yes",
            "ADD_NEVER_CACHE_HEADERS": "0",
            "DJANGO_ALLOWED_HOSTS": "example.com, .example.org,",
            "FEATURE_VALUE_LIMIT": "5",
            "LOG_LEVEL": "WARNING",
        }
    )

    assert config == Config(
        data_dir=Path("/srv/vexil"),
        database_url="postgresql://u:p@db:5432/flags",
        debug=True,
        add_never_cache_headers=False,
        allowed_hosts=("example.com", ".example.org"),
        feature_value_characters_max=5,
        log_level="warning",
    )


def test_a_blank_variable_counts_as_not_set() -> None:
    assert Config.from_environ({"DATABASE_URL": "", "FEATURE_VALUE_LIMIT": " "}) == Config()


def test_hosts_set_to_nothing_refuse_every_host() -> None:
    assert Config.from_environ({"DJANGO_ALLOWED_HOSTS": ""}).allowed_hosts == ()
    assert Config.from_environ({}).allowed_hosts == LOOPBACK_HOSTS


def test_a_database_can_be_named_in_parts() -> None:
    parts = {
        "DJANGO_DB_NAME": "flags",
        "DJANGO_DB_USER": "u",
        "DJANGO_DB_PASSWORD": "p@/:",
        "DJANGO_DB_HOST": "db",
        "DJANGO_DB_PORT": "5433",
    }

    assert Config.from_environ(parts).database_url == "postgresql://u:p%40%2F%3A@db:5433/flags"
    assert Config.from_environ({**parts, "DATABASE_URL": "postgres://a@b/c"}).database_url == "postgres://a@b/c"
    del parts["DJANGO_DB_PORT"]
    with pytest.raises(ConfigError, match=r"^DJANGO_DB_PORT is missing"):
        Config.from_environ(parts)


@pytest.mark.parametrize(
    ("variable", "text", "accepts"),
    [
        ("DEBUG", "maybe", "true or false"),
        ("FEATURE_VALUE_LIMIT", "2000001", "a whole number from 0 to 2000000"),
        ("SEGMENT_CONDITION_VALUE_LIMIT", "-1", "a whole number from 0 to 1999999"),
        ("GUNICORN_WORKERS", "two", "a whole number from 1 to 256"),
        ("LOG_LEVEL", "loud", "one of debug, info, warning, error, critical"),
    ],
)
def test_a_wrong_value_names_its_variable_and_what_it_accepts(variable: str, text: str, accepts: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Config.from_environ({variable: text})

    assert str(raised.value) == f"{variable} accepts {accepts}; {text!r} is not that."


def test_a_wrong_database_url_is_refused_without_showing_its_password() -> None:
    with pytest.raises(ConfigError) as raised:
        Config.from_environ({"DATABASE_URL": "mysql://root:secret@db/flags"})

    assert "DATABASE_URL accepts postgres://" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_every_setting_has_a_variable_of_its_own() -> None:
    variables = [setting.metadata["variable"] for setting in fields(Config)]

    assert len(variables) == len(set(variables))


def test_a_rate_is_a_number_for_a_period_and_nothing_is_no_limit() -> None:
    rates = ["7/s", "7/min", "7/Hours", "7/d", "7/month", "none", ""]

    assert [Config.from_environ({"USER_THROTTLE_RATE": rate}).user_throttle_rate for rate in rates] == [
        Rate(7, 1),
        Rate(7, 60),
        Rate(7, 3600),
        Rate(7, 86_400),
        Rate(7, 30 * 86_400),
        None,
        None,
    ]


@pytest.mark.parametrize("text", ["500", "0/min", "many/min", "5/week", "5 / min", "-1/s"])
def test_a_rate_that_is_none_is_refused_at_start(text: str) -> None:
    with pytest.raises(
        ConfigError, match=r"^LOGIN_THROTTLE_RATE accepts a number, a slash and sec, min, hour, day or month"
    ):
        Config.from_environ({"LOGIN_THROTTLE_RATE": text})


def test_organisation_keys_follow_the_rate_of_users_unless_they_have_their_own() -> None:
    following = Config.from_environ({"USER_THROTTLE_RATE": "5/min"})
    own = Config.from_environ({"USER_THROTTLE_RATE": "5/min", "MASTER_API_KEY_THROTTLE_RATE": "none"})

    assert (following.master_api_key_throttle_rate, own.master_api_key_throttle_rate) == (Rate(5, 60), None)


def test_a_redis_that_counts_needs_a_url() -> None:
    backend = "django.core.cache.backends.redis.RedisCache"
    with pytest.raises(ConfigError, match="USER_THROTTLE_CACHE_LOCATION must be its URL"):
        Config.from_environ({"USER_THROTTLE_CACHE_BACKEND": backend})

    counting = {"USER_THROTTLE_CACHE_BACKEND": backend, "USER_THROTTLE_CACHE_LOCATION": "redis://cache:6379/1"}
    assert Config.from_environ(counting).throttles_url == "redis://cache:6379/1"
    assert Config.from_environ({"USER_THROTTLE_CACHE_LOCATION": "admin-throttle"}).throttles_url is None


def test_settings_of_other_caches_are_taken_but_checked() -> None:
    brought_along = {
        "CACHE_FLAGS_SECONDS": "60",
        "CACHE_ENVIRONMENT_DOCUMENT_MODE": "PERSISTENT",
        "GET_FLAGS_ENDPOINT_CACHE_BACKEND": "django_redis.cache.RedisCache",
        "ENVIRONMENT_CACHE_SECONDS": " ",
    }

    assert Config.from_environ(brought_along) == Config()
    with pytest.raises(ConfigError, match=r"^CACHE_FLAGS_SECONDS accepts a whole number .*; 'often' is not that\.$"):
        Config.from_environ({"CACHE_FLAGS_SECONDS": "often"})
