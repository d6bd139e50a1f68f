"""What browsers are told of this installation before anybody has logged in, and what robots are."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from vexil.config import Config


@require_safe
def project_overrides(_request: HttpRequest) -> HttpResponse:
    """A script that dashboards load first."""
    script = f"window.projectOverrides = {json.dumps(_overrides(settings.VEXIL))}"
    return HttpResponse(script, content_type="application/javascript")


@require_safe
def robots(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")


def _overrides(ours: Config) -> dict[str, Any]:
    """compat: the names are those that dashboards read; what we do not have is off."""
    return {
        "api": ours.api_url,
        "assetURL": "/",
        "cookieAuthEnabled": ours.cookie_auth_enabled,
        "cookieSameSite": ours.cookie_same_site,
        "disableAnalytics": False,
        "flagsmithAnalytics": False,
        "flagsmithRealtime": False,
        "hideInviteLinks": ours.disable_invite_links,
        "linkedinPartnerTracking": False,
        "maintenance": False,
        "preventEmailPassword": ours.prevent_email_password,
        "preventSignup": ours.prevent_signup,
        "useSecureCookies": ours.use_secure_cookies,
    }
