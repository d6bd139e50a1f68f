import uuid

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from vexil.wire.snapshot import FlagValue

from .deletion import SoftDeletable, live_unique
from .groups import Group
from .projects import Project
from .tags import Tag
from .users import User


class FeatureType(models.TextChoices):
    STANDARD = "STANDARD"
    MULTIVARIATE = "MULTIVARIATE"


class ValueType(models.TextChoices):
    INTEGER = "int"
    STRING = "unicode"
    BOOLEAN = "bool"


class TypedValue(models.Model):
    """A value in one of three types. Columns of the other types keep what they held; `type` says which counts."""

    type = models.CharField(max_length=10, choices=ValueType.choices, default=ValueType.STRING)
    integer_value = models.IntegerField(null=True, blank=True)
    string_value = models.TextField(null=True, blank=True)  # noqa: DJ001 -- null is on the wire
    boolean_value = models.BooleanField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def value(self) -> FlagValue:
        return typed_value(self.type, integer=self.integer_value, string=self.string_value, boolean=self.boolean_value)


def typed_value(type_name: str, *, integer: int | None, string: str | None, boolean: bool | None) -> FlagValue:
    """The one of a row's three columns that counts."""
    if type_name == ValueType.INTEGER:
        return integer
    return boolean if type_name == ValueType.BOOLEAN else string


class Feature(SoftDeletable):
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="features")
    name = models.CharField(max_length=2000)
    type = models.CharField(max_length=20, choices=FeatureType.choices, default=FeatureType.STANDARD)
    default_enabled = models.BooleanField(default=False)
    initial_value = models.TextField(null=True, blank=True)  # noqa: DJ001 -- null is on the wire
    description = models.TextField(null=True, blank=True)  # noqa: DJ001 -- null is on the wire
    created_date = models.DateTimeField(default=timezone.now)
    is_archived = models.BooleanField(default=False)
    is_server_key_only = models.BooleanField(default=False)
    owners: "models.ManyToManyField[User, models.Model]" = models.ManyToManyField(
        User, related_name="owned_features", blank=True
    )
    group_owners: "models.ManyToManyField[Group, models.Model]" = models.ManyToManyField(
        Group, related_name="owned_features", blank=True
    )
    tags: "models.ManyToManyField[Tag, models.Model]" = models.ManyToManyField(Tag, related_name="features", blank=True)

    class Meta:
        constraints = [live_unique(Lower("name"), "project", name="feature_name_once_per_project")]


class MultivariateOption(TypedValue):
    """A value that a feature can take; each environment says which share of identities gets it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="multivariate_options")
    default_percentage_allocation = models.FloatField(default=100)
    key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 -- null is on the wire

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feature", "key"], name="option_key_once_per_feature")]
