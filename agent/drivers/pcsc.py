"""A contactless reader behind pcscd (PC/SC). The UID comes by ``FF CA 00 00 00`` (PC/SC part 3, 3.2.2.1.3).

A thread waits in SCardGetStatusChange, which costs nothing while no card comes. pcscd may be missing, may stop or
restart, and the reader may be unplugged. Then the reader is not ready and is looked for again and again.
"""

import logging
from typing import Any, ClassVar

from smartcard import scard as _scard

from agent.config.settings import ConfigSettings, Setting
from agent.drivers.looping_reader import LoopingReader
from agent.ports import DeviceError

log = logging.getLogger(__name__)

scard: Any = _scard
"""pyscard's C layer carries no types."""

GET_UID = [0xFF, 0xCA, 0x00, 0x00, 0x00]
_OK = [0x90, 0x00]
"""SW1 and SW2 after a command that succeeded (ISO/IEC 7816-4)."""
_WAIT_MS = 5_000
_READ_TRIES = 3
"""A card that still moves into the field may fail once and be read a moment later."""
_GONE = scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE | scard.SCARD_STATE_IGNORE


class PcscReader(LoopingReader):
    """Implements `agent.ports.CardReader`."""

    settings: ClassVar[ConfigSettings] = {"pcsc_name": Setting(str, "", takes="PC/SC 读卡器")}

    def __init__(self, *, pcsc_name: str = "") -> None:
        """``pcsc_name``: part of the reader's PC/SC name; empty for the first reader found."""
        super().__init__()
        self._pcsc_name = pcsc_name
        self._context: int | None = None

    def _wake(self) -> None:
        if (context := self._context) is not None:
            scard.SCardCancel(context)

    def _attend(self) -> None:
        result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        _check(result)
        self._context = context
        try:
            result, names = scard.SCardListReaders(context, [])
            _check(result)
            reader = next((str(name) for name in names if self._pcsc_name in name), None)
            if reader is None:
                raise DeviceError(f"none of {len(names)} readers is named so")
            self._set_ready(True)
            self._watch(context, reader)
        finally:
            self._context = None
            scard.SCardReleaseContext(context)

    def _watch(self, context: int, reader: str) -> None:
        """Report cards until the reader goes. One insertion is one touch, however long the card lies there."""
        state = scard.SCARD_STATE_UNAWARE
        read = -1
        while not self._stopping.is_set():
            result, states = scard.SCardGetStatusChange(context, _WAIT_MS, [(reader, state)])
            if result == scard.SCARD_E_CANCELLED:
                return
            if result == scard.SCARD_E_TIMEOUT:
                continue  # the wait has an end only so that `_stopping` is looked at now and then
            _check(result)
            state = states[0][1]
            if state & _GONE:
                raise DeviceError("the reader was unplugged")
            # pcscd counts insertions and removals in the upper half of the state. So a card that was taken away and
            # put back between two looks is seen as a new touch.
            insertion = state >> 16
            if state & scard.SCARD_STATE_PRESENT and insertion != read:
                read = insertion
                self._read(context, reader)

    def _read(self, context: int, reader: str) -> None:
        problem = ""
        for _ in range(_READ_TRIES):
            try:
                self._touched(_uid(context, reader))
            except DeviceError as error:
                problem = str(error)
                if self._stopping.wait(0.05):
                    return
            else:
                return
        log.info("a card could not be read: %s", problem)
        # A person who took the card away too soon presents it again. A person whose card still lies there waits, so the
        # red lamp must tell.
        result, states = scard.SCardGetStatusChange(context, 0, [(reader, scard.SCARD_STATE_UNAWARE)])
        if result == scard.SCARD_S_SUCCESS and states[0][1] & scard.SCARD_STATE_PRESENT:
            self._touched("")


def _uid(context: int, reader: str) -> str:
    """Return the UID as hex, empty if the card gives none."""
    protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
    result, card, protocol = scard.SCardConnect(context, reader, scard.SCARD_SHARE_SHARED, protocols)
    _check(result)
    try:
        kind = scard.SCARD_PCI_T0 if protocol == scard.SCARD_PROTOCOL_T0 else scard.SCARD_PCI_T1
        result, answer = scard.SCardTransmit(card, kind, GET_UID)
        _check(result)
    finally:
        scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
    return bytes(byte & 0xFF for byte in answer[:-2]).hex() if list(answer[-2:]) == _OK else ""


def _check(result: int) -> None:
    if result != scard.SCARD_S_SUCCESS:
        raise DeviceError(str(scard.SCardGetErrorMessage(result)))


def present_readers() -> list[str]:
    """Return the PC/SC names of the readers that are there now; none if pcscd is not."""
    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    if result != scard.SCARD_S_SUCCESS:
        return []
    try:
        result, names = scard.SCardListReaders(context, [])
        return [str(name) for name in names] if result == scard.SCARD_S_SUCCESS else []
    finally:
        scard.SCardReleaseContext(context)
