"""What `vexil serve --demo` prints: commands to copy, with the real keys of the demo project."""

from typing import Protocol


class Demo(Protocol):
    """The demo project as the control plane made it; a secret is None when it was shown at an earlier start."""

    @property
    def email(self) -> str: ...
    @property
    def password(self) -> str | None: ...
    @property
    def client_key(self) -> str: ...
    @property
    def server_key(self) -> str: ...
    @property
    def master_api_key(self) -> str | None: ...
    @property
    def project_id(self) -> int: ...
    @property
    def identity(self) -> str: ...


_SHOWN_BEFORE = "(shown at the first start)"


def demo_lines(demo: Demo, address: str) -> list[str]:
    api = f"{address}/api/v1"
    return f"""
Demo project
  dashboard       {address}/
  log in as       {demo.email}  {demo.password or _SHOWN_BEFORE}
  client key      {demo.client_key}
  server key      {demo.server_key}
  Admin API key   {demo.master_api_key or _SHOWN_BEFORE}

Ask for the flags of everybody, and for those of one identity:
  curl -H 'X-Environment-Key: {demo.client_key}' {api}/flags/
  curl -H 'X-Environment-Key: {demo.client_key}' '{api}/identities/?identifier={demo.identity}'

Or from Python (pip install flagsmith):
  from flagsmith import Flagsmith
  flags = Flagsmith(environment_key="{demo.client_key}", api_url="{api}/").get_identity_flags("{demo.identity}")
  print(flags.is_feature_enabled("reviews"))

See the features over the Admin API (documentation: {address}/docs/):
  curl -H 'Authorization: Api-Key {demo.master_api_key or "YOUR-KEY"}' {api}/projects/{demo.project_id}/features/
""".splitlines()
