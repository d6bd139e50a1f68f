"""Which path was probably meant by one that leads nowhere."""

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches

from vexil.wire.errors import Explanation, explain

FLAGS_API = (
    "/api/v1/flags/",
    "/api/v1/identities/",
    "/api/v1/identities/batch/",
    "/api/v1/identities/explain/",
    "/api/v1/environment-document/",
    "/api/v1/traits/",
    "/api/v1/traits/bulk/",
    "/api/v1/traits/increment-value/",
    "/api/v1/analytics/flags/",
    "/api/v2/analytics/flags/",
    "/api/v1/analytics/telemetry/",
    "/ofrep/v1/evaluate/flags",
)
"""Those without a name in them; a test compares them with what is served."""

Template = Callable[[str], str | None]
"""The template of a path that is served, such as `/api/v1/environments/<key>/`; None for any other path.

Hints name templates and not the path that was sent, since paths hold keys and links for choosing a password.
"""

_PREFIX = "/api/v1/"
_LEFT_OUT = re.compile(r"^/(api/)?(v\d+/)?", re.IGNORECASE)
_PATH_CHARACTERS_MAX = 200


def of_flags_api(path: str) -> str | None:
    return path if path in FLAGS_API else None


def explain_unknown(path: str, template: Template, candidates: Iterable[str] = ()) -> Explanation:
    """Missing prefix, missing slash, or the nearest of the paths that are served."""
    path = path[:_PATH_CHARACTERS_MAX]
    bare = re.sub(r"/{2,}", "/", path)
    slashed = bare if bare.endswith("/") else bare + "/"
    if bare == path and (found := template(slashed)):
        return explain("missing_slash", nearest=found)
    prefixed = _PREFIX + _LEFT_OUT.sub("", slashed)
    for form in (prefixed, prefixed.removesuffix("/"), prefixed.lower()):
        if found := template(form):
            if path.lower().startswith(_PREFIX):
                return explain("unknown_path", nearest=f"Did you mean {found}?")
            return explain("missing_prefix", nearest=found)
    return explain("unknown_path", nearest=_nearest(prefixed, {*FLAGS_API, *candidates}))


def _nearest(path: str, candidates: Iterable[str]) -> str:
    close = get_close_matches(path, sorted(candidates), n=1, cutoff=0.8)
    return f"Did you mean {close[0]}?" if close else "Both APIs are below /api/v1/."
