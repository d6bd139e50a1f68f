from django.db import models

from .users import User


class SecondFactor(models.Model):
    """A person's authenticator app. Until a first code has confirmed it, logging in does not ask for one."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="second_factor")
    secret = models.CharField(max_length=64)
    is_active = models.BooleanField(default=False)
    backup_codes = models.JSONField(default=list)
    """Hashes of those that are left."""
    last_step = models.BigIntegerField(default=0)
    """The time step of the last code that logged in; an older one or the same is not taken again."""
