"""What is answered where no view is: JSON below /api/, a line of HTML elsewhere. Never a stack trace."""

from django.http import HttpRequest, HttpResponse

from vexil.controlplane.adminapi import errors

_NOT_FOUND = "<!doctype html>\n<html lang=en>\n<title>Not Found</title>\n<h1>Not Found</h1>\n"


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- Django passes it by name
    if request.path_info.startswith("/api/"):
        return errors.without_view(404, errors.NOT_FOUND)
    return HttpResponse(_NOT_FOUND, status=404)


def bad_request(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- Django passes it by name
    return errors.without_view(400, "Bad request.")


def internal_error(_request: HttpRequest) -> HttpResponse:
    return errors.without_view(500, "Internal server error.")
