"""Dynatrace: changes of flags as deployments of the entities that are selected.

Settings: `base_url`, `api_key`, `entity_selector`.
"""
