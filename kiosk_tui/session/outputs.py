"""Ask the compositor for the screen's size."""

import struct
from dataclasses import dataclass
from pathlib import Path

from kiosk_tui.session.wayland import GLOBAL, GLOBAL_REMOVE, REGISTRY, Event, NoScreen, Wire, string

_GEOMETRY, _MODE, _DONE = 0, 1, 2
_CURRENT = 1
"""Flag of the mode that is in use."""
_OUTPUT_VERSION = 2
"""From this version on an output says when it has told everything (``done``)."""


@dataclass(slots=True)
class _Output:
    name: int
    size: tuple[int, int] = (0, 0)
    turned: bool = False
    """A quarter turn swaps width and height."""
    complete: bool = False

    def hear(self, opcode: int, body: bytes) -> None:
        if opcode == _GEOMETRY:
            # The transform is the last word, behind strings of any length. Odd ones are quarter turns.
            (transform,) = struct.unpack_from("=i", body, len(body) - 4)
            self.turned = transform % 2 == 1
            self.complete = False
        elif opcode == _MODE:
            flags, width, height, _ = struct.unpack_from("=Iiii", body)
            if flags & _CURRENT:
                self.size = (width, height)
                self.complete = False
        elif opcode == _DONE:
            # Only now do size and turn belong together. Between them the size could be that of a screen on its side.
            self.complete = True


class Outputs:
    """A connection to the compositor that keeps track of its outputs. A context manager."""

    def __init__(self, path: Path) -> None:
        """Connect to a compositor's socket.

        Raises:
            NoScreen: It can't be reached.
        """
        self._outputs: dict[int, _Output] = {}
        self._wire = Wire(path)

    def __enter__(self) -> "Outputs":
        return self

    def __exit__(self, *ended: object) -> None:
        self._wire.__exit__(*ended)

    def fileno(self) -> int:
        """Return the descriptor to wait for before `listen`."""
        return self._wire.fileno()

    def size(self) -> tuple[int, int] | None:
        """Return width and height in pixels of the output that was plugged in last; None while there is none."""
        known = [output for output in self._outputs.values() if output.complete and all(output.size)]
        if not known:
            return None
        width, height = known[-1].size
        return (height, width) if known[-1].turned else (width, height)

    def listen(self) -> None:
        """Take what the compositor says; wait if it says nothing.

        Raises:
            NoScreen: It ended.
        """
        for event in self._wire.listen():
            try:
                self._hear(event)
            except struct.error as error:
                raise NoScreen("a message that is too short") from error

    def _hear(self, event: Event) -> None:
        sender, opcode, body = event
        if sender == REGISTRY:
            (name,) = struct.unpack_from("=I", body)
            if opcode == GLOBAL_REMOVE:
                self._outputs = {key: output for key, output in self._outputs.items() if output.name != name}
            elif opcode == GLOBAL and string(body, 4) == "wl_output":
                self._outputs[self._wire.bind(name, "wl_output", _OUTPUT_VERSION)] = _Output(name)
        elif sender in self._outputs:
            self._outputs[sender].hear(opcode, body)
