"""Give the running terminal larger or smaller text: foot does it for a key, and this presses the key.

The two keys are on no keyboard: they exist on a keyboard of this program's own, which the compositor lets any program
of the kiosk's user make (zwp_virtual_keyboard_v1). foot then sets its text anew in the same window. Nothing starts
anew, and the screen is never dark. ADR 35 compares this with the other ways.
"""

import os
import struct
import time
from pathlib import Path

from kiosk_tui.session.wayland import GLOBAL, REGISTRY, NoScreen, Wire, string

LARGER_KEY, SMALLER_KEY = "F35", "F34"
"""foot's bindings (`kiosk_tui.session.session.terminal`). No key of Linux gives these symbols: those end with F24."""

_LARGER, _SMALLER = 1, 2
_KEYMAP = f"""xkb_keymap {{
xkb_keycodes "cunhui" {{ minimum = 8; maximum = 16; <UP> = {8 + _LARGER}; <DOWN> = {8 + _SMALLER}; }};
xkb_types "cunhui" {{ type "ONE_LEVEL" {{ modifiers = none; map[none] = Level1; level_name[Level1] = "Any"; }}; }};
xkb_compatibility "cunhui" {{ interpret Any + AnyOf(all) {{ action = NoAction(); }}; }};
xkb_symbols "cunhui" {{
key <UP> {{ type = "ONE_LEVEL", [ {LARGER_KEY} ] }};
key <DOWN> {{ type = "ONE_LEVEL", [ {SMALLER_KEY} ] }};
}};
}};
"""
_SEAT, _MANAGER = "wl_seat", "zwp_virtual_keyboard_manager_v1"
_CREATE_KEYBOARD, _SET_KEYMAP, _KEY = 0, 0, 1
_XKB_V1 = 1
_PRESSED, _RELEASED = 1, 0


class Zoom:
    """The keyboard. A context manager."""

    def __init__(self, path: Path) -> None:
        """Make the keyboard at a compositor's socket.

        Raises:
            NoScreen: The compositor can't be reached or lends no keyboards.
        """
        self._wire = Wire(path)
        try:
            self._keyboard = self._make()
        except NoScreen:
            self._wire.__exit__()
            raise

    def __enter__(self) -> "Zoom":
        return self

    def __exit__(self, *ended: object) -> None:
        self._wire.__exit__(*ended)

    def larger(self, steps: int) -> None:
        """Have the terminal in front set its text so many steps larger, or with a negative number smaller.

        Raises:
            NoScreen: The compositor has ended.
        """
        key = _LARGER if steps > 0 else _SMALLER
        for _ in range(abs(steps)):
            for state in (_PRESSED, _RELEASED):
                now_ms = time.monotonic_ns() // 1_000_000 % 2**32
                self._wire.send(self._keyboard, _KEY, struct.pack("=III", now_ms, key, state))
        self._wire.round_trip()

    def _make(self) -> int:
        offered = {
            string(body, 4): struct.unpack_from("=I", body)[0]
            for sender, opcode, body in self._wire.round_trip()
            if sender == REGISTRY and opcode == GLOBAL
        }
        if missing := {_SEAT, _MANAGER} - offered.keys():
            raise NoScreen(f"the compositor has no {', '.join(sorted(missing))}")
        seat = self._wire.bind(offered[_SEAT], _SEAT, 1)
        manager = self._wire.bind(offered[_MANAGER], _MANAGER, 1)
        keyboard = self._wire.new_id()
        self._wire.send(manager, _CREATE_KEYBOARD, struct.pack("=II", seat, keyboard))
        keymap = _KEYMAP.encode() + b"\0"
        file = os.memfd_create("keymap", os.MFD_CLOEXEC)
        try:
            os.write(file, keymap)
            self._wire.send(keyboard, _SET_KEYMAP, struct.pack("=II", _XKB_V1, len(keymap)), file)
            self._wire.round_trip()
        finally:
            os.close(file)
        return keyboard
