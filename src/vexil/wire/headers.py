"""Response headers that both planes send (sdk-api.md §1.4)."""

from vexil import __version__

Headers = tuple[tuple[str, str], ...]

VERSION: Headers = (("Flagsmith-Version", __version__),)
"""On every answer."""

NO_STORE: Headers = (
    ("Cache-Control", "max-age=0, no-cache, no-store, must-revalidate, private"),
    ("Expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ("Pragma", "no-cache"),
)
"""On all but redirects, preflights and the 400 for a wrong host, unless switched off."""

VARY_ORIGIN: Headers = (("Vary", "Origin"),)
"""On redirects, preflights, unknown paths, health and version. Other API answers: `VARY_ACCEPT_ORIGIN`."""

VARY_ACCEPT_ORIGIN: Headers = (("Vary", "Accept, Origin"),)

HTML = "text/html; charset=utf-8"

WRONG_HOST_BODY = (
    b"<!doctype html>\n<html lang=en>\n<title>Bad Request (400)</title>\n<h1>Bad Request (400)</h1>\n"
    b"<p>This host name is not in DJANGO_ALLOWED_HOSTS.</p>\n"
)
