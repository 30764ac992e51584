"""Turn signals into bytes on a socket, so that one selector can wait for signals and processes."""

import signal
import socket
from collections.abc import Iterable
from contextlib import AbstractContextManager
from types import FrameType, TracebackType


class SignalSocket(AbstractContextManager[socket.socket]):
    """In this context each given signal only writes its number to a socket (`signal.set_wakeup_fd`)."""

    def __init__(self, numbers: Iterable[signal.Signals]) -> None:
        self._numbers = tuple(numbers)

    def __enter__(self) -> socket.socket:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(self._writer.fileno())
        self._handlers = [signal.signal(number, _note) for number in self._numbers]
        return self._reader

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in zip(self._numbers, self._handlers, strict=True):
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        self._reader.close()
        self._writer.close()

    def take(self) -> set[int]:
        """Return the signals that have come since the last call."""
        try:
            return set(self._reader.recv(4096))
        except BlockingIOError:
            return set()


def _note(number: int, frame: FrameType | None) -> None:
    """Do nothing: Python has written the signal's number to the socket."""
