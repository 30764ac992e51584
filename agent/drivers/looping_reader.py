"""What readers share: a thread that looks for its device, reads until the device goes, and looks again."""

import logging
import threading
import time
from collections.abc import Callable

from agent.ports import DeviceError

log = logging.getLogger(__name__)

GONE_AFTER_S = 1.5
"""A card that was not reported for so long was taken away. Readers that repeat do so several times a second."""
_MISSING_FIRST_S, _MISSING_MOST_S = 0.25, 2.0
_FLAPPING_FIRST_S, _FLAPPING_MOST_S = 0.25, 60.0
_SOUND_AFTER_S = 10.0
"""A device that worked for so long does not come and go all the time."""
_HANGS_AFTER_S = 3.0
"""How long `stop` waits: the agent's own end must not wait for a device that never answers."""


class LoopingReader:
    """Implements `agent.ports.CardReader`. A driver implements `_attend`, which finds and reads its device."""

    simulated = False

    def __init__(self, *, mono_s: Callable[[], float] = time.monotonic) -> None:
        """``mono_s``: the clock by which a card counts as taken away."""
        self._stopping = threading.Event()
        self._present = PresentCards(mono_s)
        self._pauses = Pauses()
        self._ready: bool | None = None
        self._ready_since_s = 0.0
        self._thread: threading.Thread | None = None

    def start(self, *, touched: Callable[[str], None], ready: Callable[[bool], None]) -> None:
        """Begin to look for the reader."""
        self._touched, self._on_ready = touched, ready
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, whatever it waits for. A thread that hangs in its device is left behind and its calls are
        ignored."""
        self._stopping.set()
        give_up_s = time.monotonic() + _HANGS_AFTER_S
        while self._thread is not None and self._thread.is_alive():
            if time.monotonic() > give_up_s:
                log.error("the reader's thread hangs and is left behind")
                self._touched, self._on_ready = _ignore, _ignore
                return
            # The thread may begin a new wait just after this one was ended. So end waits until the thread is gone.
            self._wake()
            self._thread.join(timeout=0.1)

    def _attend(self) -> None:
        """Find the device, call `_set_ready`, and report cards until `_stopping` is set or the device goes.

        Raises:
            DeviceError: The device is not there, or not there any more. It is looked for again.
        """
        raise NotImplementedError

    def _wake(self) -> None:
        """End a wait of `_attend`. Called on another thread, again and again, even if nothing waits."""

    def _card_lies(self, card: str) -> None:
        """Report a card that was read just now, unless it has been lying there. Empty: a card that can't be read."""
        if self._present.is_new(card):
            self._touched(card)

    def _set_ready(self, ready: bool) -> None:
        if ready != self._ready:
            self._ready, self._ready_since_s = ready, time.monotonic()
            self._on_ready(ready)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._attend()
            except DeviceError as error:
                if self._stopping.is_set():
                    return
                if self._ready is not False:
                    log.warning("no card reader: %s", error)
                self._pause()
            except Exception:
                # A bug of a driver or its library must not cost the station its reader until the next restart.
                log.exception("the reader's thread failed and begins again")
                self._pause()

    def _pause(self) -> None:
        ready_for_s = time.monotonic() - self._ready_since_s if self._ready else None
        self._set_ready(False)
        self._stopping.wait(self._pauses.next_s(ready_for_s))


def _ignore(_: object) -> None:
    """Ignore what a thread that hangs reports after the end."""


class Pauses:
    """How long to wait before a device is looked for again.

    A missing device is looked for often, so that it works soon after it is plugged in. A device that comes and goes all
    the time causes a fact each time, so its pauses become ever longer.
    """

    def __init__(self) -> None:
        self._missing_s = self._flapping_s = 0.0

    def next_s(self, ready_for_s: float | None) -> float:
        """Return the next pause. ``ready_for_s`` is how long the device had worked, None if it was not there at all."""
        if ready_for_s is None:
            self._missing_s = min(max(_MISSING_FIRST_S, self._missing_s * 2), _MISSING_MOST_S)
            return self._missing_s
        self._missing_s = 0.0
        sound = ready_for_s >= _SOUND_AFTER_S
        self._flapping_s = 0.0 if sound else min(max(_FLAPPING_FIRST_S, self._flapping_s * 2), _FLAPPING_MOST_S)
        return self._flapping_s or _FLAPPING_FIRST_S


class PresentCards:
    """Knows which cards lie on a reader. There may be several.

    A card that lies there is one touch, however often the reader reports it.
    """

    def __init__(self, mono_s: Callable[[], float] = time.monotonic) -> None:
        self._mono_s = mono_s
        self._seen: dict[str, float] = {}

    def is_new(self, card: str) -> bool:
        """Note that the reader reports ``card`` now; return whether it did not lie there already."""
        now = self._mono_s()
        self._seen = {one: at for one, at in self._seen.items() if now - at <= GONE_AFTER_S}
        new = card not in self._seen
        self._seen[card] = now
        return new
