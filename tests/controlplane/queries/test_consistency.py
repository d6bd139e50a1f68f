import threading

from django.db import connections, transaction

from tests.factories import make_user
from vexil.controlplane.db.models import User
from vexil.controlplane.queries.consistency import one_moment


def user_count() -> int:
    return User.objects.count()


def elsewhere(create: object) -> None:
    """Commit something on another connection."""

    def work() -> None:
        create()  # type: ignore[operator]
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(timeout=20)
    assert not thread.is_alive(), "a reader must not keep a writer waiting"


def test_reads_of_one_moment_do_not_see_what_is_written_meanwhile_and_do_not_hinder_it() -> None:
    with one_moment():
        before = user_count()
        elsewhere(lambda: make_user(email="new@example.com"))
        during = user_count()

    assert (before, during, user_count()) == (0, 0, 1)


def test_inside_a_transaction_the_reads_see_its_own_changes() -> None:
    with transaction.atomic():
        make_user(email="new@example.com")
        with one_moment():
            assert user_count() == 1
