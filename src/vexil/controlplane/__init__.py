"""What people and the Admin API do: Django, its rows, and the rules of who may change what.

`site` wires Django; `adminapi` answers JSON; `actions` change rows and publish; `queries` read; `jobs` run
later; `permissions` decides who may; `db` holds the models. Never imported by the data plane.
"""
