"""The one failure that every store call may end in."""


class Unavailable(Exception):
    """The database cannot be reached, is locked or cannot write; the same call may succeed later."""
