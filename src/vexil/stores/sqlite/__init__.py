"""The stores in one SQLite file, beside and apart from Django's.

A file of its own, so that a long transaction of the Admin API never holds up an SDK's trait write.
WAL with `synchronous=FULL`: readers never wait, and what was acknowledged survives a power cut.
May import the protocols and row shapes of `stores`.
"""
