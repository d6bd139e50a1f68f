import uuid

from django.db import models

from .deletion import SoftDeletable, live_unique
from .organisations import Organisation


class Project(SoftDeletable):
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="projects")
    name = models.CharField(max_length=2000)
    created_date = models.DateTimeField(auto_now_add=True)
    hide_disabled_flags = models.BooleanField(default=False)
    prevent_flag_defaults = models.BooleanField(default=False)
    enable_realtime_updates = models.BooleanField(default=False)
    only_allow_lower_case_feature_names = models.BooleanField(default=True)
    feature_name_regex = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 -- null is on the wire
    stale_flags_limit_days = models.IntegerField(default=30)
    minimum_change_request_approvals = models.IntegerField(null=True, blank=True)
    enforce_feature_owners = models.BooleanField(default=False)
    max_features_allowed = models.IntegerField(default=1000)
    max_segments_allowed = models.IntegerField(default=500)
    max_segment_overrides_allowed = models.IntegerField(default=2000)

    class Meta:
        constraints = [live_unique("organisation", "name", name="project_name_once_per_organisation")]
