"""Organisations that move: to a file and from one, and out of a running Flagsmith.

What the commands `vexil export` and `vexil import` do. Reads through queries and over HTTP, writes through actions;
nothing in the server imports this.
"""
