"""Record what a reader reports, for the tests of drivers."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from agent.ports import CardReader

LIMIT_S = 15


class Heard:
    """Touches and changes of readiness, in order."""

    def __init__(self) -> None:
        self.touches: queue.Queue[str] = queue.Queue()
        self.ready: queue.Queue[bool] = queue.Queue()

    def touch(self) -> str:
        """Wait for the next touch."""
        return self.touches.get(timeout=LIMIT_S)

    def is_ready(self) -> bool:
        """Wait for the next change of readiness."""
        return self.ready.get(timeout=LIMIT_S)

    def nothing(self, *, for_s: float = 0.3) -> None:
        """Fail if a card is reported."""
        with pytest.raises(queue.Empty):
            self.touches.get(timeout=for_s)


@contextmanager
def listening(reader: CardReader) -> Iterator[Heard]:
    """Run a reader and record what it reports."""
    heard = Heard()
    reader.start(touched=heard.touches.put, ready=heard.ready.put)
    try:
        yield heard
    finally:
        reader.stop()


@contextmanager
def reading(reader: CardReader) -> Iterator[Heard]:
    """Run a reader that is ready."""
    with listening(reader) as heard:
        assert heard.is_ready() is True
        yield heard
