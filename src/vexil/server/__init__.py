"""The parts put together: one application per process, and the processes of `vexil serve`.

`application` sends each request to its plane, `django_bridge` runs the control plane's WSGI application in
threads, `processes` starts workers and the task runner. May import everything but `cli`.
"""
