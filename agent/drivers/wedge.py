"""A card reader that types like a USB keyboard: the digits of the card, then Enter.

It is recognised by USB vendor and product, and by its port if there are several of a kind. All its input devices are
grabbed, so that nothing that it types reaches another program. Readers write a number differently: see
`agent.inputs.uid`.
"""

import os
import selectors
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import ClassVar

from agent.config.settings import USB_ID, ConfigSettings, Setting, one_of, shaped
from agent.drivers.evdev_alone import ecodes
from agent.drivers.keyboards import EvdevKeyboards, Keyboard, Keyboards, KeyEvent, Keys
from agent.drivers.looping_reader import LoopingReader
from agent.inputs.uid import FORMATS, MAX_PRINTED, Format, uid_as_sent
from agent.ports import DeviceError

_LOOK_EVERY_S = 2.0
HALF_LINE_S = 1.0
"""A pause of so long inside a line means that a person types. Wedges type 100 keys a second."""
_LEAST_PRINTED = 8
"""The digits of the shortest card in hex. Fewer digits among other keys are a person's typing."""
_ENTER = {ecodes.KEY_ENTER, ecodes.KEY_KPENTER}
_SILENT = {ecodes.KEY_LEFTSHIFT, ecodes.KEY_RIGHTSHIFT, ecodes.KEY_CAPSLOCK, ecodes.KEY_NUMLOCK}
"""Keys that do not change a hex digit."""
_DIGITS = {
    **{getattr(ecodes, f"KEY_{digit}"): digit for digit in "0123456789ABCDEF"},
    **{getattr(ecodes, f"KEY_KP{digit}"): digit for digit in "0123456789"},
}


class WedgeReader(LoopingReader):
    """Implements `agent.ports.CardReader`."""

    settings: ClassVar[ConfigSettings] = {
        "usb": Setting(str, required=True, check=USB_ID),
        "port": Setting(str, "", check=shaped(r"(\d+(\.\d+)*)?", "1.2")),
        "format": Setting(str, required=True, check=one_of(*FORMATS)),
    }

    def __init__(self, *, usb: str, format: Format, port: str = "", keyboards: Keyboards | None = None) -> None:
        super().__init__()
        self._usb, self._port, self._format = usb, port, format
        self._keyboards = keyboards or EvdevKeyboards()
        self._wake_event = -1

    def start(self, *, touched: Callable[[str], None], ready: Callable[[bool], None]) -> None:
        """Begin to look for the reader."""
        self._wake_event = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        super().start(touched=touched, ready=ready)

    def stop(self) -> None:
        """End the thread and release the keyboard."""
        super().stop()
        if self._wake_event >= 0:
            os.close(self._wake_event)
            self._wake_event = -1

    def _wake(self) -> None:
        os.eventfd_write(self._wake_event, 1)

    def _attend(self) -> None:
        grabbed: dict[Keyboard, Keys] = {}
        with ExitStack() as stack, selectors.DefaultSelector() as selector:
            selector.register(self._wake_event, selectors.EVENT_READ)
            while not self._stopping.is_set():
                mine = [
                    one for one in self._keyboards.present() if one.usb == self._usb and self._port in ("", one.port)
                ]
                if not any(one.types for one in mine):
                    raise DeviceError(f"no keyboard {self._usb} {self._port}".rstrip())
                # Look again and again: a wedge may appear as several devices, one after the other.
                for keyboard in mine:
                    if keyboard not in grabbed:
                        keys = grabbed[keyboard] = self._keyboards.grab(keyboard)
                        stack.callback(keys.close)
                        selector.register(keys, selectors.EVENT_READ, (keys, TypedLine()))
                self._set_ready(True)
                self._read(selector, until_s=time.monotonic() + _LOOK_EVERY_S)

    def _read(self, selector: selectors.BaseSelector, *, until_s: float) -> None:
        while not self._stopping.is_set() and (left_s := until_s - time.monotonic()) > 0:
            for ready, _ in selector.select(left_s):
                # The descriptor that only wakes this thread has no data.
                if ready.data is not None:
                    keys, line = ready.data
                    for key in keys.read():
                        if (typed := line.take(key, time.monotonic())) is not None:
                            self._line_typed(typed)

    def _line_typed(self, typed: str) -> None:
        self._card_lies(uid_as_sent(typed, self._format))


class PrintingWedge(WedgeReader):
    """A wedge that passes its lines on as typed, to find out the format that a reader is set to.

    A line that can't be read is empty.
    """

    def __init__(
        self, *, usb: str, port: str, printed: Callable[[str], None], keyboards: Keyboards | None = None
    ) -> None:
        super().__init__(usb=usb, port=port, format="hex", keyboards=keyboards)
        self._printed = printed

    def _line_typed(self, typed: str) -> None:
        self._printed(typed)


class TypedLine:
    """Puts together the keys of one keyboard until Enter. No I/O.

    Any key that is no digit spoils the line, such as a menu key or a key pressed with ctrl or alt. If a spoilt line has
    as many digits as a card, it counts as a card that can't be read: the reader is set to type more than the number, or
    keys got lost.
    """

    def __init__(self) -> None:
        self._text = ""
        self._spoilt = False
        self._last_s = 0.0

    def take(self, key: KeyEvent, now_s: float) -> str | None:
        """Take a key pressed at a monotonic time. Return the line that it ends, empty for a card that can't be read."""
        if key.value != 1 or key.code in _SILENT:
            return None
        if now_s - self._last_s > HALF_LINE_S:
            self._restart()
        self._last_s = now_s
        if key.code in _ENTER:
            text, spoilt = self._text, self._spoilt
            self._restart()
            if not text or len(text) > MAX_PRINTED:
                return None
            if spoilt:
                return "" if len(text) >= _LEAST_PRINTED else None
            return text
        digit = _DIGITS.get(key.code, "")
        self._spoilt = self._spoilt or not digit
        # Keep one digit too many, so that a line that is too long is recognised as such.
        self._text += digit if len(self._text) <= MAX_PRINTED else ""
        return None

    def _restart(self) -> None:
        self._text, self._spoilt = "", False
