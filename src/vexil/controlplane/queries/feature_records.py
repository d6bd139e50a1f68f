"""What the audit log tells of one feature in one environment."""

from django.db.models import Q, QuerySet

from vexil.controlplane.db.models import AuditRecord, Environment, Feature, FeatureState


def of(feature: Feature, environment: Environment) -> QuerySet[AuditRecord]:
    """Newest first: records of its states there, deleted ones among them, and of the feature itself."""
    states = FeatureState.objects.filter(feature=feature, environment=environment).values("pk")
    of_feature = Q(related_object_type="FEATURE", related_object_id=feature.pk)
    of_states = Q(related_object_type="FEATURE_STATE", related_object_id__in=states)
    here = Q(environment_id=environment.pk) | Q(environment_id=None)
    return AuditRecord.objects.filter(of_feature | of_states, here, project_id=feature.project_id).order_by("-pk")
