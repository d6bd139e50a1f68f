"""A wait that another thread can end."""

import select
import socket


class Interrupt:
    """`set` ends the wait that is going on, or else the next one."""

    def __init__(self) -> None:
        self._receiver, self._sender = socket.socketpair()
        self._receiver.setblocking(False)
        self._sender.setblocking(False)
        self._poll = select.poll()
        self._poll.register(self._receiver, select.POLLIN)

    def set(self) -> None:
        try:
            self._sender.send(b"!")
        except BlockingIOError:
            return  # So many are waiting to be seen already.

    def wait(self, timeout_seconds: float, *, or_readable: int | None = None) -> bool:
        """Say whether it was set; also return when the file descriptor `or_readable` has something to read."""
        if or_readable is not None:
            self._poll.register(or_readable, select.POLLIN)
        try:
            ready = self._poll.poll(timeout_seconds * 1000)
        finally:
            if or_readable is not None:
                self._poll.unregister(or_readable)
        is_set = any(descriptor == self._receiver.fileno() for descriptor, _ in ready)
        if is_set:
            self._receiver.recv(4096)
        return is_set

    def close(self) -> None:
        self._receiver.close()
        self._sender.close()
