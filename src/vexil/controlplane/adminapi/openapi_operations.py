"""What the routes alone do not tell of operations: names that clients rely on, bodies, answers.

Views are named `module.Class`; a test holds that each of them exists.
"""

from typing import Any

from vexil.controlplane.adminapi import (
    account_links,
    code_references,
    environment_operations,
    environments,
    external_resources,
    feature_files,
    feature_health,
    feature_serializers,
    feature_state_serializers,
    github,
    groups,
    invite_links,
    launch_darkly_imports,
    master_api_keys,
    oauth_consent,
    organisation_serializers,
    passwords,
    projects,
    provider_sign_in,
    second_factors,
    segment_serializers,
    server_keys,
    sessions,
    tags,
    trust_relationships,
    users,
    version_serializers,
    versions,
)

ASKING_OTHERS = {"provider_sign_in.GoogleSignIn", "provider_sign_in.GithubSignIn"}
"""Views whose answer hangs on a server of somebody else: 502 when that fails."""

PAGED = {
    "organisations.Organisations",
    "environments.Environments",
    "features.Features",
    "segments.Segments",
    "multivariate.Options",
    "identities.Identities",
    "master_api_keys.MasterAPIKeys",
    "trust_relationships.TrustRelationships",
    "feature_states.FeatureStates",
    "feature_states_nested.EnvironmentStates",
    "groups.Groups",
    "invites.Invites",
    "tags.Tags",
    "versions.Versions",
    "feature_files.Exports",
    "feature_files.Imports",
    "audit.AuditLogOfAll",
    "audit.AuditLogOfProject",
    "audit.AuditLogOfOrganisation",
    "integrations.Deliveries",
    "github.Repositories",
}
"""Views whose list comes in pages."""


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


_TEXT, _WHOLE, _BOOLEAN, _NUMBER = ({"type": kind} for kind in ("string", "integer", "boolean", "number"))
_IDS = {"type": "array", "items": _WHOLE}
_VALUE = {
    "type": ["string", "null"],
    "description": "The part of the value that `type` names: `unicode`, `int` or `bool`.",
}
_TYPED_VALUE = {"type": _TEXT, "string_value": _VALUE, "integer_value": _WHOLE, "boolean_value": _BOOLEAN}
_OPTION = _object("type", **_TYPED_VALUE, key=_TEXT, default_percentage_allocation=_NUMBER)
_INVITE = _object("email", email=_TEXT, role=_TEXT, permission_groups=_IDS)
_IDENTITY = _object("identifier", identifier=_TEXT)
_IDENTITY_STATE = _object("feature", feature=_WHOLE, enabled=_BOOLEAN, feature_state_value={})
_TRAIT = _object("trait_key", trait_key=_TEXT, value_type=_TEXT, string_value=_VALUE, integer_value=_WHOLE)

