"""What assistants may do: the operations that the MCP server offers, and that the scope `mcp` opens.

Views are named `module.Class`; a test holds that each of them exists.
"""

MCP: dict[tuple[str, str], str] = {
    ("GET", "organisations.Organisations"): "list_organizations",
    ("GET", "organisations.ProjectsOfOrganisation"): "list_projects_in_organization",
    ("GET", "projects.OneProject"): "get_project",
    ("PATCH", "projects.OneProject"): "update_project",
    ("GET", "environments.EnvironmentsOfProject"): "list_project_environments",
    ("GET", "environments.Environments"): "list_environments",
    ("GET", "features.Features"): "list_project_features",
    ("POST", "features.Features"): "create_feature",
    ("GET", "features.OneFeature"): "get_feature_flag",
    ("PATCH", "features.OneFeature"): "update_feature",
    ("GET", "code_references.ReferencesToFeature"): "get_feature_code_references",
    ("GET", "feature_health.HealthEvents"): "get_feature_health_events",
    ("GET", "lifecycle.LifecycleCounts"): "get_feature_lifecycle_counts",
    ("GET", "multivariate.Options"): "list_feature_multivariate_options",
    ("POST", "multivariate.Options"): "create_feature_multivariate_option",
    ("PATCH", "multivariate.OneOption"): "update_feature_multivariate_option",
    ("DELETE", "multivariate.OneOption"): "delete_feature_multivariate_option",
    ("PATCH", "feature_states_nested.OneEnvironmentState"): "update_environment_feature_state",
    ("PATCH", "feature_states.OneFeatureState"): "update_feature_state",
    ("GET", "feature_segments.FeatureSegments"): "list_feature_segments",
    ("DELETE", "feature_segments.OneFeatureSegment"): "delete_feature_segment",
    ("POST", "feature_segments.CreateOverride"): "create_segment_override",
    ("GET", "versions.Versions"): "get_environment_feature_versions",
    ("POST", "versions.Versions"): "create_environment_feature_version",
    ("POST", "versions.Publish"): "publish_environment_feature_version",
    ("GET", "version_states.StatesOfVersion"): "get_environment_feature_version_states",
    ("POST", "version_states.StatesOfVersion"): "create_environment_feature_version_state",
    ("PATCH", "version_states.OneStateOfVersion"): "update_environment_feature_version_state",
    ("GET", "segments.Segments"): "list_project_segments",
    ("POST", "segments.Segments"): "create_project_segment",
    ("GET", "segments.OneSegment"): "get_project_segment",
    ("PATCH", "segments.OneSegment"): "update_project_segment",
    ("GET", "usage.EvaluationData"): "get_feature_evaluation_data",
    ("GET", "external_resources.ExternalResources"): "get_feature_external_resources",
    ("GET", "groups.Groups"): "list_organization_groups",
    ("GET", "invites.Invites"): "list_organization_invites",
    ("POST", "invites.Invites"): "create_organization_invite",
}
"""Operations that the MCP server offers as tools, under these names."""


def view_name(view: object) -> str:
    return f"{type(view).__module__.rpartition('.')[2]}.{type(view).__name__}"


def is_open_to_assistants(method: str, view: object) -> bool:
    """Whether it is a tool, or asks who one is."""
    operation = "GET" if method == "HEAD" else method, view_name(view)
    return operation in MCP or operation == ("GET", "users.OwnAccount")
