"""All that is known of htmx and its headers.

Links and forms are boosted: htmx fetches whole pages and swaps the body. Only what asks for a part
of a page gets a fragment.
"""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails


def is_htmx(request: HttpRequest) -> bool:
    return bool(_details(request))


def is_fragment(request: HttpRequest) -> bool:
    """Whether a part of the page is asked for, rather than the page."""
    details = _details(request)
    return bool(details) and not details.boosted and not details.history_restore_request


def target(request: HttpRequest) -> str | None:
    """The id of the element that the answer goes into."""
    return _details(request).target


def varied(response: HttpResponse) -> HttpResponse:
    """Fragments and pages share their addresses: say so."""
    patch_vary_headers(response, ("Cookie", "HX-Request", "HX-Boosted"))
    return response


def go_to(url: str) -> HttpResponse:
    """Leave for another page, loaded as a whole."""
    return HttpResponse(status=204, headers={"HX-Redirect": url})


def with_address(response: HttpResponse, url: str) -> HttpResponse:
    """The fragment, with this address shown by the browser from now on."""
    response.headers["HX-Push-Url"] = url
    return response


def with_event(response: HttpResponse, name: str) -> HttpResponse:
    """The fragment; other parts of the page that listen for this event load themselves again."""
    response.headers["HX-Trigger"] = name
    return response


def _details(request: HttpRequest) -> HtmxDetails:
    details: HtmxDetails = request.htmx  # type: ignore[attr-defined]  # set by django-htmx's middleware
    return details
