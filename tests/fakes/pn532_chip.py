"""A PN532 at the far end of a serial line. Its answers were recorded from real chips.

The pairs of SAMConfiguration, GetFirmwareVersion and InListPassiveTarget stand in many people's logs of Elechouse and
ITEAD modules; the answers to SetParameters and RFConfiguration are made after UM0701-02, 7.2.9 and 7.3.1.
"""

import re
import threading

from tests.fakes.serial_port import SerialPort

ACK = bytes.fromhex("0000ff00ff00")
ANSWERS = {
    bytes.fromhex("0000ff03fdd414011700"): bytes.fromhex("0000ff02fed5151600"),
    bytes.fromhex("0000ff02fed4022a00"): bytes.fromhex("0000ff06fad50332010607e800"),
    bytes.fromhex("0000ff03fdd412041600"): bytes.fromhex("0000ff02fed5131800"),
    bytes.fromhex("0000ff06fad43205ff0101f400"): bytes.fromhex("0000ff02fed533f800"),
}
LIST_CARDS = bytes.fromhex("0000ff04fcd44a0200e000")
NO_CARD = bytes.fromhex("0000ff03fdd54b00e000")
RECORDED = {
    "c2994a1b": "0000ff0cf4d54b010100040804c2994a1b0e00",
    "cb98a605": "0000ff0cf4d54b010100040804cb98a605c000",
    "63314706": "0000ff0cf4d54b01010004080463314706ed00",
    "24d34f59": "0000ff0cf4d54b01010004080424d34f592f00",
    "078cfc4f": "0000ff0cf4d54b010100040804078cfc4ff000",
}
"""Answers with one MIFARE Classic card, by its UID, as recorded from modules."""
LIMIT_S = 15
_COMMAND = re.compile(rb"\x00\x00\xff[\x01-\xfe].\xd4", re.DOTALL)


class Pn532Chip:
    """Answers each command that comes, in a thread; ``cards`` lie on it."""

    def __init__(self, port: SerialPort) -> None:
        self._port = port
        self.cards: list[str] = []
        self.spoil: list[bytes] = []
        """Sent instead of the next answers, one for each."""
        self.deaf = False
        self.commands: list[bytes] = []
        self._heard = threading.Condition()
        self._port_open = True
        """Whether the driver has the port open, as far as is known."""
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def await_commands(self, count: int) -> None:
        """Wait until the driver has sent so many commands in all."""
        with self._heard:
            assert self._heard.wait_for(lambda: len(self.commands) >= count, timeout=LIMIT_S)

    def await_look(self) -> None:
        """Wait until the driver knows which cards lie there now.

        Raises:
            OSError: No driver has the port open.
        """
        with self._heard:
            # An answer may be under way while the cards change. The next answer tells of the new ones, and the driver
            # has read it when it asks once more.
            enough = self.commands.count(LIST_CARDS) + 3
            assert self._heard.wait_for(
                lambda: self.commands.count(LIST_CARDS) >= enough or not self._port_open, timeout=LIMIT_S
            )
            if self.commands.count(LIST_CARDS) < enough:
                raise OSError("nobody reads this port")

    def stop(self) -> None:
        self._ending.set()
        self._port.unplug()
        self._thread.join(5)

    def _run(self) -> None:
        buffer = b""
        while not self._ending.is_set():
            got = self._port.received()
            with self._heard:
                self._port_open = bool(got)
                self._heard.notify_all()
            if not got:
                # The near end is closed: a pseudo-terminal gives an error until somebody opens it again.
                self._ending.wait(0.02)
            buffer += got
            while found := _COMMAND.search(buffer):
                end = found.start() + buffer[found.start() + 3] + 7
                if len(buffer) < end:
                    break
                command, buffer = buffer[found.start() : end], buffer[end:]
                self._take(command)

    def _take(self, command: bytes) -> None:
        with self._heard:
            self.commands.append(command)
            self._heard.notify_all()
        if self.deaf:
            return
        answer = self._cards() if command == LIST_CARDS else ANSWERS.get(command)
        if answer is None:
            return
        try:
            self._port.send(ACK + (self.spoil.pop(0) if self.spoil else answer))
        except OSError:
            return

    def _cards(self) -> bytes:
        if not self.cards:
            return NO_CARD
        if len(self.cards) == 1 and self.cards[0] in RECORDED:
            return bytes.fromhex(RECORDED[self.cards[0]])
        body = bytes.fromhex("d54b") + bytes([len(self.cards)])
        for number, uid in enumerate(self.cards, start=1):
            raw = bytes.fromhex(uid)
            body += bytes([number, 0x00, 0x44 if len(raw) > 4 else 0x04, 0x08, len(raw)]) + raw
        return b"\x00\x00\xff" + bytes([len(body), 256 - len(body)]) + body + bytes([-sum(body) % 256, 0])
