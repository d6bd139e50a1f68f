"""The rows of the control plane, one file per concept.

Everything that a person can delete by name is deleted softly (`deleted_at`), so that audit and statistics
keep their references; managers named `live` leave deleted rows out. Identities and traits are in `stores`.
"""

from .audit import AuditRecord, ChangeType
from .billing import OverageCharge, RecurringJob, UsageBlock, UsageNotice
from .code_references import CodeReference, CodeRepository, CodeSighting
from .environments import DeletedServerKey, Environment, ServerKey
from .events import Event
from .external_resources import ExternalResource, GithubRepository, ResourceType
from .feature_files import FeatureExport, FeatureImport
from .feature_health import HealthEvent, HealthProvider, HealthProviderName, HealthStatus
from .feature_states import Allocation, FeatureSegment, FeatureState
from .features import Feature, MultivariateOption
from .grants import EnvironmentGrant, OrganisationGrant, ProjectGrant
from .groups import Group, GroupMembership
from .integrations import Integration
from .invites import Invite, InviteLink
from .launch_darkly_imports import LaunchDarklyImport
from .master_api_keys import MasterAPIKey
from .metadata import Metadata, MetadataField, MetadataModelField, MetadataRequirement
from .oauth import OAuthApplication, OAuthCode, OAuthSession, OAuthToken, OAuthTokenKind
from .organisation_imports import OrganisationImport
from .organisations import Membership, Organisation, Role, Subscription
from .projects import Project
from .second_factors import SecondFactor
from .segments import Segment
from .tags import Tag
from .trust_relationships import TrustRelationship
from .users import User
from .versions import FeatureVersion
from .webhooks import DeliveryStatus, Webhook, WebhookDelivery

__all__ = [
    "Allocation",
    "AuditRecord",
    "ChangeType",
    "CodeReference",
    "CodeRepository",
    "CodeSighting",
    "DeletedServerKey",
    "DeliveryStatus",
    "Environment",
    "EnvironmentGrant",
    "Event",
    "ExternalResource",
    "Feature",
    "FeatureExport",
    "FeatureImport",
    "FeatureSegment",
    "FeatureState",
    "FeatureVersion",
    "GithubRepository",
    "Group",
    "GroupMembership",
    "HealthEvent",
    "HealthProvider",
    "HealthProviderName",
    "HealthStatus",
    "Integration",
    "Invite",
    "InviteLink",
    "LaunchDarklyImport",
    "MasterAPIKey",
    "Membership",
    "Metadata",
    "MetadataField",
    "MetadataModelField",
    "MetadataRequirement",
    "MultivariateOption",
    "OAuthApplication",
    "OAuthCode",
    "OAuthSession",
    "OAuthToken",
    "OAuthTokenKind",
    "Organisation",
    "OrganisationGrant",
    "OrganisationImport",
    "OverageCharge",
    "Project",
    "ProjectGrant",
    "RecurringJob",
    "ResourceType",
    "Role",
    "SecondFactor",
    "Segment",
    "ServerKey",
    "Subscription",
    "Tag",
    "TrustRelationship",
    "UsageBlock",
    "UsageNotice",
    "User",
    "Webhook",
    "WebhookDelivery",
]
