"""Load and latency, measured beside nginx in the same run: `make bench`.

`seeding` makes the project, `load` drives wrk and nginx, `travel` times a toggle, `footprint` looks at memory and
starts, `report` writes `results/`. Servers and databases come from `tests`; nothing of Vexil itself is imported.
"""
