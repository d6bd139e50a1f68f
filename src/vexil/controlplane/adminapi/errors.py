"""From exception to answer: the only place where the Admin API decides on a failure's status and body."""

import json
from collections.abc import Callable
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, InterfaceError, OperationalError, ProgrammingError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from rest_framework import status
from rest_framework.exceptions import (
    APIException,
    MethodNotAllowed,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    ValidationError,
)
from rest_framework.request import Request
from rest_framework.response import Response

from vexil.controlplane.actions.cleanup_issues import NoReferences
from vexil.controlplane.actions.external_resources import AlreadyLinked, NoGithub, UnfitUrl
from vexil.controlplane.actions.feature_states import StateExists, UsesVersions
from vexil.controlplane.actions.feature_updates import ChangeRequestsEnabled, NoSuchOverride, UnfitUpdate
from vexil.controlplane.actions.first_run import UsersExist
from vexil.controlplane.actions.groups import NoMember
from vexil.controlplane.actions.identities import IdentityExists, UnknownIdentity
from vexil.controlplane.actions.integrations import AlreadyIntegrated
from vexil.controlplane.actions.invites import InviteExpired, JoiningByLinkDisabled, LinksDisabled, WrongAddress
from vexil.controlplane.actions.launch_darkly_imports import StillImporting
from vexil.controlplane.actions.plan_limits import NoProjectLeft, NoSeatLeft
from vexil.controlplane.actions.refusals import LimitReached, Refused
from vexil.controlplane.actions.second_factors import AlreadyActive, NotActive, WrongCode
from vexil.controlplane.actions.segments import ManagedSegment
from vexil.controlplane.actions.tags import SystemTag, UndeletableTag
from vexil.controlplane.actions.users import SignUpClosed, WeakPassword
from vexil.controlplane.actions.version_states import Unchangeable, VersionConflict
from vexil.controlplane.actions.versioning import AlreadyThere
from vexil.controlplane.actions.versions import NotVersioned
from vexil.controlplane.adminapi import explanations
from vexil.controlplane.db.models import FeatureSegment, FeatureState, FeatureVersion
from vexil.controlplane.integrations.github.app import NotConfigured
from vexil.controlplane.integrations.outgoing import Unreachable
from vexil.controlplane.queries import readiness
from vexil.controlplane.queries.billing import NoBillingPeriod
from vexil.stores.identities import Unstorable
from vexil.stores.unavailable import Unavailable
from vexil.wire import json_text
from vexil.wire.errors import (
    CODE_HEADER,
    PROBLEM_JSON,
    Explanation,
    explain,
    explain_status,
    problem,
    wants_problem,
    with_explanation,
)

NOT_FOUND = "Not found."
TOO_LARGE = "Request body is too large."
_UNREACHABLE = "The database cannot be reached."

log = structlog.get_logger(__name__)


def no_match(model: str) -> NotFound:
    """404 for an object that is not there, or that the caller may not know of."""
    return NotFound(f"No {model} matches the given query.")


def invalid(message: str, field: str = "non_field_errors") -> ValidationError:
    return ValidationError({field: [message]})


class LoginFailed(ValidationError):
    """No word of which half was wrong."""

    def __init__(self) -> None:
        super().__init__({"non_field_errors": ["Unable to log in with provided credentials."]})
        self.explanation = explain("login_failed")


Answer = tuple[int, Any]

_CAN_GO_MEANWHILE = {
    FeatureSegment: "FeatureSegment",
    FeatureState: "FeatureState",
    FeatureVersion: "EnvironmentFeatureVersion",
}


def _gone(model: str) -> Callable[[Any], Answer]:
    return lambda _: (status.HTTP_404_NOT_FOUND, {"detail": no_match(model).detail})


