"""The Admin API: JSON in, JSON out, as contract/admin-api.md says.

Views find, permit, act or query, and render; serializers check shape only. One table maps exceptions to
answers. May import `actions`, `queries`, `permissions`, `db` and below.
"""
