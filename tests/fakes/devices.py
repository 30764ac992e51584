"""Hardware that does as a test says. Each fake passes the contract tests of its port."""

import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from agent.ports import CameraFrame, Colour, DeviceError, Sound


class FakeReader:
    """Implements `agent.ports.CardReader`."""

    simulated = True

    def __init__(self) -> None:
        self._touched: Callable[[str], None] | None = None
        self._ready: Callable[[bool], None] | None = None

    def start(self, *, touched: Callable[[str], None], ready: Callable[[bool], None]) -> None:
        self._touched, self._ready = touched, ready
        ready(True)

    def stop(self) -> None:
        self._touched = self._ready = None

    def present(self, uid: str) -> None:
        """Lay a card on the reader."""
        if self._touched is not None:
            self._touched(uid)

    def unplug(self) -> None:
        """Take the reader away."""
        if self._ready is not None:
            self._ready(False)


class FakeIndicator:
    """Implements `agent.ports.Indicator`."""

    simulated = True

    def __init__(self, shown: list[tuple[str, str]] | None = None) -> None:
        self.shown: list[tuple[str, str]] = [] if shown is None else shown
        self.broken = False

    @property
    def ready(self) -> bool:
        return not self.broken

    def show(self, colour: Colour, *, fact: str) -> None:
        if self.broken:
            raise DeviceError("no lamp")
        self.shown.append((colour, fact))

    def close(self) -> None:
        self.broken = True


class FakeContact:
    """Implements `agent.ports.Contact`."""

    simulated = True

    def __init__(self, *, broken: bool = False) -> None:
        self._changed: Callable[[bool], None] | None = None
        self._broken = broken
        self._active = False

    def start(self, *, changed: Callable[[bool], None]) -> None:
        if self._broken:
            raise DeviceError("no such pin")
        self._changed = changed
        changed(self._active)

    def stop(self) -> None:
        self._changed = None

    def mend(self) -> None:
        """Be there from the next try on."""
        self._broken = False

    def switch(self, active: bool) -> None:
        """Open the door (True), or close it."""
        changed = active != self._active
        self._active = active
        if changed and self._changed is not None:
            self._changed(active)


class FakeCamera:
    """Implements `agent.ports.Camera`."""

    simulated = True

    def __init__(self) -> None:
        self.taken = 0

    def capture(self) -> CameraFrame:
        self.taken += 1
        rows = [bytes([40 + (self.taken + row) % 200]) * 32 * 3 for row in range(32)]
        return CameraFrame("rgb", b"".join(rows), width=32, height=32)

    def close(self) -> None:
        """Nothing to let go."""


def lamp_socket(path: Path) -> socket.socket:
    """Bind the socket to which a simulated lamp sends its lights."""
    lamp = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    lamp.bind(str(path))
    lamp.settimeout(5)
    return lamp


class FakeSpeaker:
    """Implements `agent.ports.Speaker`: it keeps what it was told to play."""

    simulated = False

    def __init__(self, *, reads: bool = False) -> None:
        self.played: list[list[Sound]] = []
        """What sounded, newest last; an empty list is silence."""
        self.wanted = False
        self._reads = reads
        self._ready: Callable[[bool, bool], None] | None = None

    def start(self, *, ready: Callable[[bool, bool], None]) -> None:
        self._ready = ready

    def want(self, wanted: bool) -> None:
        if wanted != self.wanted:
            self.wanted = wanted
            self.card(there=wanted)

    def card(self, *, there: bool) -> None:
        """Plug the card in, or pull it out."""
        if self._ready is not None:
            self._ready(there, there and self._reads)

    def play(self, sounds: Sequence[Sound]) -> None:
        self.played.append(list(sounds))

    def stop(self) -> None:
        self._ready = None
