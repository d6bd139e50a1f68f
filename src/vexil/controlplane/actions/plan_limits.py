"""Refusing what an organisation's plan does not include. Without billing nothing is refused."""

from vexil.controlplane.db.models import Organisation
from vexil.controlplane.queries import plans


class NoSeatLeft(Exception):
    """The plan includes no more people."""


class NoProjectLeft(Exception):
    """The plan includes no more projects."""


def check_seat(organisation: Organisation) -> None:
    """Raise `NoSeatLeft` if nobody else may join."""
    if not plans.has_seat(organisation):
        raise NoSeatLeft("Please upgrade your plan to add additional seats/users")


def check_project(organisation: Organisation) -> None:
    """Raise `NoProjectLeft` if no other project may be made."""
    if not plans.has_room_for_project(organisation):
        raise NoProjectLeft("The organisation's plan includes no more projects.")
