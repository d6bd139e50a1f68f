"""What the processes of a server count for Prometheus (operations.md §5.3, docs/adr/0013).

`families` lists every metric, `registry` holds the numbers of this process in plain dicts, `handover` writes them to a
file once a second, so that any process can show those of all, and `exposition` writes that as text. Knows nothing of
planes, stores or HTTP; whoever has something to count calls down to here.
"""
