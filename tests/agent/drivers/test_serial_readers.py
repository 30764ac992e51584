"""Readers that send a frame for each card, on a pseudo-terminal: whole and damaged frames, noise, a card that lies
there."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st

from agent.drivers.em4100_serial import Em4100SerialReader, number_in
from agent.drivers.looping_reader import GONE_AFTER_S
from agent.drivers.qr_scanner import QrScanner
from agent.drivers.serial_line import Frames, ListeningReader
from tests.agent.drivers.drivers_heard import LIMIT_S, listening, reading
from tests.agent.drivers.reader_contract import check_reader
from tests.fakes.clockwork import FakeMonotonic
from tests.fakes.serial_port import SerialPort

RECORDED = b"\x020C000621A58E\r\n\x03"
"""A recorded frame of an ID-12."""
CARD = "0c000621a5"
OTHER = "13005d1da5"
READERS = ["em4100", "qr"]


def framed(uid: str) -> bytes:
    """Return an RDM6300's frame."""
    raw = bytes.fromhex(uid)
    check = raw[0] ^ raw[1] ^ raw[2] ^ raw[3] ^ raw[4]
    return b"\x02" + uid.upper().encode() + b"%02X" % check + b"\x03"


def coded(uid: str) -> bytes:
    """Return what a scanner sends for a card's QR code."""
    return b"CUNHUI:" + uid.upper().encode() + b"\r\n"


FRAMES: dict[str, Callable[[str], bytes]] = {"em4100": framed, "qr": coded}


@pytest.fixture
def port(tmp_path: Path) -> Iterator[SerialPort]:
    with SerialPort(tmp_path) as made:
        yield made


def reader_on(
    port: SerialPort, kind: str = "em4100", *, mono_s: Callable[[], float] = time.monotonic
) -> ListeningReader:
    driver = {"em4100": Em4100SerialReader, "qr": QrScanner}[kind]
    return driver(port=str(port.path), baud=9_600, mono_s=mono_s)


@pytest.mark.parametrize("kind", READERS)
def test_it_keeps_the_contract_of_every_reader(port: SerialPort, kind: str) -> None:
    check_reader(reader_on(port, kind), lambda uid: port.send(FRAMES[kind](uid)), uids=(CARD, OTHER))


def test_a_recorded_frame(port: SerialPort) -> None:
    with reading(reader_on(port)) as heard:
        port.send(RECORDED)
        assert heard.touch() == CARD


def test_bytes_that_come_one_by_one(port: SerialPort) -> None:
    with reading(reader_on(port)) as heard:
        for byte in framed(OTHER):
            port.send(bytes([byte]))
            time.sleep(0.002)
        assert heard.touch() == OTHER


@pytest.mark.parametrize("kind", READERS)
def test_a_card_that_lies_there_is_one_touch(port: SerialPort, kind: str) -> None:
    clock = FakeMonotonic()
    with reading(reader_on(port, kind, mono_s=clock)) as heard:
        port.send(FRAMES[kind](CARD))
        assert heard.touch() == CARD
        for number in range(10):
            clock.pass_s(GONE_AFTER_S - 0.1)
            # Once the second card was read, the first one was, too.
            port.send(FRAMES[kind](CARD) + FRAMES[kind](f"13005d1d{number:02x}"))
            assert heard.touch() == f"13005d1d{number:02x}"
        clock.pass_s(GONE_AFTER_S + 0.1)
        port.send(FRAMES[kind](CARD))
        assert heard.touch() == CARD


def test_two_cards_at_once_are_two_touches_when_both_are_read(port: SerialPort) -> None:
    with reading(reader_on(port)) as heard:
        for _ in range(5):
            port.send(framed(CARD) + framed(OTHER))
        assert {heard.touch(), heard.touch()} == {CARD, OTHER}
        heard.nothing()


def test_two_cards_that_spoil_each_other_are_none(port: SerialPort) -> None:
    mixed = bytes(a if number % 3 else b for number, (a, b) in enumerate(zip(framed(CARD), framed(OTHER), strict=True)))
    with reading(reader_on(port)) as heard:
        port.send(mixed * 5)
        heard.nothing()
        port.send(framed(CARD))
        assert heard.touch() == CARD


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\x00\xff" * 3_000,
        framed(CARD)[:7],
        framed(CARD).replace(b"A", b"B"),
        b"\x02" + b"0" * 5_000,
        b"\x03\x03\x02\x03",
        b"\x02\x02\x02",
        b"0C000621A58E\x03",
        b"\x02zzzzzzzzzzzz\x03",
        b"\x1b[2J\x1b[A\x03\x03",
    ],
)
def test_a_damaged_frame_is_no_card_and_the_next_card_is_read(port: SerialPort, rubbish: bytes) -> None:
    with reading(reader_on(port)) as heard:
        port.send(rubbish)
        port.send(framed(OTHER))
        assert heard.touch() == OTHER
        heard.nothing(for_s=0.1)


