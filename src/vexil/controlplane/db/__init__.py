"""The one Django app: models, one file per concept, and their migrations.

Models hold fields, constraints and properties of their own row. What happens to rows is written in
`actions`, longer reads in `queries`. May import `wire`, `stores`, `engine` and `config`.
"""
