"""QEMU's USB card reader (usb-ccid), whose card is played by the machine itself, and the USB bus that it hangs on.

QEMU hands the card's side to a client of the VSCard protocol (QEMU: docs/ccid.txt; libcacard: vscard_common.h): each
message is type, reader and length, 32 bits each and big-endian, then data. Here that client is a serial port of the
machine's, named ``card``.
"""

import os
import struct
import threading
from pathlib import Path

from firmware_scripts.demo.virtual_card import ATR, answer_to

PORT = Path("/dev/virtio-ports/card")
_INIT, _READER_ADD, _ATR, _CARD_REMOVE, _APDU = 1, 3, 5, 6, 7
_VERSION = 2
_READER_USB = ("08e6", "4433")
_USB = Path("/sys/bus/usb/devices")
_DRIVER = Path("/sys/bus/pci/drivers/xhci_hcd")


class CardSlot:
    """The place on the reader where a card may lie."""

    def __init__(self) -> None:
        self._file = os.open(PORT, os.O_RDWR)
        self._uid = b""
        self._send(_INIT, b"VSCD" + struct.pack(">II", _VERSION, 0))
        self._send(_READER_ADD, b"")
        threading.Thread(target=self._serve, daemon=True).start()

    def put(self, uid: str) -> None:
        self._uid = bytes.fromhex(uid)
        self._send(_ATR, ATR)

    def take(self) -> None:
        self._send(_CARD_REMOVE, b"")

    def _send(self, kind: int, data: bytes) -> None:
        os.write(self._file, struct.pack(">III", kind, 0, len(data)) + data)

    def _serve(self) -> None:
        while True:
            kind, _, length = struct.unpack(">III", self._exactly(12))
            data = self._exactly(length)
            if kind == _APDU:
                self._send(_APDU, answer_to(data, self._uid))

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += os.read(self._file, count - len(data))
        return data


class UsbBus:
    """The USB controller of the reader. Without it the reader seems to be pulled out."""

    def __init__(self) -> None:
        reader = next(place for place in _USB.iterdir() if _ids(place) == _READER_USB)
        self._address = next(one.name for one in reader.resolve().parents if (_DRIVER / one.name).exists())

    def unplug(self) -> None:
        (_DRIVER / "unbind").write_text(self._address)

    def plug(self) -> None:
        (_DRIVER / "bind").write_text(self._address)


def _ids(place: Path) -> tuple[str, str] | None:
    try:
        return (place / "idVendor").read_text().strip(), (place / "idProduct").read_text().strip()
    except OSError:
        return None
