"""The PC/SC driver on pcscd, libccid and the kernel's USB, with QEMU's reader: cards, and a reader pulled out."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.drivers.pcsc import PcscReader
from tests.agent.drivers.drivers_heard import listening, reading
from tests.agent.drivers.reader_contract import check_reader
from tests.fakes.pcscd import Pcscd
from tests.rig.usb_reader import CardSlot, UsbBus

DRIVER = "pcsc"
STACK = "pyscard, Debian's pcscd and libccid, Linux USB, QEMU usb-ccid"
CARD, OTHER = "04a1b2c3d4e5f6", "04b1b2c3"


@pytest.fixture(scope="module")
def slot() -> CardSlot:
    return CardSlot()


@pytest.fixture(scope="module")
def pcscd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pcscd]:
    folder: Path = tmp_path_factory.mktemp("pcscd")
    made = Pcscd(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCSCLITE_CSOCK_NAME", str(made.socket))
        made.start()
        yield made
        made.stop()


def test_it_keeps_the_contract_of_every_reader(pcscd: Pcscd, slot: CardSlot) -> None:
    def present(uid: str) -> None:
        slot.put(uid)
        threading.Event().wait(2)
        slot.take()
        threading.Event().wait(2)

    check_reader(PcscReader(), present, uids=(CARD, OTHER, CARD))


def test_pulled_out_with_a_card_on_it_and_put_in_again(pcscd: Pcscd, slot: CardSlot) -> None:
    bus = UsbBus()
    with reading(PcscReader()) as heard:
        slot.put(CARD)
        assert heard.touch() == CARD
        bus.unplug()
        assert heard.is_ready() is False
        slot.take()
        bus.plug()
        assert heard.is_ready() is True
        slot.put(OTHER)
        assert heard.touch() == OTHER
        slot.take()


def test_plugged_in_after_the_station_began(pcscd: Pcscd, slot: CardSlot) -> None:
    bus = UsbBus()
    with reading(PcscReader()) as before:
        bus.unplug()
        assert before.is_ready() is False
    with listening(PcscReader()) as heard:
        assert heard.is_ready() is False
        bus.plug()
        assert heard.is_ready() is True
        slot.put(CARD)
        assert heard.touch() == CARD
        slot.take()