ANSWERS: dict[type[Exception], Callable[[Any], Answer]] = {
    StillImporting: lambda error: (status.HTTP_400_BAD_REQUEST, [error.message]),
    # compat: limits of a project or an environment are told without a list around the sentence.
    LimitReached: lambda error: (
        status.HTTP_400_BAD_REQUEST,
        {error.field: [error.message] if error.field == "segment" else error.message},
    ),
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
    AlreadyLinked: lambda _: (
        status.HTTP_400_BAD_REQUEST,
        ["Duplication error. The GitHub repository already linked"],
    ),
    **{
        refusal: lambda error: (status.HTTP_400_BAD_REQUEST, {"detail": str(error)})
        for refusal in (NoGithub, NoReferences, UnfitUrl, NotConfigured)
    },
    Unreachable: lambda error: (status.HTTP_502_BAD_GATEWAY, {"detail": f"The other service did not do it. {error}"}),
    NoMember: lambda error: (status.HTTP_400_BAD_REQUEST, {"detail": str(error)}),
    WrongAddress: lambda error: (status.HTTP_400_BAD_REQUEST, {"detail": str(error)}),
    InviteExpired: lambda error: (status.HTTP_400_BAD_REQUEST, {"detail": str(error)}),
    LinksDisabled: lambda error: (status.HTTP_400_BAD_REQUEST, {"detail": str(error)}),
    JoiningByLinkDisabled: lambda error: (status.HTTP_403_FORBIDDEN, {"detail": str(error)}),
    NoBillingPeriod: lambda _: (
        status.HTTP_404_NOT_FOUND,
        {"detail": "No billing periods found for this organisation."},
    ),
    NoSeatLeft: lambda error: (status.HTTP_400_BAD_REQUEST, {"detail": str(error)}),
    NoProjectLeft: lambda error: (status.HTTP_403_FORBIDDEN, {"detail": str(error)}),
    ManagedSegment: lambda _: (status.HTTP_403_FORBIDDEN, {"detail": PermissionDenied.default_detail}),
    UnknownIdentity: lambda _: (status.HTTP_404_NOT_FOUND, {"detail": "No Identity matches the given query."}),
    IdentityExists: lambda error: (status.HTTP_400_BAD_REQUEST, {"identifier": str(error)}),
    Unstorable: lambda error: (status.HTTP_400_BAD_REQUEST, {"non_field_errors": [str(error)]}),
    # Somebody else deleted it after the view had looked.
    **{model.DoesNotExist: _gone(name) for model, name in _CAN_GO_MEANWHILE.items()},
    Http404: lambda _: (status.HTTP_404_NOT_FOUND, {"detail": NOT_FOUND}),
    RequestDataTooBig: lambda _: (status.HTTP_413_REQUEST_ENTITY_TOO_LARGE, {"detail": TOO_LARGE}),
    Unavailable: lambda _: (status.HTTP_503_SERVICE_UNAVAILABLE, {"detail": _UNREACHABLE}),
}


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. None: no failure that we know, so a 500."""
    if isinstance(error, APIException):
        return _of_framework(error, context)
    request = context["request"]
    if isinstance(error, OperationalError | InterfaceError | ProgrammingError):
        return _database_failed(error, request)
    entry = next((entry for kind, entry in ANSWERS.items() if isinstance(error, kind)), None)
    if entry is None:
        return None
    code, body = entry(error)
    return explained(request, code, body, explanations.of_refusal(error, code, body, request))


def explained(request: Request, code: int, body: Any, explanation: Explanation, **headers: str) -> Response:
    """An error's answer with its code and hint; as RFC 9457 has it for clients that accept that."""
    is_problem = wants_problem(request.headers.get("Accept"))
    if request.method == "OPTIONS":
        found = body  # compat: who asks what a path takes compares the keys of the answer.
    else:
        found = problem(code, body, explanation) if is_problem else with_explanation(body, explanation)
    return Response(
        found,
        status=code,
        headers=dict(explanation.headers) | {name.replace("_", "-"): text for name, text in headers.items()},
        content_type=PROBLEM_JSON if is_problem else None,
    )


def without_view(request: HttpRequest, code: int, detail: str, explanation: Explanation) -> JsonResponse:
    """A failure that happens before or beside any view."""
    body, is_problem = {"detail": detail}, wants_problem(request.headers.get("Accept"))
    return JsonResponse(
        problem(code, body, explanation) if is_problem else with_explanation(body, explanation),
        status=code,
        headers=dict(explanation.headers),
        content_type=PROBLEM_JSON if is_problem else "application/json",
    )


def explain_unexplained(request: HttpRequest, response: HttpResponseBase) -> None:
    """What a view answered by itself gains the code of its status; a body that is no JSON object keeps its form."""
    explanation = explain_status(response.status_code, request.method or "")
    response.headers[CODE_HEADER] = explanation.code
    if isinstance(response, HttpResponse) and response.headers.get("Content-Type") == "application/json":
        body = with_explanation(json.loads(response.content or "null"), explanation)
        if isinstance(body, dict):
            response.content = json_text.dumps(body)


def _database_failed(error: Exception, request: Request) -> Response | None:
    """503 when it is away or its tables are of another version; anything else is a fault of ours, so a 500."""
    try:
        readiness.check_database()
        readiness.check_migrations()
    except readiness.MigrationsPending:
        code = "migrations_pending"
    except DatabaseError:
        code = "database_unavailable"
    else:
        return None
    log.warning("request.refused", code=code, error=type(error).__name__)
    return explained(request, 503, {"detail": _UNREACHABLE}, explain(code), Retry_After="1")


def _of_framework(error: APIException, context: dict[str, Any]) -> Response:
    explanation = explanations.of_framework(error, context["request"])
    if isinstance(error, NotAuthenticated) and "HTTP_X_ENVIRONMENT_KEY" in context["request"].META:
        error = PermissionDenied(NotAuthenticated.default_detail)
    if isinstance(error, MethodNotAllowed) and getattr(context["view"], "refuses_other_methods", False):
        # compat: a few paths refuse a wrong method instead of naming the right ones.
        error = PermissionDenied()
    body = error.detail if isinstance(error.detail, list | dict) else {"detail": error.detail}
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW_Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry_After"] = str(int(wait))
    return explained(context["request"], error.status_code, body, explanation, **headers)
