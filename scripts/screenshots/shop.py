"""A shop that has been in business for a while, over the APIs: what screenshots of the dashboard show."""

from typing import Any

import httpx

FEATURES = (
    ("checkout-v2", "The new checkout with one page instead of four", True),
    ("dark-mode", "Let people choose dark colours", True),
    ("delivery-banner", "Free delivery above this sum", "50"),
    ("search-ranking", "How results are sorted", '{"algorithm": "bm25", "boost": {"stock": 1.4}}'),
    ("gift-cards", "Sell gift cards", False),
    ("loyalty-points", "Points for every order", False),
    ("reviews-v2", "Reviews with pictures", True),
    ("express-shipping", "Offer delivery on the next day", False),
)
SEGMENTS = (
    ("Beta testers", "beta", "EQUAL", "true"),
    ("Paying customers", "plan", "IN", "pro,team,enterprise"),
    ("Germany", "country", "EQUAL", "DE"),
    ("App 5 and newer", "app_version", "GREATER_THAN_INCLUSIVE", "5.0.0:semver"),
)
PEOPLE = ("ada", "grace", "linus", "barbara", "ken", "radia", "tim", "edsger")
AGENTS = ("flagsmith-python-sdk/5.2.0", "flagsmith-js-sdk/9.3.0", "flagsmith-nodejs-sdk/6.1.0")


