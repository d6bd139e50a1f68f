"""The control plane as a WSGI application; `vexil.server` puts it beside the data plane."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vexil.controlplane.site.settings")  # noqa: TID251 -- Django's own

application = get_wsgi_application()

import_module(settings.ROOT_URLCONF)
"""Django would load all routes at the first request only."""
