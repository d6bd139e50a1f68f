"""Talking to the outside: what leaves this server for other people's.

Every request goes through `outgoing`, which refuses internal addresses. Nothing here reads or writes rows or
knows of Django; jobs call it with what the rows say, and write down what came of it.
"""
