"""The stores that this process shares with the data plane."""

import functools

from vexil import config
from vexil.stores.opening import Stores, open_stores


@functools.cache
def current() -> Stores:
    """The stores of the configured database; nothing connects before the first call on one of them."""
    settings = config.load()
    return open_stores(settings.database_url, settings.data_dir, settings.throttles_url)
