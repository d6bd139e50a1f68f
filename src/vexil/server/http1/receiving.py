"""Whether a connection is read from: a client that sends more than is taken must wait."""

import asyncio


class Incoming:
    __slots__ = ("_is_paused", "_transport")

    def __init__(self, transport: asyncio.ReadTransport) -> None:
        self._transport = transport
        self._is_paused = False

    def pause(self) -> None:
        if not self._is_paused and not self._transport.is_closing():
            self._is_paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._is_paused and not self._transport.is_closing():
            self._is_paused = False
            self._transport.resume_reading()

    def limit(self, waiting_bytes: int, bytes_max: int) -> None:
        """Read on only while no more than that waits."""
        if waiting_bytes > bytes_max:
            self.pause()
        elif self._is_paused:
            self.resume()
