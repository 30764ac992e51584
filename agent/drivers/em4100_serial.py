"""A 125 kHz reader module that sends framed ASCII: RDM6300, RDM630, ID-12, ID-20 and their copies.

A frame is STX, the card's 40 bits as ten hex digits, a checksum as two (the XOR of the five bytes), then ETX, with CR
and LF before it (ID-12 data sheet, "ASCII data format") or without them (RDM6300 data sheet), at 9,600 baud. While a
card lies on the reader, some modules repeat the frame and others are silent.
"""

import re
from functools import reduce
from operator import xor
from typing import ClassVar

from agent.config.settings import ConfigSettings
from agent.drivers.serial_line import ListeningReader, serial_settings

_FRAME = re.compile(rb"([0-9A-F]{10})([0-9A-F]{2})(?:\r\n)?")


class Em4100SerialReader(ListeningReader):
    """Implements `agent.ports.CardReader`. A frame with a wrong checksum is dropped, because nobody knows which card it
    was."""

    settings: ClassVar[ConfigSettings] = serial_settings(baud=9_600)
    frame_start, frame_end, frame_longest = b"\x02", b"\x03", 14

    def _card_in(self, frame: bytes) -> str | None:
        return number_in(frame)


def number_in(frame: bytes) -> str | None:
    """Return the card's number in lower-case hex, or None if the frame is damaged."""
    found = _FRAME.fullmatch(frame)
    if found is None or reduce(xor, bytes.fromhex(found[1].decode())) != int(found[2], 16):
        return None
    return found[1].decode().lower()
