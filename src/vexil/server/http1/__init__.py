"""HTTP/1.1 on uvloop: bytes of a connection in, calls of one RSGI application out (docs/adr/0009).

`heads` reads what a request's first lines say, `bodies` what follows them, `exchanges` is one request and its answer as
the application sees them, `answers` writes heads, `connections` keeps the order, `hub` is what connections share and
`listening` runs it all until it is told to stop. Knows nothing of flags or of Django.
"""
