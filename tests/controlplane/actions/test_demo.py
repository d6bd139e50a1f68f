from vexil.controlplane.actions import demo
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Feature, User
from vexil.wire import snapshot


def test_the_demo_is_published_and_made_only_once() -> None:
    first = demo.create_demo()
    second = demo.create_demo()

    assert second.password is second.master_api_key is None
    assert (second.client_key, second.server_key, second.project_id) == (
        first.client_key,
        first.server_key,
        first.project_id,
    )
    assert User.objects.get().check_password(first.password or "")
    assert list(Environment.objects.order_by("pk").values_list("name", flat=True)) == ["Development", "Production"]
    assert list(Feature.objects.order_by("pk").values_list("name", "type")) == [
        ("free_delivery", "STANDARD"),
        ("button_colour", "MULTIVARIATE"),
        ("reviews", "STANDARD"),
    ]


def test_the_demo_holds_a_segment_override_and_an_identity_override() -> None:
    made = demo.create_demo()

    environment = Environment.objects.get(api_key=made.client_key)
    _, body = stores.current().snapshots.body(environment.pk) or (0, b"")
    published = snapshot.decode(body)
    assert [state.value for state in published.segments[0].overrides] == ["gold"]
    assert [(row.identifier, [state.enabled for state in row.states]) for row in published.identity_overrides] == [
        (made.identity, [True])
    ]
    heads = {head.environment_id: [key.key for key in head.keys] for head in stores.current().snapshots.heads()}
    assert heads[environment.pk] == [made.client_key, made.server_key]