@pytest.mark.parametrize("kind", READERS)
def test_unplugged_in_the_middle_of_a_frame_it_says_so_and_comes_back(port: SerialPort, kind: str) -> None:
    with reading(reader_on(port, kind)) as heard:
        port.send(FRAMES[kind](CARD)[:9])
        port.unplug()
        assert heard.is_ready() is False
        port.plug()
        assert heard.is_ready() is True
        port.send(FRAMES[kind](OTHER))
        assert heard.touch() == OTHER
        heard.nothing(for_s=0.1)


def test_a_port_that_is_not_there_yet(
    port: SerialPort, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = threading.Semaphore(0)

    class CountedSerial(serial.Serial):
        def open(self) -> None:
            tries.release()
            super().open()

    monkeypatch.setattr("serial.Serial", CountedSerial)
    port.unplug()
    with caplog.at_level(logging.WARNING), listening(reader_on(port)) as heard:
        assert heard.is_ready() is False
        for _ in range(3):
            assert tries.acquire(timeout=LIMIT_S)
        port.plug()
        assert heard.is_ready() is True
        port.send(framed(CARD))
        assert heard.touch() == CARD
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_port_that_is_no_serial_port(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(framed(CARD))
    with listening(Em4100SerialReader(port=str(tmp_path / "plain"), baud=9_600)) as heard:
        assert heard.is_ready() is False
        heard.nothing(for_s=0.1)


def test_the_port_is_nobody_elses(port: SerialPort) -> None:
    with reading(reader_on(port)), listening(reader_on(port)) as second:
        assert second.is_ready() is False


def test_it_stops_at_once_and_costs_nothing_while_no_card_comes(port: SerialPort) -> None:
    reader = reader_on(port)
    with reading(reader):
        before = time.process_time()
        threading.Event().wait(1)
        assert time.process_time() - before < 0.05
        before = time.monotonic()
        reader.stop()
        assert time.monotonic() - before < 1


@pytest.mark.parametrize(
    "code",
    [b"https://pay.example/123456", b"CUNHUI:", b"CUNHUI:04A2", b"cunhui:04A22B1C", b"04A22B1C", b"\xff" * 9_000],
)
def test_another_code_is_answered_in_red_and_not_told_of(port: SerialPort, code: bytes) -> None:
    with reading(reader_on(port, "qr")) as heard:
        port.send(code + b"\r\n")
        if len(code) < 3_000:
            assert heard.touch() == ""
        port.send(coded(CARD))
        assert heard.touch() == CARD


@given(position=st.integers(1, 12), byte=st.integers(0, 255))
def test_one_wrong_byte_is_never_another_card(position: int, byte: int) -> None:
    """XOR finds every single wrong digit, and a control byte ends or restarts the frame."""
    damaged = bytearray(framed(CARD))
    damaged[position] = byte
    frames = Frames(start=b"\x02", end=b"\x03", longest=14).feed(bytes(damaged))
    assert [number for frame in frames if (number := number_in(frame))] in ([], [CARD])


@given(
    pieces=st.lists(st.binary(max_size=40) | st.just(framed(CARD)) | st.just(framed(CARD)[:8])),
    cuts=st.integers(1, 20),
)
def test_a_whole_frame_is_found_in_any_noise_however_it_is_cut(pieces: list[bytes], cuts: int) -> None:
    data = b"".join(pieces) + framed(OTHER)
    finder = Frames(start=b"\x02", end=b"\x03", longest=14)
    found = [frame for at in range(0, len(data), cuts) for frame in finder.feed(data[at : at + cuts])]
    assert number_in(found[-1]) == OTHER
    assert sum(number_in(frame) == CARD for frame in found) >= pieces.count(framed(CARD))


@given(data=st.binary(max_size=300))
def test_any_bytes_are_a_number_or_nothing(data: bytes) -> None:
    number = number_in(data)
    assert number is None or len(bytes.fromhex(number)) == 5
