"""From exception to answer: the only place where the Admin API decides on a failure's status and body."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, JsonResponse
from rest_framework import status
from rest_framework.exceptions import (
    APIException,
    MethodNotAllowed,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    ValidationError,
)
from rest_framework.response import Response

from vexil.controlplane.actions.feature_states import StateExists, UsesVersions
from vexil.controlplane.actions.feature_updates import ChangeRequestsEnabled, NoSuchOverride, UnfitUpdate
from vexil.controlplane.actions.first_run import UsersExist
from vexil.controlplane.actions.groups import NoMember
from vexil.controlplane.actions.identities import IdentityExists, UnknownIdentity
from vexil.controlplane.actions.integrations import AlreadyIntegrated
from vexil.controlplane.actions.invites import InviteExpired, JoiningByLinkDisabled, LinksDisabled, WrongAddress
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.actions.second_factors import AlreadyActive, NotActive, WrongCode
from vexil.controlplane.actions.segments import ManagedSegment
from vexil.controlplane.actions.tags import SystemTag, UndeletableTag
from vexil.controlplane.actions.users import SignUpClosed, WeakPassword
from vexil.controlplane.actions.version_states import Unchangeable, VersionConflict
from vexil.controlplane.actions.versioning import AlreadyThere
from vexil.controlplane.actions.versions import NotVersioned
from vexil.controlplane.db.models import FeatureSegment, FeatureState, FeatureVersion
from vexil.stores.identities import Unstorable
from vexil.stores.unavailable import Unavailable

NOT_FOUND = "Not found."
TOO_LARGE = "Request body is too large."


def no_match(model: str) -> NotFound:
    """404 for an object that is not there, or that the caller may not know of."""
    return NotFound(f"No {model} matches the given query.")


def invalid(message: str, field: str = "non_field_errors") -> ValidationError:
    return ValidationError({field: [message]})


Answer = tuple[int, Any]

_CAN_GO_MEANWHILE = {
    FeatureSegment: "FeatureSegment",
    FeatureState: "FeatureState",
    FeatureVersion: "EnvironmentFeatureVersion",
}


def _gone(model: str) -> Callable[[Any], Answer]:
    return lambda _: (status.HTTP_404_NOT_FOUND, {"detail": no_match(model).detail})


ANSWERS: dict[type[Exception], Callable[[Any], Answer]] = {
    Refused: lambda error: (status.HTTP_400_BAD_REQUEST, {error.field or "non_field_errors": [error.message]}),
    SignUpClosed: lambda error: (status.HTTP_403_FORBIDDEN, {"detail": str(error)}),
    AlreadyActive: lambda _: (status.HTTP_400_BAD_REQUEST, {"error": "MFA method already active."}),
    NotActive: lambda _: (status.HTTP_400_BAD_REQUEST, {"error": "2FA is not enabled."}),
    WrongCode: lambda _: (status.HTTP_400_BAD_REQUEST, {"code": ["Code invalid or expired."]}),
    WeakPassword: lambda error: (status.HTTP_400_BAD_REQUEST, {error.field: error.messages}),
    UsersExist: lambda _: (
        status.HTTP_400_BAD_REQUEST,
        {"adminUserCreated": False, "message": "FAILED TO INIT ADMIN USER. USER(S) ALREADY EXIST IN SYSTEM."},
    ),
    # compat: a list that holds the text of a list.
    StateExists: lambda _: (
        status.HTTP_400_BAD_REQUEST,
        [
            "['Feature state already exists for this environment, feature, version, segment & identity combination']",
        ],
    ),
    UsesVersions: lambda _: (
        status.HTTP_400_BAD_REQUEST,
        {
            "detail": "This environment uses v2 feature versioning. "
            "Use the environment feature version endpoint instead."
        },
    ),
    NotVersioned: lambda _: (
        status.HTTP_400_BAD_REQUEST,
        {"environment": "Environment must use v2 feature versioning."},
    ),
    VersionConflict: lambda error: (status.HTTP_400_BAD_REQUEST, {"message": str(error)}),
    Unchangeable: lambda error: (status.HTTP_400_BAD_REQUEST, {"detail": str(error)}),
    AlreadyThere: lambda error: (status.HTTP_400_BAD_REQUEST, {"detail": str(error)}),
    UnfitUpdate: lambda error: (status.HTTP_400_BAD_REQUEST, {"detail": str(error)}),
    NoSuchOverride: lambda _: (status.HTTP_404_NOT_FOUND, {"detail": "Segment override not found."}),
    ChangeRequestsEnabled: lambda _: (
        status.HTTP_409_CONFLICT,
        {
            "detail": "Cannot update flags in an environment with change requests enabled.",
            "code": "change_requests_enabled",
        },
    ),
    SystemTag: lambda error: (status.HTTP_400_BAD_REQUEST, [str(error)]),
    UndeletableTag: lambda error: (status.HTTP_400_BAD_REQUEST, {"message": str(error)}),
    AlreadyIntegrated: lambda error: (status.HTTP_400_BAD_REQUEST, [str(error)]),
    NoMember: lambda error: (status.HTTP_400_BAD_REQUEST, {"detail": str(error)}),
    WrongAddress: lambda error: (status.HTTP_400_BAD_REQUEST, {"detail": str(error)}),
    InviteExpired: lambda error: (status.HTTP_400_BAD_REQUEST, {"detail": str(error)}),
    LinksDisabled: lambda error: (status.HTTP_400_BAD_REQUEST, {"detail": str(error)}),
    JoiningByLinkDisabled: lambda error: (status.HTTP_403_FORBIDDEN, {"detail": str(error)}),
    ManagedSegment: lambda _: (status.HTTP_403_FORBIDDEN, {"detail": PermissionDenied.default_detail}),
    UnknownIdentity: lambda _: (status.HTTP_404_NOT_FOUND, {"detail": "No Identity matches the given query."}),
    IdentityExists: lambda error: (status.HTTP_400_BAD_REQUEST, {"identifier": str(error)}),
    Unstorable: lambda error: (status.HTTP_400_BAD_REQUEST, {"non_field_errors": [str(error)]}),
    # Somebody else deleted it after the view had looked.
    **{model.DoesNotExist: _gone(name) for model, name in _CAN_GO_MEANWHILE.items()},
    Http404: lambda _: (status.HTTP_404_NOT_FOUND, {"detail": NOT_FOUND}),
    RequestDataTooBig: lambda _: (status.HTTP_413_REQUEST_ENTITY_TOO_LARGE, {"detail": TOO_LARGE}),
    Unavailable: lambda _: (status.HTTP_503_SERVICE_UNAVAILABLE, {"detail": "The database cannot be reached."}),
}


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. None: no failure that we know, so a 500."""
    if isinstance(error, APIException):
        return _of_framework(error, context)
    entry = next((entry for kind, entry in ANSWERS.items() if isinstance(error, kind)), None)
    if entry is None:
        return None
    code, body = entry(error)
    return Response(explained(body), status=code)


def explained(body: Any) -> Any:
    """The body that goes out: every error passes here, so what all of them gain is added here."""
    return body


def without_view(code: int, detail: str) -> JsonResponse:
    """A failure that happens before or beside any view."""
    return JsonResponse(explained({"detail": detail}), status=code)


def _of_framework(error: APIException, context: dict[str, Any]) -> Response:
    if isinstance(error, NotAuthenticated) and "HTTP_X_ENVIRONMENT_KEY" in context["request"].META:
        error = PermissionDenied(NotAuthenticated.default_detail)
    if isinstance(error, MethodNotAllowed) and getattr(context["view"], "refuses_other_methods", False):
        # compat: a few paths refuse a wrong method instead of naming the right ones.
        error = PermissionDenied()
    body = error.detail if isinstance(error.detail, list | dict) else {"detail": error.detail}
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return Response(explained(body), status=error.status_code, headers=headers)
