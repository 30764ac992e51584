"""What all readers share: a thread that looks for its device, reads until the device goes, and looks again."""

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
_HANGS_AFTER_S = 3.0
"""After the end was asked for: the agent's own end must not wait for a device that never answers."""


class LoopingReader:
    """Implements `agent.ports.CardReader`. A driver says in `_attend` how its device is found and read."""

    simulated = False

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._present = PresentCards()
        self._pauses = Pauses()
        self._ready: bool | None = None
        self._ready_since_s = 0.0
        self._thread: threading.Thread | None = None

    def start(self, *, touched: Callable[[str], None], ready: Callable[[bool], None]) -> None:
        """Begin to look for the reader."""
        self._touched, self._tell = touched, ready
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, whatever it waits for; one that hangs in its device is left behind and not heard any more."""
        self._stopping.set()
        give_up_s = time.monotonic() + _HANGS_AFTER_S
        while self._thread is not None and self._thread.is_alive():
            if time.monotonic() > give_up_s:
                log.error("the reader's thread hangs and is left behind")
                self._touched, self._tell = _unheard, _unheard
                return
            # A wait may begin just after it was ended, so it is ended until the thread is gone.
            self._wake()
            self._thread.join(timeout=0.1)

    def _attend(self) -> None:
        """Find the device, call `_set_ready`, and tell of cards until `_stopping` is set or the device goes.

        Raises:
            DeviceError: It is not there, or not there any more: it is looked for again.
        """
        raise NotImplementedError

    def _wake(self) -> None:
        """End a wait of `_attend`; called on another thread, again and again, also when nothing waits."""

    def _card_lies(self, card: str) -> None:
        """Tell of a card that was read just now, unless it has been lying there. Empty: it can't be read."""
        if self._present.is_new(card):
            self._touched(card)

    def _set_ready(self, ready: bool) -> None:
        if ready != self._ready:
            self._ready, self._ready_since_s = ready, time.monotonic()
            self._tell(ready)

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
                log.exception("the reader's thread failed and begins again")
                self._pause()

    def _pause(self) -> None:
        ready_for_s = time.monotonic() - self._ready_since_s if self._ready else None
        self._set_ready(False)
        self._stopping.wait(self._pauses.next_s(ready_for_s))


def _unheard(_: object) -> None:
    """For what comes after the end."""


class Pauses:
    """How long to wait before a device is looked for again.

    One that is not there is looked for often, so that it works soon after it is plugged in. One that comes and goes
    all the time writes a fact each time: it is given ever longer.
    """

    def __init__(self) -> None:
        self._missing_s = self._flapping_s = 0.0

    def next_s(self, ready_for_s: float | None) -> float:
        """Return the pause; ``ready_for_s``: how long the device had worked, None where it was not there at all."""
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
