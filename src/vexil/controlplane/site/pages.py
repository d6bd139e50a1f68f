"""What is answered where no view is: JSON, and never a stack trace."""

from django.http import HttpRequest, HttpResponse

from vexil.controlplane.adminapi import errors


def not_found(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- Django passes it by name
    return errors.without_view(404, errors.NOT_FOUND)


def nothing(_request: HttpRequest) -> HttpResponse:
    """compat: a path without anything, to which its form without the final slash is redirected."""
    return errors.without_view(404, errors.NOT_FOUND)


def bad_request(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- Django passes it by name
    return errors.without_view(400, "Bad request.")


def internal_error(_request: HttpRequest) -> HttpResponse:
    return errors.without_view(500, "Internal server error.")
