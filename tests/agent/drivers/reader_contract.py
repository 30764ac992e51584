"""What every card reader promises; run with the fake, the simulated and the real one."""

import contextlib
import queue
from collections.abc import Callable

import pytest

from agent.ports import CardReader

LIMIT_S = 15


def check_reader(reader: CardReader, present: Callable[[str], object], *, uids: tuple[str, ...]) -> None:
    """Readiness at once, each card once, and nothing after `stop`.

    Args:
        present: Lays a card on the reader and takes it away; raises OSError where there is no reader any more.
    """
    touched: queue.Queue[str] = queue.Queue()
    ready: queue.Queue[bool] = queue.Queue()
    reader.start(touched=touched.put, ready=ready.put)
    assert ready.get(timeout=LIMIT_S) is True
    for uid in uids:
        present(uid)
        assert touched.get(timeout=LIMIT_S) == uid
    reader.stop()
    with contextlib.suppress(OSError):
        present(uids[0])
    with pytest.raises(queue.Empty):
        touched.get(timeout=0.1)
