from typing import Any

from django.db import models

from .users import User


class OAuthApplication(models.Model):
    """A program that asks people to let it act as them. It runs at theirs, so it has no secret that it could keep."""

    client_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=255)
    redirect_uris: "models.JSONField[list[str], list[str]]" = models.JSONField(default=list)
    is_verified = models.BooleanField(default=False)
    """Came with Vexil; all others have registered themselves, under a name that they chose."""
    created_at = models.DateTimeField(auto_now_add=True)
    allowed_at = models.DateTimeField(null=True, blank=True)
    """When somebody let it in last."""


class OAuthSession(models.Model):
    """What somebody has let an application do, from the consent until it is revoked or not used for too long."""

    application = models.ForeignKey(OAuthApplication, on_delete=models.CASCADE, related_name="sessions")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="oauth_sessions")
    scopes: "models.JSONField[list[str], list[str]]" = models.JSONField()
    created_at = models.DateTimeField()
    renewed_at = models.DateTimeField()
    """When it last got tokens."""
    expires_at = models.DateTimeField(db_index=True)
    """When its last refresh token ends."""
    revoked_at = models.DateTimeField(null=True, blank=True)


class OAuthCode(models.Model):
    """What a browser carries from the consent to the application. Only its hash is kept, like that of all below."""

    digest = models.CharField(max_length=64, unique=True)
    application = models.ForeignKey(OAuthApplication, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    scopes: "models.JSONField[list[str], list[str]]" = models.JSONField()
    redirect_uri = models.CharField(max_length=2000)
    challenge = models.CharField(max_length=128)
    expires_at = models.DateTimeField(db_index=True)
    session = models.ForeignKey(OAuthSession, on_delete=models.CASCADE, null=True, related_name="+")
    """What it was exchanged for."""


class OAuthTokenKind(models.TextChoices):
    ACCESS = "ACCESS"
    REFRESH = "REFRESH"


class OAuthToken(models.Model):
    digest = models.CharField(max_length=64, unique=True)
    session = models.ForeignKey(OAuthSession, on_delete=models.CASCADE, related_name="tokens")
    kind = models.CharField(max_length=7, choices=OAuthTokenKind.choices)
    expires_at = models.DateTimeField(db_index=True)
    replaced_at: "models.DateTimeField[Any, Any]" = models.DateTimeField(null=True, blank=True)
    """When a refresh token was used first."""
