"""Two people at once: nothing is made twice, nothing is lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

from tests.factories import PASSWORD, make_environment, make_organisation, make_project, make_user
from vexil.controlplane.actions import environments, first_run, projects, server_keys, users
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Project, User
from vexil.controlplane.permissions import SYSTEM

AT_ONCE = 6


def at_once(call: Callable[[int], Any]) -> list[Any]:
    """The result of each call, or the refusal it met; all start together, each on a connection of its own."""
    start = Barrier(AT_ONCE)

    def run(number: int) -> Any:
        start.wait(timeout=10)
        try:
            return call(number)
        except Refused as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, range(AT_ONCE)))


def test_a_project_name_is_given_once() -> None:
    organisation = make_organisation()

    results = at_once(lambda _: projects.create(organisation, name="Shop", by=SYSTEM))

    assert Project.objects.count() == 1
    assert sum(isinstance(result, projects.NameTaken) for result in results) == AT_ONCE - 1


def test_an_environment_name_is_given_once() -> None:
    project = make_project()

    results = at_once(lambda _: environments.create(project, name="Production", by=SYSTEM))

    assert Environment.objects.count() == 1
    assert sum(isinstance(result, environments.NameTaken) for result in results) == AT_ONCE - 1


def test_an_address_signs_up_once() -> None:
    sign_up = {"email": "me@example.com", "password": PASSWORD, "first_name": "A", "last_name": "B"}

    results = at_once(lambda _: users.sign_up(**sign_up))

    assert User.objects.count() == 1
    assert sum(isinstance(result, users.EmailTaken) for result in results) == AT_ONCE - 1


def test_everybody_who_logs_in_for_the_first_time_gets_the_same_token() -> None:
    user = make_user()

    assert len(set(at_once(lambda _: users.token_of(user)))) == 1


def test_nodes_that_start_together_create_one_administrator() -> None:
    def initiate(_: int) -> bool:
        try:
            return bool(first_run.initiate_administrator(base_url="http://localhost"))
        except first_run.UsersExist:
            return False

    assert sorted(at_once(initiate)) == [False] * (AT_ONCE - 1) + [True]
    assert User.objects.count() == 1


def test_the_last_snapshot_holds_every_key_made_at_once() -> None:
    environment = make_environment()

    made = at_once(lambda number: server_keys.create(environment, name=str(number), by=SYSTEM).key)

    head = next(head for head in stores.current().snapshots.heads() if head.environment_id == environment.pk)
    assert {key.key for key in head.keys} == {environment.api_key, *made}
    assert head.version == AT_ONCE
