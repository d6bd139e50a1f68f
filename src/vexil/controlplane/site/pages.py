"""What is answered where no view is: JSON to programs, a page to people, and never a stack trace."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from vexil.controlplane.adminapi import errors
from vexil.controlplane.dashboard import problems


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- Django passes it by name
    return problems.not_found(request) if _is_for_people(request) else errors.without_view(404, errors.NOT_FOUND)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Only pages raise this: the Admin API answers its refusals itself."""
    return problems.forbidden(request, str(exception))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 -- Django passes it by name
    return problems.stale_form(request)


def nothing(_request: HttpRequest) -> HttpResponse:
    """compat: a path without anything, to which its form without the final slash is redirected."""
    return errors.without_view(404, errors.NOT_FOUND)


def bad_request(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- Django passes it by name
    return errors.without_view(400, "Bad request.")


def internal_error(request: HttpRequest) -> HttpResponse:
    return (
        problems.internal_error(request)
        if _is_for_people(request)
        else errors.without_view(500, "Internal server error.")
    )


def _is_for_people(request: HttpRequest) -> bool:
    """Browsers ask for HTML; a program that has left out `/api/v1/` gets JSON."""
    is_program = request.path_info.startswith("/api/") or settings.VEXIL.disable_ui
    return not is_program and "text/html" in request.headers.get("Accept", "")
