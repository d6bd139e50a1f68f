"""Datadog: changes of flags as events.

Settings: `base_url`, `api_key`, `use_custom_source` (name the source, so that events can be filtered by it).
"""
