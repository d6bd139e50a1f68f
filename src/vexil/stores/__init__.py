"""What both planes share on disk: environment snapshots, identities with traits, usage counts, the wake-up.

Each store is a protocol in a module of this package, with one implementation in `sqlite` and one in
`postgres`; all calls block and may come from any thread. The data plane makes its calls through `batches`.
Open them with `opening.open_stores`; every call raises `Unavailable` while the database is out of reach.
May import `wire`, `engine` and `config`.
"""

from vexil.stores.unavailable import Unavailable

__all__ = ["Unavailable"]