class Shop:
    """An account with an organisation, a project and three environments."""

    def __init__(self, url: str, email: str, password: str) -> None:
        self.url = url
        self._api = httpx.Client(base_url=f"{url}/api/v1/", timeout=30)
        token = self._api.post("auth/login/", json={"email": email, "password": password}).json()["key"]
        self._api.headers["Authorization"] = f"Token {token}"
        self.organisation_id = self._get("organisations/")["results"][0]["id"]
        self.project_id = self._get("projects/")[0]["id"]
        self.environments: list[dict[str, Any]] = self._get(f"environments/?project={self.project_id}")["results"]
        self.key = str(self.environments[0]["api_key"])
        self.feature_id = self.segment_id = self.identity_id = self.record_id = self.group_id = self.tag_id = 0
        self.webhook_id = self.organisation_webhook_id = self.user_id = self.field_id = self.own_field_id = 0

    def fill(self) -> None:
        self._make_features()
        self._make_segments()
        self._ask_for_flags()
        self._override()
        self._invite()
        self._connect()
        self.record_id = self._get(f"projects/{self.project_id}/audit/?search=updated")["results"][0]["id"]

    def close(self) -> None:
        self._api.close()

    @property
    def parts(self) -> dict[str, Any]:
        """What the addresses of pages name."""
        names = ("project", "organisation", "feature", "segment", "identity", "record", "group", "tag", "webhook")
        ids = {
            name: getattr(self, f"{name}_id") for name in (*names, "organisation_webhook", "user", "field", "own_field")
        }
        return {**ids, "environment": f"{self.project_id}/environment/{self.key}"}

    def _make_features(self) -> None:
        for name, description, value in FEATURES:
            fields = {"default_enabled": True} if value is True else {}
            fields |= {"initial_value": value} if isinstance(value, str) else {}
            made = self._post(
                f"projects/{self.project_id}/features/", {"name": name, "description": description, **fields}
            )
            self.feature_id = self.feature_id or made["id"]
        tags = (("growth", "#3b82f6"), ("checkout", "#16a34a"))
        ids = [
            self._post(
                f"projects/{self.project_id}/tags/",
                {"label": label, "color": colour, "description": "", "project": self.project_id},
            )["id"]
            for label, colour in tags
        ]
        self.tag_id = ids[0]
        self._api.patch(f"projects/{self.project_id}/features/{self.feature_id}/", json={"tags": ids})

    def _make_segments(self) -> None:
        for name, trait, operator, value in SEGMENTS:
            condition = {"property": trait, "operator": operator, "value": value}
            rules = [
                {"type": "ALL", "conditions": [], "rules": [{"type": "ANY", "conditions": [condition], "rules": []}]}
            ]
            made = self._post(
                f"projects/{self.project_id}/segments/", {"name": name, "rules": rules, "project": self.project_id}
            )
            self.segment_id = self.segment_id or made["id"]

    def _ask_for_flags(self) -> None:
        """As SDKs do, so that there are identities and usage."""
        for number, agent in enumerate(AGENTS):
            for environment in self.environments:
                headers = {"X-Environment-Key": environment["api_key"], "User-Agent": agent}
                for _ in range(20 * (number + 1)):
                    httpx.get(f"{self.url}/api/v1/flags/", headers=headers)
                for place, person in enumerate(PEOPLE):
                    traits = {
                        "plan": ("free", "pro")[place % 2],
                        "country": ("DE", "FR", "GB")[place % 3],
                        "beta": place < 3,
                    }
                    body = {
                        "identifier": person,
                        "traits": [{"trait_key": key, "trait_value": value} for key, value in traits.items()],
                    }
                    httpx.post(f"{self.url}/api/v1/identities/", headers=headers, json=body)

    def _override(self) -> None:
        found = self._get(f"environments/{self.key}/identities/?q=ada")["results"]
        self.identity_id = found[0]["id"]
        states = f"environments/{self.key}/featurestates/"
        state = self._get(f"{states}?feature={self.feature_id}")["results"][0]
        self._api.patch(f"{states}{state['id']}/", json={"enabled": False})
        self._api.patch(f"{states}{state['id']}/", json={"enabled": True, "feature_state_value": "one-page"})
        self._post(
            f"environments/{self.key}/identities/{self.identity_id}/featurestates/",
            {"feature": self.feature_id, "enabled": True, "feature_state_value": "two-pages"},
        )
        self._post(
            f"environments/{self.key}/features/{self.feature_id}/create-segment-override/",
            {
                "feature_segment": {"segment": self.segment_id},
                "enabled": True,
                "feature_state_value": {"type": "unicode", "string_value": "beta"},
            },
        )

    def _invite(self) -> None:
        self._post(
            f"organisations/{self.organisation_id}/invite/",
            {"invites": [{"email": "lee@example.com", "role": "USER"}], "frontend_base_url": self.url},
        )
        self.group_id = self._post(f"organisations/{self.organisation_id}/groups/", {"name": "Support"})["id"]
        field = {"name": "Team", "type": "str", "organisation": self.organisation_id}
        self.field_id = self._post("metadata/fields/", field)["id"]
        own = {**field, "name": "Ticket", "type": "url", "project": self.project_id}
        self.own_field_id = self._post("metadata/fields/", own)["id"]
        health = self._post(f"projects/{self.project_id}/feature-health/providers/", {"name": "Webhook"})
        reason = {"text_blocks": [{"title": "Error rate", "text": "4.2 % of check-outs fail"}]}
        message = {"feature": FEATURES[0][0], "status": "unhealthy", "reason": reason}
        httpx.post(health["webhook_url"], json=message)
        self.user_id = self._get("auth/users/me/")["id"]
        hook = {"url": "https://hooks.example.com/vexil", "enabled": True}
        self.webhook_id = self._post(f"environments/{self.key}/webhooks/", hook)["id"]
        self.organisation_webhook_id = self._post(f"organisations/{self.organisation_id}/webhooks/", hook)["id"]

    def _connect(self) -> None:
        github = f"organisations/{self.organisation_id}/integrations/github/"
        made = self._post(github, {"installation_id": "1"})["id"]
        for name in ("shop", "shop-api"):
            fields = {"project": self.project_id, "repository_owner": "acme", "repository_name": name}
            self._post(f"{github}{made}/repositories/", {**fields, "tagging_enabled": name == "shop"})
        link = {"url": "https://github.com/acme/shop/issues/42", "type": "GITHUB_ISSUE", "feature": self.feature_id}
        feature = f"projects/{self.project_id}/features/{self.feature_id}/"
        issue = {**link, "metadata": {"title": "Orders fail", "state": "open"}}
        self._post(f"{feature}feature-external-resources/", issue)

    def _get(self, path: str) -> Any:
        return self._api.get(path).raise_for_status().json()

    def _post(self, path: str, body: Any) -> Any:
        answer = self._api.post(path, json=body)
        assert answer.is_success, f"{path}: {answer.text}"
        return answer.json()
