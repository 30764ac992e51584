"""A contactless card without plastic: a client of Debian's vsmartcard-vpcd, which is a reader to pcscd.

The socket carries a length of two bytes, big-endian, before each message; a message of one byte controls
(0 off, 1 on, 2 reset, 4 "give your ATR"), anything else is an APDU (ISO/IEC 7816-4). The card answers
``FF CA 00 00 00`` (PC/SC part 3, 3.2.2.1.3) with its UID and everything else with 6D 00.
"""

import socket
import struct
import threading

ATR = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")
"""A storage card (PC/SC part 3, 3.1.3.2.3)."""

_GET_UID = bytes.fromhex("FFCA0000")
_GET_ATR = 4


def answer_to(apdu: bytes, uid: bytes) -> bytes:
    """Return what a card with this UID answers."""
    return uid + b"\x90\x00" if apdu[:4] == _GET_UID else b"\x6d\x00"


class VirtualCard:
    """One card lying on the virtual reader while the context lasts."""

    def __init__(self, uid: str, *, port: int, host: str = "127.0.0.1") -> None:
        self._uid = bytes.fromhex(uid)
        self._socket = socket.create_connection((host, port), timeout=5)
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._serve, name="virtual-card", daemon=True)
        self._thread.start()

    def __enter__(self) -> "VirtualCard":
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Take the card away."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while (header := self._exactly(2)) is not None:
            message = self._exactly(struct.unpack(">H", header)[0])
            if message is None:
                return
            # A message of one byte controls the card. Only the one that asks for the ATR wants an answer.
            if len(message) != 1:
                self._send(answer_to(message, self._uid))
            elif message[0] == _GET_ATR:
                self._send(ATR)

    def _send(self, answer: bytes) -> None:
        self._socket.sendall(struct.pack(">H", len(answer)) + answer)

    def _exactly(self, count: int) -> bytes | None:
        data = b""
        while len(data) < count:
            try:
                piece = self._socket.recv(count - len(data))
            except OSError:
                return None
            if not piece:
                return None
            data += piece
        return data
