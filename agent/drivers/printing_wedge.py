"""Pass on what a keyboard-wedge reader types, whatever it means, to find out the format that the reader is set to."""

from collections.abc import Callable

from agent.drivers.keyboards import Keyboards
from agent.drivers.wedge import WedgeReader


class PrintingWedge(WedgeReader):
    """A wedge that is grabbed and passes its lines on as typed; a line that can't be read is empty."""

    def __init__(
        self, *, usb: str, port: str, printed: Callable[[str], None], keyboards: Keyboards | None = None
    ) -> None:
        super().__init__(usb=usb, port=port, format="hex", keyboards=keyboards)
        self._printed = printed

    def _line_typed(self, typed: str) -> None:
        self._printed(typed)
