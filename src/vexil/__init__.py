"""Feature flags and remote config, speaking Flagsmith's protocols.

Two planes share this package: `dataplane` answers SDKs from memory, `controlplane` is where people and
scripts make changes. They meet only in `stores`, `wire` and `engine`; `server` and `cli` put them together.
"""

__version__ = "0.1.0"
