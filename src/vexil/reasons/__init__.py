"""Flags decided with their reasons, for OFREP's answers, the explanation endpoint and the dashboard.

The same segments, states and order as the flags of `/identities/`, compiled a second time with outcomes that say where
they come from. No I/O: snapshots and subjects are handed in. May import wire and engine.
"""
