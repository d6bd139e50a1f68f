"""Grafana: changes of flags as annotations, for graphs of anything.

Settings: `base_url`, `api_key` (a service account's token).
"""
