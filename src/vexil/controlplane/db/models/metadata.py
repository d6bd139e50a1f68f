from django.db import models

from .environments import Environment
from .features import Feature
from .organisations import Organisation
from .projects import Project
from .segments import Segment


class FieldType(models.TextChoices):
    INTEGER = "int"
    STRING = "str"
    BOOLEAN = "bool"
    URL = "url"
    MULTILINE = "multiline_str"


class ContentType(models.IntegerChoices):
    """What can carry custom fields, or have its contents require them."""

    ORGANISATION = 1
    PROJECT = 2
    ENVIRONMENT = 3
    FEATURE = 4
    SEGMENT = 5


class MetadataField(models.Model):
    """A custom field of an organisation, or of one of its projects."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="metadata_fields")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=255)
    type = models.CharField(max_length=13, choices=FieldType.choices, default=FieldType.STRING)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001 -- null is on the wire

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], condition=models.Q(project=None), name="metadata_field_once"
            ),
            models.UniqueConstraint(fields=["organisation", "project", "name"], name="metadata_field_once_per_project"),
        ]


class MetadataModelField(models.Model):
    """That a custom field can be set on features, say."""

    field = models.ForeignKey(MetadataField, on_delete=models.CASCADE, related_name="model_fields")
    content_type = models.IntegerField(choices=ContentType.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["field", "content_type"], name="metadata_field_once_per_type")]


class MetadataRequirement(models.Model):
    """That everything of this kind in an organisation or project must have the field."""

    model_field = models.ForeignKey(MetadataModelField, on_delete=models.CASCADE, related_name="is_required_for")
    content_type = models.IntegerField(choices=ContentType.choices)
    object_id = models.BigIntegerField()


class Metadata(models.Model):
    """The value of a custom field on one feature, segment or environment."""

    model_field = models.ForeignKey(MetadataModelField, on_delete=models.CASCADE, related_name="values")
    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, null=True, related_name="metadata")
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, null=True, related_name="metadata")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, null=True, related_name="metadata")
    field_value = models.CharField(max_length=2000)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["feature", "model_field"], name="metadata_once_per_feature"),
            models.UniqueConstraint(fields=["segment", "model_field"], name="metadata_once_per_segment"),
            models.UniqueConstraint(fields=["environment", "model_field"], name="metadata_once_per_environment"),
        ]
