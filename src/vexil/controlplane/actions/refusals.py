"""What actions raise when the rules forbid a change."""


class Refused(Exception):
    """Base of the actions' own exceptions: says what is wrong, and in which field (None: in the change as a whole)."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class LimitReached(Refused):
    """One of the system limits (docs/self-hosting.md); `limit` says where the operator raises it."""

    def __init__(self, message: str, field: str, *, limit: str) -> None:
        super().__init__(message, field)
        self.limit = limit
