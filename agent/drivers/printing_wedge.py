"""Hear what a keyboard-wedge reader prints, whatever it stands for: to find out how the reader is set."""

from collections.abc import Callable

from agent.drivers.keyboards import Keyboards
from agent.drivers.wedge import WedgeReader


class PrintingWedge(WedgeReader):
    """A wedge that is grabbed and tells of its lines as they were typed, empty for one that can't be read."""

    def __init__(
        self, *, usb: str, port: str, printed: Callable[[str], None], keyboards: Keyboards | None = None
    ) -> None:
        super().__init__(usb=usb, port=port, format="hex", keyboards=keyboards)
        self._printed = printed

    def _line_typed(self, typed: str) -> None:
        self._printed(typed)
