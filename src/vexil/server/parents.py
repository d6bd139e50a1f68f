"""A child process ends with the main process that forked it."""

import asyncio
import os
import signal

_CHECK_SECONDS = 1.0


async def end_with(main_process: int) -> None:
    """A worker whose main process was killed gives up the port, so that a new start finds it free."""
    while os.getppid() == main_process:  # noqa: ASYNC110 -- no event tells of a parent's death
        await asyncio.sleep(_CHECK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
