"""What both planes share on disk: environment snapshots, identities with traits, usage counts, the wake-up.

Each store is a protocol in a module of this package, with one implementation in `sqlite` and one in
`postgres`; all calls block, so the data plane makes them through `batches`. Open them with `opening.open_stores`.
May import `wire`, `engine` and `config`.
"""
