"""What happens to each request before and after its view, whatever the path; outermost first."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect
from django.urls import Resolver404, resolve
from rest_framework.response import Response

from vexil.controlplane.adminapi import errors
from vexil.controlplane.dashboard import content_policy
from vexil.refused_hosts import RefusedHosts
from vexil.told_errors import told_errors
from vexil.wire import cors, headers, routes
from vexil.wire.errors import CODE_HEADER, explain
from vexil.wire.hosts import host_allowed

Handler = Callable[[HttpRequest], HttpResponseBase]


def tell_route(handle: Handler) -> Handler:
    """Leave in WSGI's environment which route a request took, for metrics and traces."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = handle(request)
        if match := request.resolver_match:
            request.META[routes.ROUTE] = routes.template(match.route)
        elif request.path_info.startswith(settings.STATIC_URL):
            request.META[routes.ROUTE] = f"{settings.STATIC_URL}{{path}}"
        return response

    return middleware


def check_host(handle: Handler) -> Handler:
    """Refuse foreign hosts before anything else, preflights included."""
    refused = RefusedHosts()

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if host_allowed(_host(request), settings.VEXIL.allowed_hosts):
            return handle(request)
        refused.add(_host(request))
        told_errors.add("host_not_allowed")
        response = HttpResponse(headers.WRONG_HOST_BODY, status=400)
        return _with(response, (*headers.VERSION, *headers.VARY_ORIGIN, *explain("host_not_allowed").headers))

    return middleware


def answer_preflights(handle: Handler) -> Handler:
    """A browser's question what it may send: answered alike for every path, known or not."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not cors.is_preflight(request.method or "", request.headers.get("Access-Control-Request-Method")):
            return handle(request)
        return _with(HttpResponse(), cors.of(settings.VEXIL).preflight(request.headers.get("Origin"), _host(request)))

    return middleware


def add_headers(handle: Handler) -> Handler:
    """The version, what browsers need, and that nothing may be kept."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = handle(request)
        is_api_answer = isinstance(response, Response)
        vary = headers.VARY_ACCEPT_ORIGIN if is_api_answer else headers.VARY_ORIGIN
        no_store = () if _may_be_kept(response) else headers.NO_STORE
        # A program that asked below a wrong prefix gets JSON there, and a browser's script must be let to read why.
        if is_page(request.path_info) and "json" not in response.headers.get("Content-Type", ""):
            return _with(response, (*headers.VERSION, *no_store))
        for_browsers = cors.of(settings.VEXIL).headers(request.headers.get("Origin"), _host(request))
        return _with(response, (*headers.VERSION, *vary, *for_browsers, *no_store))

    return middleware


def explain_errors(handle: Handler) -> Handler:
    """No error leaves without a code, whoever made it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = handle(request)
        if response.status_code >= 400 and CODE_HEADER not in response.headers:
            errors.explain_unexplained(request, response)
        if response.status_code >= (500 if is_page(request.path_info) else 400):
            told_errors.add(response.headers[CODE_HEADER])
        return response

    return middleware


def refuse_unusable(handle: Handler) -> Handler:
    """413 for a body beyond the limit; null characters, which no database column takes, end here as well."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if _body_bytes(request) > settings.VEXIL.body_bytes_max:
            explanation = explain("body_too_large", bytes_max=settings.VEXIL.body_bytes_max)
            return errors.without_view(request, 413, errors.TOO_LARGE, explanation)
        if "\x00" in request.path_info:
            return errors.without_view(
                request, 404, errors.NOT_FOUND, explain("unknown_path", nearest="It holds a null character.")
            )
        if "%00" in request.META.get("QUERY_STRING", ""):
            text = "Null characters are not allowed."
            return errors.without_view(request, 400, text, explain("null_characters"))
        return handle(request)

    return middleware


def mend_slash(handle: Handler) -> Handler:
    """Redirect a path that is known with (or, for pages, without) a final slash: any method, before authentication.

    A path of the Admin API without its beginning is a mistake and no page: 404.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if not settings.VEXIL.append_slash or _is_known(path):
            return handle(request)
        if not path.endswith("/") and _is_known(path + "/"):
            return HttpResponsePermanentRedirect(request.get_full_path(force_append_slash=True))
        if path.endswith("/") and is_page(path) and _is_known(path.rstrip("/")) and not _is_known(f"/api/v1{path}"):
            return HttpResponsePermanentRedirect(path.rstrip("/") + _query(request))
        return handle(request)

    return middleware


def protect_pages(handle: Handler) -> Handler:
    """Keep browsers from being used against people; and let cookies work over plain HTTP where there is no other."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = handle(request)
        if not is_page(request.path_info):
            return response
        for name, value in PAGE_HEADERS:
            response.headers.setdefault(name, value)
        if not request.is_secure():
            for cookie in response.cookies.values():
                cookie["secure"] = ""
        return response

    return middleware


def is_page(path: str) -> bool:
    """Whether a path belongs to people and not to programs."""
    return not path.startswith(_OF_PROGRAMS) or path == _HEALTH_PAGE


_HEALTH_PAGE = "/health-page"
_OF_PROGRAMS = (
    "/api/",
    "/health",
    "/version",
    "/metrics",
    "/processor/",
    "/sse/",
    "/ofrep/",
    "/config/",
    "/o/",
    "/.well-known/",
    "/robots.txt",
)
PAGE_HEADERS: headers.Headers = (
    (content_policy.HEADER, content_policy.POLICY),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)


def _query(request: HttpRequest) -> str:
    query = request.META.get("QUERY_STRING", "")
    return f"?{query}" if query else ""


def _may_be_kept(response: HttpResponseBase) -> bool:
    return isinstance(response, HttpResponsePermanentRedirect) or not settings.VEXIL.add_never_cache_headers


def _host(request: HttpRequest) -> str:
    forwarded = request.META.get("HTTP_X_FORWARDED_HOST") if settings.VEXIL.use_x_forwarded_host else None
    return str(forwarded or request.META.get("HTTP_HOST", ""))


def _body_bytes(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdigit() else 0


def _is_known(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def _with(response: HttpResponseBase, added: headers.Headers) -> HttpResponseBase:
    for name, value in added:
        response.headers[name] = value
    return response
