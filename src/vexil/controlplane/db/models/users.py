import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Without a password the user can only log in after choosing one."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, is_superuser=True, is_staff=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class AuthType(models.TextChoices):
    """With a password, or, once one of them has vouched for the address, by an identity provider."""

    EMAIL = "EMAIL"
    GOOGLE = "GOOGLE"
    GITHUB = "GITHUB"


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by an e-mail address in lower case."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    first_name = models.CharField(max_length=150)
    last_name = models.CharField(max_length=150)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now)
    sign_up_type = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001 -- null is on the wire
    auth_type = models.CharField(max_length=10, choices=AuthType.choices, default=AuthType.EMAIL)
    marketing_consent_given = models.BooleanField(default=True)
    onboarding = models.JSONField(null=True, blank=True)

    objects: UserManager = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["first_name", "last_name"]

    @property
    def shown_name(self) -> str:
        """How pages name the person."""
        return f"{self.first_name} {self.last_name}".strip() or self.email
