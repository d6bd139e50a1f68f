"""Django wiring: settings, URLs, middleware and the WSGI application.

Nothing here knows what a flag is. May import every other part of the control plane.
"""
