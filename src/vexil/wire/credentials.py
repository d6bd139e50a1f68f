"""What is wrong with a credential, as far as its own form tells; never whether it is, or was, somebody's.

Texts that are sent are described, not repeated: an answer or a log line must not carry a secret.
"""

import re

from vexil.wire.errors import Explanation, explain
from vexil.wire.keys import LENGTH, is_server_key

_API_KEY = re.compile(r"[0-9A-Za-z]{8}\.[0-9A-Za-z]{32,}")
_USER_TOKEN = re.compile(r"[0-9a-f]{40}")
_QUOTES = "\"'`“”‘’"
_UNSET = {"undefined", "null", "none", "nil", "nan", "false", "true"}
_PLACEHOLDER = re.compile(r"<.*>|\{.*\}|\$.*|%.*%|your[-_ ].*|.*[-_ ]your[-_ ].*|x{4,}", re.IGNORECASE)

FLAGS_API, ADMIN_API = "Flags API", "Admin API"
_ENVIRONMENT_HEADER = "X-Environment-Key"
_ENVIRONMENT_KEY = f"the environment's key as {_ENVIRONMENT_HEADER}"
_AUTHORIZATION = "Authorization: Api-Key <key>, or Authorization: Token <token>"


def absent_environment_key(authorization: str | None) -> Explanation:
    """For a request to the Flags API without `X-Environment-Key`."""
    if not authorization:
        return explain("missing_environment_key")
    return explain("wrong_header", api=FLAGS_API, wanted=_ENVIRONMENT_KEY, sent="Authorization", other=ADMIN_API)


def unknown_environment_key(key: str, host: str) -> Explanation:
    """For a value of `X-Environment-Key` that opens nothing."""
    if _is_admin_credential(key):
        sent = f"an Admin API credential in {_ENVIRONMENT_HEADER}"
        return explain("wrong_header", api=FLAGS_API, wanted=_ENVIRONMENT_KEY, sent=sent, other=ADMIN_API)
    if problem := _problem_of_text(key) or _problem_of_length(key):
        return explain("malformed_environment_key", problem=problem)
    return explain("unknown_environment_key", host=host)


def absent_credentials(authorization: str | None, environment_key: str | None) -> Explanation:
    """For a request to the Admin API without anything that counts as a credential."""
    if authorization:
        return _uncounted(authorization)
    if environment_key is None:
        return explain("missing_credentials")
    return explain("wrong_header", api=ADMIN_API, wanted=_AUTHORIZATION, sent=_ENVIRONMENT_HEADER, other=FLAGS_API)


def refused_api_key(value: str) -> Explanation:
    """For the value after `Api-Key` that opens nothing."""
    if _USER_TOKEN.fullmatch(value):
        return explain("wrong_scheme", looks_like="a user's token", right="Token", sent="Api-Key")
    if problem := _problem_of_text(value):
        return explain("malformed_credential", problem=problem)
    if not _API_KEY.fullmatch(value):
        problem = _looks_like_environment_key(value) or _NO_API_KEY
        return explain("malformed_credential", problem=problem)
    return explain("unknown_api_key")


def refused_token(value: str) -> Explanation:
    """For the value after `Token` that is nobody's."""
    if _API_KEY.fullmatch(value):
        return explain("wrong_scheme", looks_like="an organisation's key", right="Api-Key", sent="Token")
    if not value:
        return explain("malformed_credential", problem="is empty: a token follows the word Token")
    if problem := _problem_of_text(value):
        return explain("malformed_credential", problem=problem)
    if not _USER_TOKEN.fullmatch(value):
        problem = _looks_like_environment_key(value) or "is no token: tokens have 40 hexadecimal digits"
        return explain("malformed_credential", problem=problem)
    return explain("invalid_user_token")


_NO_API_KEY = "is no organisation key: those have 8 characters, a dot and 32 more; it may have been cut off"


def _uncounted(authorization: str) -> Explanation:
    """A header that is there and counts as none."""
    scheme, _, value = authorization.strip().partition(" ")
    if scheme == "Api-Key":
        problem = "has nothing after Api-Key" if not value.strip() else "has no blank after Api-Key"
    elif scheme.lower() in {"api-key", "apikey", "api_key"}:
        problem = "spells Api-Key in another way"
    elif scheme.lower() == "bearer":
        problem = "is a Bearer token, which is not taken here"
    elif _is_admin_credential(scheme):
        problem = "has no word before its value"
    else:
        problem = "begins with no scheme that is known here"
    return explain("unknown_scheme", problem=problem)


def _is_admin_credential(text: str) -> bool:
    first, _, rest = text.partition(" ")
    words = {"api-key", "token", "bearer"}
    return any(form.fullmatch(text) for form in (_API_KEY, _USER_TOKEN)) or (first.lower() in words and bool(rest))


def _problem_of_text(text: str) -> str:
    if text[0] in _QUOTES or text[-1] in _QUOTES:
        return "is in quotation marks: send it without them"
    if text.lower() in _UNSET:
        return "is a word such as undefined or null: the variable that should hold it was not set"
    if _PLACEHOLDER.fullmatch(text):
        return "is a placeholder: put the real one in its place"
    if any(character.isspace() for character in text):
        return "has blanks or line breaks inside: send it without them"
    return ""


def _problem_of_length(key: str) -> str:
    length = len(key.removeprefix("ser."))
    if not key.isascii():
        return "has a character that no key has: copy the key again"
    if length == LENGTH:
        return ""
    kind = "after ser. " if is_server_key(key) else ""
    return (
        f"has {length} characters {kind}and opens nothing; keys made here have {LENGTH}: "
        f"it may have been {'cut off' if length < LENGTH else 'copied with something else'}"
    )


def _looks_like_environment_key(value: str) -> str:
    if len(value.removeprefix("ser.")) == LENGTH:
        return f"looks like an environment's key, which belongs to the Flags API as {_ENVIRONMENT_HEADER}"
    return ""
