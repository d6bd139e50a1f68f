"""New Relic: changes of flags as deployments of an application.

Settings: `base_url`, `api_key`, `app_id`.
"""
