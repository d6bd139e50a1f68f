"""What the data plane queues for identity integrations."""

from tests.dataplane.conftest import Serve
from tests.dataplane.snapshots import CLIENT_KEY, SERVER_KEY, feature, snapshot, state
from vexil.dataplane.identifications import Identifications
from vexil.stores.identifications import Identification, IdentifiedTrait
from vexil.stores.opening import Stores

TOLD = {"has_identity_integrations": True}
FLAG = {"features": [feature(1, "banner")], "defaults": [state(1, 1)]}


def test_who_asks_for_flags_is_queued_with_the_traits_that_counted(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot(environment={**TOLD, "hide_sensitive_data": True}, **FLAG))
    traits = [{"trait_key": "plan", "trait_value": "pro"}, {"trait_key": "n", "trait_value": 1, "transient": True}]

    client.post("/api/v1/identities/", {"identifier": "kim", "traits": traits}, CLIENT_KEY)
    client.get("/api/v1/identities/?identifier=lee", SERVER_KEY)
    client.get("/api/v1/identities/?identifier=sam&feature=banner", CLIENT_KEY)
    client.get("/api/v1/flags/", CLIENT_KEY)
    client.close()

    found = {entry.identifier: entry for entry in stores.identifications.take(10)}
    kim, lee = stores.identities.find(3, "kim"), stores.identities.find(3, "lee")
    assert kim
    assert lee
    assert found == {
        "kim": Identification(
            3, "kim", kim.id, False, (IdentifiedTrait(1, "plan", "pro"), IdentifiedTrait(None, "n", 1))
        ),
        "lee": Identification(3, "lee", lee.id, True, ()),
    }


def test_an_answer_that_was_kept_ready_is_queued_again(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot(environment=TOLD, **FLAG))
    queued = []

    for _ in range(3):
        client.get("/api/v1/identities/?identifier=kim", CLIENT_KEY)
        client.run(client.data_plane._identifications._flush())
        queued.append([entry.identifier for entry in stores.identifications.take(10)])

    assert queued == [["kim"]] * 3


def test_nobody_is_queued_where_nobody_wants_to_hear(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot(**FLAG))

    client.get("/api/v1/identities/?identifier=kim", CLIENT_KEY)
    client.close()

    assert stores.identifications.take(10) == []


def test_what_does_not_fit_is_dropped_and_the_newest_of_each_kept(stores: Stores) -> None:
    noted = Identifications(stores.identifications, noted_max=2)
    kim = Identification(3, "kim", None, False, ())

    for entry in (kim, kim._replace(identifier="lee"), kim._replace(identifier="sam"), kim._replace(is_server=True)):
        noted.note(entry)

    assert (list(noted._noted.values()), noted._dropped) == (
        [kim._replace(is_server=True), kim._replace(identifier="lee")],
        1,
    )
