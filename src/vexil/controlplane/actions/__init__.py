"""Writes: one function per thing that a person can do.

Each takes who does it (`by`), owns its transaction and ends the same way: save, record the event, publish.
Raises its own exceptions; knows no status codes. May import `queries`, `permissions`, `db` and below.
"""
