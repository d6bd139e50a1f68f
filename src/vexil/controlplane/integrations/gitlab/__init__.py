"""GitLab: comments and labels on the issues and merge requests that features are linked to.

Settings of a project: `gitlab_instance_url`, `access_token`, `labeling_enabled`.
"""
