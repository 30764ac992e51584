"""Make frames of an NXP PN532 (UM0701-02, 6.2.1), and find them in received bytes. Pure functions, no I/O.

``00 00 FF LEN LCS TFI DATA… DCS 00``: LEN counts TFI and data, LEN + LCS and TFI + data + DCS are 0 modulo 256. TFI is
D4 to the chip and D5 from it. Extended frames (longer than 255 bytes) are not read, because no command sent here is
answered by one.
"""

from collections.abc import Iterator

TO_CHIP, FROM_CHIP = 0xD4, 0xD5
ACK = bytes.fromhex("0000ff00ff00")
_START = b"\x00\xff"
_ACK_LENGTHS = b"\x00\xff"
_ID_BYTES = (4, 7, 10)


def framed(data: bytes, *, tfi: int = TO_CHIP) -> bytes:
    """Return a normal information frame that contains a command or an answer."""
    body = bytes([tfi]) + data
    return b"\x00\x00\xff" + bytes([len(body), -len(body) & 0xFF]) + body + bytes([-sum(body) & 0xFF, 0])


class FrameFinder:
    """Takes bytes as they come and returns the frames that the chip sent in them, without the damaged ones."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the data after TFI of each frame that is now complete; an ACK is empty."""
        self._buffer += data
        return list(self._frames())

    def _frames(self) -> Iterator[bytes]:
        while (start := self._buffer.find(_START)) >= 0:
            head = self._buffer[start + 2 : start + 4]
            if len(head) < 2:
                break
            if head == _ACK_LENGTHS:
                self._buffer = self._buffer[start + 4 :]
                yield b""
                continue
            length = head[0] if sum(head) & 0xFF == 0 else 0
            frame = self._buffer[start + 4 : start + 5 + length]
            if length and len(frame) <= length:
                break
            good = length > 0 and sum(frame) & 0xFF == 0 and frame[0] == FROM_CHIP
            # Another frame may begin inside a damaged one, so skip only the start of the damaged frame.
            self._buffer = self._buffer[start + (5 + length if good else 2) :]
            if good:
                yield frame[1:-1]
        # Keep the last byte, because it may be the first half of a start; other noise is dropped.
        self._buffer = self._buffer[max(start, 0) :] if start >= 0 else self._buffer[-1:]


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
