"""A PN532 module on a serial port (HSU, 115,200 baud): cards of ISO/IEC 14443-3 type A (NXP UM0701-02).

The chip is asked for cards several times a second and answers with those that lie there, two at most. So a chip that
does not answer is known to be gone. If two cards lie there, both are reported.

A frame is ``00 00 FF LEN LCS TFI DATA… DCS 00`` (6.2.1): LEN counts TFI and data, LEN + LCS and TFI + data + DCS are 0
modulo 256. TFI is D4 to the chip and D5 from it. Extended frames (longer than 255 bytes) are not read, because no
command sent here is answered by one.
"""

import time
from typing import ClassVar

import serial

from agent.config.settings import ConfigSettings
from agent.drivers.serial_line import SerialReader, serial_settings
from agent.ports import DeviceError

TO_CHIP, FROM_CHIP = 0xD4, 0xD5
ACK = bytes.fromhex("0000ff00ff00")
_START = b"\x00\xff"
_ACK_LENGTHS = b"\x00\xff"
_ID_BYTES = (4, 7, 10)
"""A UID has a single, double or triple size (ISO/IEC 14443-3)."""

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

    settings: ClassVar[ConfigSettings] = serial_settings(baud=115_200)

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
            finder = FrameFinder()
            until_s = time.monotonic() + _ANSWER_WITHIN_S
            while not self._stopping.is_set() and (left_s := until_s - time.monotonic()) > 0:
                line.timeout = left_s
                for frame in finder.feed(line.read(max(1, line.in_waiting))):
                    # The chip answers a command with its code plus one; an ACK and late answers are passed over.
                    if frame[:1] == bytes([command[0] + 1]):
                        return frame
            line.write(ACK)
        if self._stopping.is_set():
            return b""
        raise DeviceError(f"{self._port}: no PN532 answers")


def framed(data: bytes, *, tfi: int = TO_CHIP) -> bytes:
    """Return a normal information frame that contains a command or an answer."""
    body = bytes([tfi]) + data
    return b"\x00\x00\xff" + bytes([len(body), -len(body) & 0xFF]) + body + bytes([-sum(body) & 0xFF, 0])


class FrameFinder:
    """Takes bytes as they come and returns the frames that the chip sent in them, without the damaged ones. No I/O."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the data after TFI of each frame that is now complete; an ACK is empty."""
        self._buffer += data
        found: list[bytes] = []
        while (start := self._buffer.find(_START)) >= 0:
            head = self._buffer[start + 2 : start + 4]
            if len(head) < 2:
                break
            if head == _ACK_LENGTHS:
                self._buffer = self._buffer[start + 4 :]
                found.append(b"")
                continue
            length = head[0] if sum(head) & 0xFF == 0 else 0
            frame = self._buffer[start + 4 : start + 5 + length]
            if length and len(frame) <= length:
                break
            good = length > 0 and sum(frame) & 0xFF == 0 and frame[0] == FROM_CHIP
            # Another frame may begin inside a damaged one, so skip only the start of the damaged frame.
            self._buffer = self._buffer[start + (5 + length if good else 2) :]
            if good:
                found.append(frame[1:-1])
        # Keep the last byte, because it may be the first half of a start; other noise is dropped.
        self._buffer = self._buffer[max(start, 0) :] if start >= 0 else self._buffer[-1:]
        return found


def uids_in(answer: bytes) -> list[str]:
    """Return the UIDs in an InListPassiveTarget answer for 106 kbit/s type A, as hex (UM0701-02, 7.3.5).

    ``4B NbTg`` and for each card ``Tg SENS_RES(2) SEL_RES NFCIDLength NFCID``; no ATS, because none is asked for. An
    answer of another shape names no card.
    """
    found: list[str] = []
    rest = answer[2:]
    for number in range(1, answer[1] + 1 if len(answer) > 1 else 0):
        length = rest[4] if len(rest) > 4 else 0
        uid = rest[5 : 5 + length]
        if len(uid) != length or length not in _ID_BYTES or rest[0] != number:
            return []
        found.append(uid.hex())
        rest = rest[5 + length :]
    return [] if rest else found
