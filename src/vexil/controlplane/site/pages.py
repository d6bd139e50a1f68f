"""What is answered where no view is: JSON below /api/, a line of HTML elsewhere. Never a stack trace."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from vexil.controlplane.adminapi import errors

_NOT_FOUND = "<!doctype html>\n<html lang=en>\n<title>Not Found</title>\n<h1>Not Found</h1>\n"


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- Django passes it by name
    if request.path_info.startswith("/api/"):
        return JsonResponse({"detail": errors.NOT_FOUND}, status=404)
    return HttpResponse(_NOT_FOUND, status=404)


def bad_request(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- Django passes it by name
    return JsonResponse({"detail": "Bad request."}, status=400)


def internal_error(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"detail": "Internal server error."}, status=500)
