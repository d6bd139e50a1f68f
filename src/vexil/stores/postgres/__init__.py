"""The stores in PostgreSQL, in tables named `flags_…` of the database that Django uses too.

Statements carry whole batches as arrays, so that the number of round trips does not grow with the batch.
Every writer of several rows takes them in one order. May import the protocols and row shapes of `stores`.
"""
