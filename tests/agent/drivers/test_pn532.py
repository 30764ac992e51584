"""The PN532 driver over a pseudo-terminal that gives the recorded answers of real chips."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.drivers.looping_reader import GONE_AFTER_S
from agent.drivers.pn532 import FROM_CHIP, TRIES, FrameFinder, Pn532Reader, framed, uids_in
from tests.agent.drivers.drivers_heard import listening, reading
from tests.agent.drivers.reader_contract import check_reader
from tests.fakes.clockwork import FakeMonotonic
from tests.fakes.pn532_chip import ACK, ANSWERS, LIST_CARDS, NO_CARD, RECORDED, Pn532Chip
from tests.fakes.serial_port import SerialPort

CARD, OTHER = "c2994a1b", "63314706"
LONG = "04a22b1c5d6e80"
FRAME = bytes.fromhex(RECORDED[CARD])


@pytest.fixture
def port(tmp_path: Path) -> SerialPort:
    return SerialPort(tmp_path)


@pytest.fixture
def chip(port: SerialPort) -> Iterator[Pn532Chip]:
    made = Pn532Chip(port)
    yield made
    made.stop()


@pytest.fixture
def clock() -> FakeMonotonic:
    return FakeMonotonic()


@pytest.fixture
def reader(port: SerialPort, chip: Pn532Chip, clock: FakeMonotonic, monkeypatch: pytest.MonkeyPatch) -> Pn532Reader:
    monkeypatch.setattr("agent.drivers.pn532._LOOK_EVERY_S", 0.02)
    return Pn532Reader(port=str(port.path), baud=115_200, mono_s=clock)


def test_it_keeps_the_contract_of_every_reader(reader: Pn532Reader, chip: Pn532Chip, clock: FakeMonotonic) -> None:
    def present(uid: str) -> None:
        chip.cards = [uid]
        chip.await_look()
        chip.cards = []
        chip.await_look()
        clock.pass_s(GONE_AFTER_S + 0.1)

    check_reader(reader, present, uids=(CARD, LONG, CARD))


def test_it_speaks_as_the_manual_says(reader: Pn532Reader, chip: Pn532Chip) -> None:
    with reading(reader):
        pass
    assert chip.commands[:5] == [*ANSWERS, LIST_CARDS]


def test_a_card_that_lies_there_is_one_touch(reader: Pn532Reader, chip: Pn532Chip, clock: FakeMonotonic) -> None:
    with reading(reader) as heard:
        chip.cards = [CARD]
        assert heard.touch() == CARD
        for _ in range(5):
            clock.pass_s(GONE_AFTER_S - 0.1)
            chip.await_look()
        assert heard.touches.empty()
        chip.cards = []
        chip.await_look()
        clock.pass_s(GONE_AFTER_S + 0.1)
        chip.cards = [CARD]
        assert heard.touch() == CARD


def test_a_card_that_is_missed_for_a_moment_is_no_other_touch(
    reader: Pn532Reader, chip: Pn532Chip, clock: FakeMonotonic
) -> None:
    with reading(reader) as heard:
        chip.cards = [CARD]
        assert heard.touch() == CARD
        chip.cards = []
        chip.await_look()
        clock.pass_s(GONE_AFTER_S - 0.1)
        chip.cards = [CARD]
        chip.await_look()
        assert heard.touches.empty()


def test_two_cards_at_once_are_two_touches(reader: Pn532Reader, chip: Pn532Chip) -> None:
    with reading(reader) as heard:
        chip.cards = [CARD, LONG]
        assert [heard.touch(), heard.touch()] == [CARD, LONG]
        chip.await_look()
        assert heard.touches.empty()


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        FRAME[:11],
        FRAME.replace(b"\x99", b"\x98"),
        FRAME.replace(b"\x0c\xf4", b"\x0c\xf5"),
        b"\x55\xaa" * 200,
        bytes.fromhex("0000ff00ff00") * 3,
        bytes.fromhex("0000ffff0000"),
        bytes.fromhex("0000ff01ff7f8100"),
        framed(bytes.fromhex("4b0101000408"), tfi=FROM_CHIP),
        framed(bytes.fromhex("4b01010004080500112233"), tfi=FROM_CHIP),
        framed(bytes.fromhex("4b02010004080411223344"), tfi=FROM_CHIP),
        framed(bytes.fromhex("4b01010004080411223344aabb"), tfi=FROM_CHIP),
        framed(bytes.fromhex("0332010607"), tfi=FROM_CHIP),
    ],
)
def test_a_damaged_answer_is_no_card_and_the_next_is_read(reader: Pn532Reader, chip: Pn532Chip, spoilt: bytes) -> None:
    with reading(reader) as heard:
        chip.spoil = [spoilt]
        chip.cards = [CARD]
        assert heard.touch() == CARD
        assert heard.ready.empty()


def test_noise_before_an_answer_does_not_hide_it(reader: Pn532Reader, chip: Pn532Chip) -> None:
    with reading(reader) as heard:
        chip.spoil = [b"\x00\xff\x07\x00\x00\xff" + FRAME]
        assert heard.touch() == CARD


def test_a_chip_that_falls_silent_is_gone_and_comes_back(reader: Pn532Reader, chip: Pn532Chip) -> None:
    with reading(reader) as heard:
        chip.deaf = True
        assert heard.is_ready() is False
        chip.deaf = False
        assert heard.is_ready() is True
        chip.cards = [OTHER]
        assert heard.touch() == OTHER


def test_unplugged_while_a_card_lies_there(reader: Pn532Reader, chip: Pn532Chip, port: SerialPort) -> None:
    with reading(reader) as heard:
        chip.cards = [CARD]
        assert heard.touch() == CARD
        port.unplug()
        assert heard.is_ready() is False
        port.plug()
        chip.cards = [OTHER]
        assert heard.is_ready() is True
        assert heard.touch() == OTHER


def test_a_port_without_a_chip_is_never_ready(
    reader: Pn532Reader, chip: Pn532Chip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.drivers.pn532._ANSWER_WITHIN_S", 0.05)
    chip.deaf = True
    with listening(reader) as heard:
        assert heard.is_ready() is False
        chip.await_commands(3 * TRIES + 1)
        assert heard.ready.empty()


def test_it_stops_at_once_while_the_chip_is_silent(reader: Pn532Reader, chip: Pn532Chip) -> None:
    chip.deaf = True
    with listening(reader) as heard:
        chip.await_commands(1)
        before = time.monotonic()
        reader.stop()
        assert time.monotonic() - before < 1
        assert heard.ready.empty()


@pytest.mark.parametrize("uid", RECORDED)
def test_recorded_answers(uid: str) -> None:
    (acknowledged, answer) = FrameFinder().feed(ACK + bytes.fromhex(RECORDED[uid]))
    assert acknowledged == b""
    assert uids_in(answer) == [uid]


def test_recorded_answers_without_a_card() -> None:
    assert [uids_in(answer) for answer in FrameFinder().feed(NO_CARD)] == [[]]


@given(position=st.integers(3, len(FRAME) - 2), byte=st.integers(0, 255))
def test_one_wrong_byte_is_never_another_card(position: int, byte: int) -> None:
    damaged = bytearray(FRAME)
    damaged[position] = byte
    cards = [uids_in(answer) for answer in FrameFinder().feed(bytes(damaged))]
    assert cards in ([], [[CARD]])


@given(noise=st.lists(st.binary(max_size=30) | st.just(FRAME[:9]) | st.just(ACK)), cuts=st.integers(1, 25))
def test_noise_and_cuts_cost_no_more_than_an_answer(noise: list[bytes], cuts: int) -> None:
    """Noise may look like the head of a frame and hide the next 255 bytes at most; then frames are found again."""
    data = b"".join(noise) + bytes(300) + FRAME
    finder = FrameFinder()
    answers = [answer for at in range(0, len(data), cuts) for answer in finder.feed(data[at : at + cuts])]
    assert uids_in(answers[-1]) == [CARD]


@given(answer=st.binary(max_size=80))
def test_any_answer_is_uids_or_nothing(answer: bytes) -> None:
    assert all(len(uid) in (8, 14, 20) for uid in uids_in(answer))


@given(
    uids=st.lists(st.sampled_from((4, 7, 10)).flatmap(lambda size: st.binary(min_size=size, max_size=size)), max_size=2)
)
def test_what_a_chip_says_is_read(uids: list[bytes]) -> None:
    targets = b"".join(
        bytes([number, 0, 4, 8, len(uid)]) + uid for number, uid in zip(itertools.count(1), uids, strict=False)
    )
    answer = b"\x4b" + bytes([len(uids)]) + targets
    assert uids_in(answer) == [uid.hex() for uid in uids]
    assert FrameFinder().feed(framed(answer, tfi=FROM_CHIP)) == [answer]
