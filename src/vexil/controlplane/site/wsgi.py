"""The control plane as a WSGI application; `vexil.server` puts it beside the data plane."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vexil.controlplane.site.settings")  # noqa: TID251 -- Django's own

application = get_wsgi_application()
