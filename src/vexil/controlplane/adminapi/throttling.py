"""How often somebody may ask: each request counts once, in the bucket of its scope and of who sent it.

A view names scopes of its own in `throttle_scopes`, by method; they replace the general one.
"""

from typing import Any, NamedTuple

from django.conf import settings
from rest_framework.exceptions import APIException, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.db import throttles
from vexil.controlplane.permissions import Actor
from vexil.rates import Rate

LOGIN, MFA_CODE, SIGNUP, INVITE, INFLUX_QUERY = "login", "mfa_code", "signup", "invite", "influx_query"
DCR = "dcr"
"""Dynamic client registration: applications that register themselves."""
OIDC_EXCHANGE = "oidc_token_exchange"
_BY_ADDRESS = {LOGIN, MFA_CODE, SIGNUP, DCR, OIDC_EXCHANGE}


class Bucket(NamedTuple):
    """What a request counts against."""

    name: str
    rate: Rate | None
    variable: str


class TooMany(Throttled):
    """A refusal that says which rate was exceeded, and which variable sets it."""

    def __init__(self, wait: int, bucket: Bucket) -> None:
        super().__init__(wait)
        self.rate, self.variable = bucket.rate, bucket.variable


class Counted(APIView):
    """Every view of the Admin API, by way of `paths.path`. Counts as soon as it is known who asks."""

    _limits: dict[str, str] = {}
    """Headers that tell how many requests are left."""

    def perform_authentication(self, request: Request) -> None:
        scope = getattr(self, "throttle_scopes", {}).get(request.method)
        try:
            super().perform_authentication(request)
        except APIException:
            # Before the 401, so that nobody can try credentials without end.
            self._admit(_bucket(request, Actor(), scope))
            raise
        self._admit(_bucket(request, actor_of(request), scope))

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, text in self._limits.items():
            response.headers[name] = text
        return response

    def _admit(self, bucket: Bucket) -> None:
        admission = throttles.admit(bucket.name, bucket.rate)
        if admission is None or bucket.rate is None:
            return
        self._limits = {"X-RateLimit-Limit": str(bucket.rate.limit), "X-RateLimit-Remaining": str(admission.left)}
        if admission.wait_seconds:
            raise TooMany(admission.wait_seconds, bucket)


def counted(view: type[APIView]) -> type[APIView]:
    """The view with its requests counted."""
    named: dict[str, Any] = {"__module__": view.__module__, "__doc__": view.__doc__}
    return type(view.__name__, (Counted, view), named)


def _bucket(request: Request, by: Actor, scope: str | None) -> Bucket:
    ours = settings.VEXIL
    address = f"address:{throttles.client_address(request.META)}"
    sender = f"user:{by.user.pk}" if by.user else address
    if scope:
        counted_by = address if scope in _BY_ADDRESS else sender
        return Bucket(f"{scope}:{counted_by}", _rate(scope), f"{scope.upper()}_THROTTLE_RATE")
    if by.master_api_key:
        name = f"master_api_key:{by.master_api_key.prefix}"
        return Bucket(name, ours.master_api_key_throttle_rate, "MASTER_API_KEY_THROTTLE_RATE")
    return Bucket(f"user:{sender}", ours.user_throttle_rate, "USER_THROTTLE_RATE")


def _rate(scope: str) -> Rate | None:
    rate: Rate | None = getattr(settings.VEXIL, f"{scope}_throttle_rate")
    return rate
