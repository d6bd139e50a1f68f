import uuid

from django.db import models

from .deletion import SoftDeletable
from .features import Feature
from .projects import Project


class Segment(SoftDeletable):
    """A set of identities, described by a tree of rules.

    `rules` is `[{id, type, conditions: [{id, operator, property, value, description}], rules: [...]}]`:
    a write replaces the tree as a whole, and evaluation reads it as a whole, so it is one column.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="segments")
    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, null=True, blank=True, related_name="own_segments")
    name = models.CharField(max_length=2000)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001 -- null is on the wire
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    managed_by = models.CharField(max_length=20, default="", blank=True)
    rules = models.JSONField(default=list)
    hashing_id = models.BigIntegerField(null=True, blank=True)
    """What percentage splits start from, where it is not the own id: the segment's id in another installation."""
    last_rule_id = models.BigIntegerField(default=0)
    """Rules and conditions of this segment are numbered from here on; numbers are not used twice."""

    @property
    def split_id(self) -> int:
        """The id by which the data plane and SDKs know the segment; splits hash it."""
        return self.pk if self.hashing_id is None else self.hashing_id
