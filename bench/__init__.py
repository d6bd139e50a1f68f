"""Load and latency, measured beside nginx in the same run: `make bench`.

`endpoints` drives wrk at Vexil and at nginx, `travel` times a toggle, `footprint` looks at memory and starts, `growth`
at the cost of more flags and segments, `large` at an environment at its limits,
`lookups` at millions of identities, `broadcast` at event streams,
`administration` at the Admin API. `stored` and `seeding` make what is measured, `sections`, `report` and `plots`
write `results/`. Servers, databases and snapshots come from `tests`.
"""
