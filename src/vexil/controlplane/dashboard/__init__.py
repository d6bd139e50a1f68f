"""The dashboard: HTML pages and htmx fragments for people, who log in with a session.

One module per concept reads through queries, changes through actions and asks `permissions` who may; templates get
prepared values. Pages work as plain pages, too: links and forms are real, htmx only makes them quicker.
May import actions, queries, permissions and db; never adminapi.
"""