BODIES: dict[str, Any] = {
    "sessions.Login": sessions.Credentials,
    "provider_sign_in.GoogleSignIn": provider_sign_in.ProviderSignIn,
    "provider_sign_in.GithubSignIn": provider_sign_in.ProviderSignIn,
    "second_factors.LoginCode": second_factors.SecondStep,
    "second_factors.Confirm": second_factors.Code,
    "oauth_consent.Authorize": oauth_consent.Consent,
    "users.Users": users.SignUpSerializer,
    "users.OwnAccount": users.OwnAccountSerializer,
    "passwords.SetPassword": passwords.ChangedPassword,
    "passwords.SetEmail": passwords.ChangedEmail,
    "passwords.ResetPasswordRequest": passwords.Address,
    "passwords.ResetPasswordConfirm": passwords.ResetPassword,
    "account_links.Activation": account_links.Link,
    "account_links.ActivationAgain": account_links.Address,
    "account_links.NewAddressRequest": account_links.Address,
    "account_links.NewAddress": account_links.LinkToNewAddress,
    "organisations.Organisations": organisation_serializers.OrganisationSerializer,
    "organisations.OneOrganisation": organisation_serializers.OrganisationSerializer,
    "members.RoleOfMember": organisation_serializers.NewRole,
    "members.RemovedMembers": organisation_serializers.LeavingUser(many=True),
    "master_api_keys.MasterAPIKeys": master_api_keys.MasterAPIKeySerializer,
    "master_api_keys.OneMasterAPIKey": master_api_keys.MasterAPIKeySerializer,
    "trust_relationships.TrustRelationships": trust_relationships.TrustRelationshipSerializer,
    "trust_relationships.OneTrustRelationship": trust_relationships.TrustRelationshipSerializer,
    "trust_relationships.Exchange": trust_relationships.IssuedToken,
    "projects.Projects": projects.ProjectSerializer,
    "projects.OneProject": projects.ProjectSerializer,
    "environments.Environments": environments.EnvironmentSerializer,
    "environments.OneEnvironment": environments.EnvironmentSerializer,
    "server_keys.ServerKeys": server_keys.ServerKeySerializer,
    "server_keys.OneServerKey": server_keys.ServerKeySerializer,
    "features.Features": feature_serializers.FeatureSerializer,
    "features.OneFeature": feature_serializers.FeatureSerializer,
    "feature_owners.AddOwners": _object("user_ids", user_ids=_IDS),
    "feature_owners.RemoveOwners": _object("user_ids", user_ids=_IDS),
    "feature_owners.AddGroupOwners": _object("group_ids", group_ids=_IDS),
    "feature_owners.RemoveGroupOwners": _object("group_ids", group_ids=_IDS),
    "feature_files.CreateExport": feature_files.WantedExport,
    "feature_files.CreateImport": feature_files.WantedImport,
    "launch_darkly_imports.LaunchDarklyImports": launch_darkly_imports.WantedLaunchDarklyImport,
    "feature_health.Providers": feature_health.ProviderName,
    "groups.Groups": groups.GroupSerializer,
    "groups.OneGroup": groups.GroupSerializer,
    "groups.AddUsers": _object("user_ids", user_ids=_IDS),
    "groups.RemoveUsers": _object("user_ids", user_ids=_IDS),
    "invites.Invites": _INVITE,
    "invites.ManyInvites": _object(
        invites={"type": "array", "items": _INVITE}, emails={"type": "array", "items": _TEXT}
    ),
    "invite_links.InviteLinks": invite_links.InviteLinkSerializer,
    "tags.Tags": tags.TagSerializer,
    "tags.OneTag": tags.TagSerializer,
    "multivariate.Options": _OPTION,
    "multivariate.OneOption": _OPTION,
    "segments.Segments": segment_serializers.SegmentSerializer,
    "segments.OneSegment": segment_serializers.SegmentSerializer,
    "segments.CloneSegment": segment_serializers.NameSerializer,
    "feature_segments.FeatureSegments": _object(
        "feature", "segment", "environment", feature=_WHOLE, segment=_WHOLE, environment=_WHOLE
    ),
    "feature_segments.CreateOverride": _object(
        "feature_segment",
        enabled=_BOOLEAN,
        feature_state_value=_object(**_TYPED_VALUE),
        feature_segment=_object("segment", segment=_WHOLE, priority=_WHOLE),
    ),
    "feature_segments.Priorities": {"type": "array", "items": _object("id", "priority", id=_WHOLE, priority=_WHOLE)},
    "feature_states.FeatureStates": feature_state_serializers.FlatState,
    "feature_states.OneFeatureState": feature_state_serializers.FlatState,
    "feature_states_nested.EnvironmentStates": _IDENTITY_STATE,
    "feature_states_nested.OneEnvironmentState": _object(enabled=_BOOLEAN, feature_state_value={}),
    "versions.Versions": versions.NewVersionBody,
    "versions.Publish": versions.Publication,
    "version_states.StatesOfVersion": version_serializers.VersionedState,
    "version_states.OneStateOfVersion": version_serializers.VersionedState,
    "code_references.Scans": code_references.ScanSerializer,
    "environment_operations.Clone": environment_operations.CloneBody,
    "environment_operations.DeleteTraits": _object("key", key=_TEXT),
    "identities.Identities": _IDENTITY,
    "identities.OneIdentity": _IDENTITY,
    "identities_feature_states.IdentityStates": _IDENTITY_STATE,
    "identities_feature_states.OneIdentityState": _IDENTITY_STATE,
    "identities_feature_states.CloneStates": _object("source_identity_id", source_identity_id=_WHOLE),
    "identities_traits.Traits": _TRAIT,
    "identities_traits.OneTrait": _TRAIT,
    "external_resources.ExternalResources": external_resources.ExternalResourceSerializer,
    "external_resources.OneExternalResource": external_resources.ExternalResourceSerializer,
    "github.Repositories": github.RepositorySerializer,
    "github.CleanupIssue": github.WantedCleanupIssue,
    "github.OneRepository": github.RepositorySerializer,
}
"""What is sent with POST, PUT and PATCH: a serializer or a schema."""

BY_PATH = {"integrations.Integrations", "integrations.OneIntegration"}
"""Views whose body depends on the path: each names its form itself."""

ANSWERS: dict[str, Any] = {
    "organisations.Organisations": organisation_serializers.OrganisationSerializer,
    "organisations.OneOrganisation": organisation_serializers.OrganisationSerializer,
    "organisations.OrganisationByUuid": organisation_serializers.OrganisationSerializer,
    "organisations.ProjectsOfOrganisation": projects.ProjectSerializer(many=True),
    "projects.OneProject": projects.ProjectSerializer,
    "projects.ProjectByUuid": projects.ProjectSerializer,
    "environments.Environments": environments.ShownEnvironment,
    "environments.OneEnvironment": environments.ShownEnvironment,
    "environments.EnvironmentByUuid": environments.ShownEnvironment,
    "environments.EnvironmentsOfProject": environments.EnvironmentInProjectSerializer(many=True),
    "members.Members": organisation_serializers.MemberSerializer(many=True),
    "master_api_keys.MasterAPIKeys": master_api_keys.MasterAPIKeySerializer,
    "master_api_keys.OneMasterAPIKey": master_api_keys.MasterAPIKeySerializer,
    "users.OwnAccount": users.OwnAccountSerializer,
    "feature_health.HealthEvents": feature_health.HealthEventSerializer(many=True),
    "trust_relationships.TrustRelationships": trust_relationships.TrustRelationshipSerializer,
    "trust_relationships.OneTrustRelationship": trust_relationships.TrustRelationshipSerializer,
}
"""What comes back where a serializer describes it; one of the list where the view gives pages."""
