"""The Admin API as a person's script would use it: plain HTTP, one method for each step."""

import itertools
from typing import Any

import httpx

PASSWORD = "Journeys-passw0rd-2718"
_numbers = itertools.count(1)


class Admin:
    """A signed-up user; `environment` and its keys are those of the project made last."""

    def __init__(self, api_url: str) -> None:
        # No connection is kept, so none is left open when a test ends, however it ends.
        self.client = httpx.Client(base_url=api_url, timeout=20, limits=httpx.Limits(max_keepalive_connections=0))
        email = f"person{next(_numbers)}.{id(self)}@journeys.example.com"
        person = {"email": email, "password": PASSWORD, "first_name": "Jo", "last_name": "Urney"}
        self.client.headers["Authorization"] = "Token " + self.post("auth/users/", person)["key"]
        self.organisation: dict[str, Any] = {}
        self.project: dict[str, Any] = {}
        self.environment: dict[str, Any] = {}

    def post(self, path: str, body: Any) -> Any:
        answer = self.client.post(path, json=body)
        assert answer.status_code in {200, 201}, f"POST {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def get(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def patch(self, path: str, body: Any) -> Any:
        answer = self.client.patch(path, json=body)
        assert answer.status_code == 200, f"PATCH {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def create_project(self, name: str = "Shop") -> None:
        """Organisation, project and environment, the latter with a server key."""
        self.organisation = self.post("organisations/", {"name": f"{name} & Co"})
        self.project = self.post("projects/", {"name": name, "organisation": self.organisation["id"]})
        self.create_environment("Production")

    def create_environment(self, name: str) -> None:
        self.environment = self.post("environments/", {"name": name, "project": self.project["id"]})
        key = self.post(f"environments/{self.client_key}/api-keys/", {"name": "journeys"})
        self.environment["server_key"] = key["key"]

    @property
    def client_key(self) -> str:
        return str(self.environment["api_key"])

    @property
    def server_key(self) -> str:
        return str(self.environment["server_key"])

    def create_feature(self, name: str, value: str | None = None, *, enabled: bool = False) -> int:
        body = {"name": name, "initial_value": value, "default_enabled": enabled}
        return int(self.post(f"projects/{self.project['id']}/features/", body)["id"])

    def add_option(self, feature: int, value: str, percentage: float, key: str | None = None) -> int:
        body = {
            "feature": feature,
            "type": "unicode",
            "string_value": value,
            "default_percentage_allocation": percentage,
        }
        path = f"projects/{self.project['id']}/features/{feature}/mv-options/"
        return int(self.post(path, body | ({"key": key} if key else {}))["id"])

    def create_segment(self, name: str, *conditions: tuple[str, str | None, str | None]) -> int:
        """A segment of those who meet all conditions, each an operator, a property and a value."""
        listed = [{"operator": operator, "property": of, "value": value} for operator, of, value in conditions]
        inner = [{"type": "ALL", "rules": [], "conditions": listed}]
        body = {"name": name, "rules": [{"type": "ALL", "rules": inner, "conditions": []}]}
        return int(self.post(f"projects/{self.project['id']}/segments/", body)["id"])

    def override_for_segment(self, feature: int, segment: int, value: str, *, enabled: bool = True) -> int:
        body = {"feature_segment": {"segment": segment}, "enabled": enabled, "feature_state_value": string(value)}
        return int(self.post(f"environments/{self.client_key}/features/{feature}/create-segment-override/", body)["id"])

    def create_identity(self, identifier: str) -> int:
        body = {"identifier": identifier, "environment": self.client_key}
        return int(self.post(f"environments/{self.client_key}/identities/", body)["id"])

    def override_for_identity(self, feature: int, identity: int, value: str, *, enabled: bool = True) -> int:
        body = {"feature": feature, "enabled": enabled, "feature_state_value": value}
        path = f"environments/{self.client_key}/identities/{identity}/featurestates/"
        return int(self.post(path, body)["id"])

    def default_state(self, feature: int) -> int:
        """The id of the environment's own state of a feature."""
        found = self.get(f"environments/{self.client_key}/featurestates/?feature={feature}")
        return int(found["results"][0]["id"])

    def evaluations(self, feature: int) -> int:
        """How often programs have reported that they evaluated a feature, in the last week."""
        path = f"projects/{self.project['id']}/features/{feature}/evaluation-data/"
        return sum(day["count"] for day in self.get(f"{path}?environment_id={self.environment['id']}&period=7"))

    def change(self, state: int, **fields: Any) -> None:
        """Set `enabled`, `feature_state_value` or both."""
        self.patch(f"environments/{self.client_key}/featurestates/{state}/", fields)


def string(value: str) -> dict[str, str]:
    return {"type": "unicode", "string_value": value}
