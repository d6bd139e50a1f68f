"""Reads that more than one caller needs, or that are too long for a view.

Each says how many statements it runs. No writes, no status codes. May import `permissions`, `db` and below.
"""
