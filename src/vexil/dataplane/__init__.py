"""The Flags API: answers SDKs from memory; of a stored identity it reads one row.

`app` takes requests, `environments` keeps the compiled snapshots fresh, one module per endpoint answers.
Never loads Django, never waits for the control plane. May import `stores`, `wire`, `engine` and `config`.
"""
