"""What browsers may load and do on our pages: nothing but what comes from here."""

from urllib.parse import urlsplit

_RULES = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action {forms}; frame-ancestors 'none'; base-uri 'none'"
)
POLICY = _RULES.format(forms="'self'")
HEADER = "Content-Security-Policy"


def with_forms_to(url: str) -> str:
    """The same for a page whose form is answered by a redirect to this URL, which browsers check as well."""
    parts = urlsplit(url)
    is_web = parts.scheme in {"http", "https"}
    # An IPv6 address cannot be named in a policy: then only the scheme is.
    origin = f"{parts.scheme}://{parts.netloc}" if is_web and "[" not in parts.netloc else f"{parts.scheme}:"
    return _RULES.format(forms=f"'self' {origin}")
