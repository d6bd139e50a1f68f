"""The percentage hash once more, written from the contract and not from `vexil.engine`, to compare with it."""

import hashlib


def share(*ids: object) -> float:
    """Where these ids fall in [0, 100)."""
    once = ",".join(str(part) for part in ids)
    times = 1
    while True:
        text = ",".join([once] * times)
        value = int(hashlib.md5(text.encode()).hexdigest(), 16) % 9999 / 9998 * 100
        if value != 100:
            return value
        times += 1
