"""Paths of the Admin API: what cannot be an id never reaches a view, and is 404 `Not found.`"""

from typing import Any

from django.urls import URLPattern, register_converter
from django.urls import path as django_path
from django.urls.converters import IntConverter
from rest_framework.views import APIView

from vexil.controlplane.adminapi.throttling import counted


class IdConverter(IntConverter):
    """A whole number that fits a column."""

    regex = "[0-9]{1,18}"


register_converter(IdConverter, "id")


def path(route: str, view: type[APIView], **attributes: Any) -> URLPattern:
    """A route with `<id:…>` and `<str:…>` parts, relative to /api/v1/; the view has these attributes on this path."""
    return django_path(route, counted(view).as_view(**attributes))
