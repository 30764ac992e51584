"""The PC/SC driver with the real pcscd and Debian's virtual reader: cards, and a pcscd that stops and starts."""

import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.drivers.pcsc import PcscReader, present_readers
from firmware_scripts.demo import virtual_card
from protocol.cards import normalise_uid
from protocol.refusal import Refused
from tests.agent.drivers.drivers_heard import Heard, listening, reading
from tests.agent.drivers.reader_contract import check_reader
from tests.conftest import short_folder
from tests.fakes.pcscd import DOOR, Pcscd

UID = "04a1b2c3d4e5f6"
OTHER = "04b1b2c3"
LIMIT_S = 15
FIRST, SECOND = f"{DOOR} 00 00", f"{DOOR} 00 01"
DESK = "Virtual Desk"


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """The same socket for every pcscd of this process, because libpcsclite reads its path from the environment only
    once."""
    with short_folder() as made, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCSCLITE_CSOCK_NAME", str(made / "run" / "pcscd.comm"))
        yield made


@pytest.fixture
def pcscd(place: Path) -> Iterator[Pcscd]:
    made = Pcscd(place)
    made.plug(DOOR)
    yield made
    made.stop()


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def reader(heard: Heard) -> Iterator[PcscReader]:
    made = PcscReader()
    yield made
    made.stop()


def begin(reader: PcscReader, heard: Heard) -> None:
    reader.start(touched=heard.touches.put, ready=heard.ready.put)


def test_it_keeps_the_contract_of_every_reader(pcscd: Pcscd, reader: PcscReader) -> None:
    def present(uid: str) -> None:
        """Leave the card long enough for pcscd, which looks every 0.4 s, to see it come and go."""
        with pcscd.card(uid):
            threading.Event().wait(1)
        threading.Event().wait(1)

    assert present_readers() == []
    pcscd.start()
    check_reader(reader, present, uids=(UID,))
    assert present_readers() == [FIRST, SECOND]


def test_a_card_is_read_once_however_long_it_lies(pcscd: Pcscd, reader: PcscReader, heard: Heard) -> None:
    pcscd.start()
    begin(reader, heard)
    assert heard.ready.get(timeout=LIMIT_S) is True
    with pcscd.card(UID):
        assert heard.touches.get(timeout=LIMIT_S) == UID
        with pytest.raises(queue.Empty):
            heard.touches.get(timeout=1.5)
    assert put_until_read(OTHER, pcscd, heard) == OTHER


def put_until_read(uid: str, pcscd: Pcscd, heard: Heard, slot: int = 0) -> str:
    """Lay a card down, and once more if pcscd had not yet seen the one before go."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        try:
            with pcscd.card(uid, slot):
                return heard.touches.get(timeout=2)
        except (queue.Empty, OSError):
            continue
    raise AssertionError("never read")


def test_a_strange_card_is_told_of_as_it_is_and_is_no_card_number(
    pcscd: Pcscd, reader: PcscReader, heard: Heard
) -> None:
    """A missing UID, one that is too short or too long, all zero, or a telephone's: the core shows red for each."""
    pcscd.start()
    begin(reader, heard)
    assert heard.ready.get(timeout=LIMIT_S) is True
    for uid in ("", "04a1b2", "04" * 12, "00000000", "08a1b2c3"):
        assert put_until_read(uid, pcscd, heard) == uid
        with pytest.raises(Refused):
            normalise_uid(uid)


def test_a_card_that_lies_there_and_says_nothing_is_answered_once(
    pcscd: Pcscd, reader: PcscReader, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    pcscd.start()
    begin(reader, heard)
    assert heard.ready.get(timeout=LIMIT_S) is True
    with monkeypatch.context() as silent:
        silent.setattr(virtual_card, "ATR", b"\x3b")
        assert put_until_read("", pcscd, heard) == ""
        with pytest.raises(queue.Empty):
            heard.touches.get(timeout=1.5)
    assert put_until_read(UID, pcscd, heard) == UID


def test_without_pcscd_it_is_not_ready_and_comes_by_itself(pcscd: Pcscd, reader: PcscReader, heard: Heard) -> None:
    begin(reader, heard)
    assert heard.ready.get(timeout=LIMIT_S) is False
    pcscd.start()
    assert heard.ready.get(timeout=LIMIT_S) is True
    assert put_until_read(UID, pcscd, heard) == UID


@pytest.mark.parametrize("kill", [False, True])
def test_pcscd_stopped_is_told_and_touches_stop(pcscd: Pcscd, reader: PcscReader, heard: Heard, kill: bool) -> None:
    pcscd.start()
    begin(reader, heard)
    assert heard.ready.get(timeout=LIMIT_S) is True
    pcscd.stop(kill=kill)
    assert heard.ready.get(timeout=LIMIT_S) is False
    with pytest.raises(OSError):
        pcscd.card(UID)
    pcscd.start()
    assert heard.ready.get(timeout=LIMIT_S) is True
    assert put_until_read(UID, pcscd, heard) == UID


def test_a_reader_of_another_name_is_not_used(pcscd: Pcscd, heard: Heard) -> None:
    pcscd.start()
    other = PcscReader(pcsc_name="no such reader")
    begin(other, heard)
    assert heard.ready.get(timeout=LIMIT_S) is False
    other.stop()


def test_two_readers_at_once_each_read_their_own(pcscd: Pcscd) -> None:
    pcscd.start()
    with reading(PcscReader(pcsc_name=FIRST)) as first, reading(PcscReader(pcsc_name=SECOND)) as second:
        with pcscd.card(UID, 0), pcscd.card(OTHER, 1):
            assert (first.touch(), second.touch()) == (UID, OTHER)
            first.nothing()
        assert put_until_read(OTHER, pcscd, second, slot=1) == OTHER
        first.nothing(for_s=0.1)
        assert first.ready.empty()


def test_two_readers_both_come_back_after_pcscd_was_killed(pcscd: Pcscd) -> None:
    pcscd.start()
    with reading(PcscReader(pcsc_name=FIRST)) as first, reading(PcscReader(pcsc_name=SECOND)) as second:
        pcscd.stop(kill=True)
        assert (first.is_ready(), second.is_ready()) == (False, False)
        pcscd.start()
        assert (first.is_ready(), second.is_ready()) == (True, True)
        assert put_until_read(UID, pcscd, first) == UID
        assert put_until_read(UID, pcscd, second, slot=1) == UID


def test_a_reader_that_was_not_there_is_found_when_it_comes(pcscd: Pcscd) -> None:
    """pcscd finds virtual readers only at its start; USB readers come and go in `tests.rig`."""
    pcscd.start()
    with listening(PcscReader(pcsc_name=DESK)) as desk:
        assert desk.is_ready() is False
        pcscd.stop()
        pcscd.plug(DESK)
        pcscd.start()
        assert desk.is_ready() is True
        assert put_until_read(UID, pcscd, desk) == UID


def test_it_costs_nothing_while_no_card_comes(pcscd: Pcscd, reader: PcscReader, heard: Heard) -> None:
    pcscd.start()
    begin(reader, heard)
    assert heard.ready.get(timeout=LIMIT_S) is True
    before = time.process_time()
    threading.Event().wait(2)
    assert time.process_time() - before < 0.05


def test_it_stops_at_once_while_it_waits(pcscd: Pcscd, reader: PcscReader, heard: Heard) -> None:
    pcscd.start()
    begin(reader, heard)
    assert heard.ready.get(timeout=LIMIT_S) is True
    before = time.monotonic()
    reader.stop()
    assert time.monotonic() - before < 1
