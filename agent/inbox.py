"""The one way into the core: threads put events in, the core takes them out in order."""

import queue

from agent.events import Event


class Inbox:
    """A queue that never blocks a thread that puts an event in."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def put(self, event: Event) -> None:
        """Hand ``event`` to the core. Safe from any thread and from a signal handler (queue.SimpleQueue)."""
        self._events.put(event)

    def get(self, *, timeout_s: float) -> Event | None:
        """Return the next event, or None if none comes within ``timeout_s`` (0: do not wait)."""
        try:
            return self._events.get(timeout=timeout_s) if timeout_s > 0 else self._events.get_nowait()
        except queue.Empty:
            return None

    def waiting(self) -> int:
        """Return how many events wait, approximately."""
        return self._events.qsize()
