"""What every door contact and motion sensor promises; run with the fake, the simulated and the one on a pin."""

import contextlib
import queue
from collections.abc import Callable

import pytest

from agent.ports import Contact

LIMIT_S = 15


def check_contact(contact: Contact, switch: Callable[[bool], object], *, silent_s: float = 0.1) -> None:
    """Its state at once, each change once, and nothing after `stop`.

    Args:
        switch: Opens (True) or closes the door; it is closed at the start. Raises OSError if nothing watches it.
        silent_s: How long to listen for what must not come.
    """
    told: queue.Queue[bool] = queue.Queue()
    contact.start(changed=told.put)
    assert told.get(timeout=LIMIT_S) is False
    for active in (True, False, True):
        switch(active)
        assert told.get(timeout=LIMIT_S) is active
    switch(True)
    _nothing(told, silent_s)
    contact.stop()
    with contextlib.suppress(OSError):
        switch(False)
    _nothing(told, silent_s)


def _nothing(told: queue.Queue[bool], silent_s: float) -> None:
    with pytest.raises(queue.Empty):
        told.get(timeout=silent_s)
