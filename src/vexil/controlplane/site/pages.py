"""What is answered where no view is: JSON to programs, a page to people, and never a stack trace."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from vexil.controlplane.adminapi import errors, explanations
from vexil.controlplane.dashboard import problems
from vexil.wire.errors import explain


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- Django passes it by name
    if _is_for_people(request):
        return problems.not_found(request)
    return errors.without_view(request, 404, errors.NOT_FOUND, explanations.unknown_path(request.path_info))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Only pages raise this: the Admin API answers its refusals itself."""
    return problems.forbidden(request, str(exception))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 -- Django passes it by name
    return problems.stale_form(request)


def nothing(request: HttpRequest) -> HttpResponse:
    """compat: a path without anything, to which its form without the final slash is redirected."""
    return errors.without_view(
        request, 404, errors.NOT_FOUND, explain("unknown_path", nearest="The installation's health is at /health.")
    )


def no_metrics(request: HttpRequest) -> HttpResponse:
    """Reached only where there are none: otherwise the data plane answers."""
    off = "Metrics are off: PROMETHEUS_ENABLED turns them on."
    return errors.without_view(request, 404, errors.NOT_FOUND, explain("unknown_path", nearest=off))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- Django passes it by name
    return errors.without_view(request, 400, "Bad request.", explain("not_allowed"))


def internal_error(request: HttpRequest) -> HttpResponse:
    if _is_for_people(request):
        return problems.internal_error(request)
    return errors.without_view(request, 500, "Internal server error.", explain("internal_error"))


def _is_for_people(request: HttpRequest) -> bool:
    """Browsers ask for HTML; a program that has left out `/api/v1/` gets JSON."""
    is_program = request.path_info.startswith("/api/") or settings.VEXIL.disable_ui
    return not is_program and "text/html" in request.headers.get("Accept", "")
