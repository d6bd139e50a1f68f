"""Routes as metrics and traces show them: the parts of a path named, and not filled in."""

import re
from functools import cache

ROUTE = "vexil.route"
"""Where WSGI's environment holds a request's route once it is answered."""

_PART = re.compile(r"<(?:\w+:)?(\w+)>")
_ENVIRONMENT = re.compile(r"(?<=/environments/)\{\w+\}")


@cache
def template(route: str) -> str:
    """`api/v1/tags/<id:pk>/` is `/api/v1/tags/{pk}/`; environments have one name, that of Flagsmith's dashboards."""
    named = "/" + _PART.sub(r"{\1}", route.lstrip("/"))
    return _ENVIRONMENT.sub("{environment_api_key}", named)
