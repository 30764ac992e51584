"""A barcode scanner on a serial port that reads a card's number from a QR code, for people with a card on paper.

The code says ``CUNHUI:`` and the number in hex (`protocol.cards`), such as ``CUNHUI:04A22B1C``: capital letters,
digits and ``:`` belong to the alphanumeric mode of ISO/IEC 18004 (7.4.4), which makes the code small. The scanner is
set to end each code with CR or LF. Any other code, such as somebody's payment code, is refused with the red lamp, and
its content goes nowhere.
"""

import re
from typing import ClassVar

from agent.config.settings import ConfigSettings
from agent.drivers.serial_line import ListeningReader, serial_settings

_CODE = re.compile(rb"CUNHUI:([0-9A-Fa-f]{8,20})")


class QrScanner(ListeningReader):
    """Implements `agent.ports.CardReader`."""

    settings: ClassVar[ConfigSettings] = serial_settings(baud=9_600)
    frame_longest = 2_953  # bytes in the largest QR code (ISO/IEC 18004, table 7)

    def _card_in(self, frame: bytes) -> str:
        code = _CODE.fullmatch(frame)
        return code[1].decode().lower() if code else ""
