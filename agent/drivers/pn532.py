"""A PN532 module on a serial port (HSU, 115,200 baud): cards of ISO/IEC 14443-3 type A (NXP UM0701-02).

The chip is asked for cards several times a second and answers with those that lie there, two at most. So a chip that
does not answer is known to be gone. If two cards lie there, both are reported.
"""

import time
from typing import ClassVar

import serial

from agent.config.settings import Settings
from agent.drivers.pn532_frames import ACK, FrameFinder, framed, uids_in
from agent.drivers.serial_line import SerialReader, serial_settings
from agent.ports import DeviceError

_WAKE = b"\x55\x55" + bytes(14)
"""A long preamble wakes the chip out of power-down (UM0701-02, 7.2.11, and PN532/C1 data sheet, HSU wake-up)."""
_GET_FIRMWARE_VERSION = b"\x02"
_NORMAL_MODE = b"\x14\x01"
"""SAMConfiguration (7.2.10): no security module."""
_NO_AUTOMATIC_RATS = b"\x12\x04"
"""SetParameters (7.2.9): only fAutomaticATR_RES. Without automatic RATS a card stays selected and answers each time."""
_GIVE_UP_SOON = b"\x32\x05\xff\x01\x01"
"""RFConfiguration, MaxRetries (7.3.1): look twice for a card, then answer that there is none."""
_LIST_CARDS = b"\x4a\x02\x00"
"""InListPassiveTarget (7.3.5): two at most, 106 kbit/s type A."""
TRIES = 3
_ANSWER_WITHIN_S = 0.5
_LOOK_EVERY_S = 0.15


class Pn532Reader(SerialReader):
    """Implements `agent.ports.CardReader`."""

    settings: ClassVar[Settings] = serial_settings(baud=115_200)

    def _converse(self, line: serial.Serial) -> None:
        line.write(_WAKE)
        for command in (_NORMAL_MODE, _GET_FIRMWARE_VERSION, _NO_AUTOMATIC_RATS, _GIVE_UP_SOON):
            self._ask(line, command)
        while not self._stopping.is_set():
            answer = self._ask(line, _LIST_CARDS)
            if not answer:
                return
            self._set_ready(True)
            for uid in uids_in(answer):
                self._card_lies(uid)
            self._stopping.wait(_LOOK_EVERY_S)

    def _ask(self, line: serial.Serial, command: bytes) -> bytes:
        """Send a command and return its answer, or nothing if the driver is asked to stop.

        A damaged exchange is aborted by an ACK (6.2.1.3) and begun anew.
        """
        for _ in range(TRIES):
            line.write(framed(command))
            if answer := self._answer(line, command[0] + 1):
                return answer
            line.write(ACK)
        if self._stopping.is_set():
            return b""
        raise DeviceError(f"{self._port}: no PN532 answers")

    def _answer(self, line: serial.Serial, code: int) -> bytes:
        finder = FrameFinder()
        until_s = time.monotonic() + _ANSWER_WITHIN_S
        while not self._stopping.is_set() and (left_s := until_s - time.monotonic()) > 0:
            line.timeout = left_s
            for frame in finder.feed(line.read(max(1, line.in_waiting))):
                if frame[:1] == bytes([code]):
                    return frame
        return b""
