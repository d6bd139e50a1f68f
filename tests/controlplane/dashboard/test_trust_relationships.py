"""Issuers whose tokens are taken in place of keys."""

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene
from vexil.controlplane.db.models import TrustRelationship


def test_an_issuer_is_trusted_and_trusted_no_more(scene: Scene) -> None:
    browser, organisation = Pages(scene.admin), f"/organisation/{scene.project.organisation_id}"
    form = {"name": "Deployment", "issuer": "https://issuer.example.com", "audience": "flags"}
    lines = "sub = repo:acme/*\nsub = repo:b\n\nref=refs/heads/main"

    wrong = browser.post(
        f"{organisation}/trust-relationships/create", {**form, "issuer": "http://x", "claim_rules": "a"}
    )
    internal = browser.post(f"{organisation}/trust-relationships/create", {**form, "issuer": "https://127.0.0.1"})
    made = browser.post(f"{organisation}/trust-relationships/create", {**form, "claim_rules": lines})
    listed = browser.get(f"{organisation}/api-keys")
    relationship = TrustRelationship.objects.get()
    browser.post(f"{organisation}/trust-relationships/{relationship.pk}/delete")

    assert (wrong.status, wrong.texts(".error")) == (422, ["“a” is not of the form claim = value."])
    assert internal.texts(".error") == ["Issuer must not be in an internal or private network."]
    assert made.location == f"{organisation}/api-keys"
    assert relationship.claim_rules == [
        {"claim": "sub", "values": ["repo:acme/*", "repo:b"]},
        {"claim": "ref", "values": ["refs/heads/main"]},
    ]
    assert (
        "Deployment https://issuer.example.com flags sub = repo:acme/* or repo:b ref = refs/heads/main" in listed.text
    )
    assert TrustRelationship.objects.count() == 0
