"""What came by lately, known by its hash alone."""

_KNOWN_MAX = 20_000
"""A hash in a set takes about 60 bytes."""


class Recent:
    """Bounded: when it is full, all is forgotten."""

    def __init__(self) -> None:
        self._hashes: set[int] = set()

    def came_before(self, thing: object) -> bool:
        """Whether it did; from now on it has."""
        number = hash(thing)
        if number in self._hashes:
            return True
        if len(self._hashes) >= _KNOWN_MAX:
            self._hashes.clear()
        self._hashes.add(number)
        return False
