"""An RTC and a modem give the time, or say why they can't, and nothing waits for them."""

import errno
import os
import pty
import termios
import threading
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from agent.drivers.modem_time import SerialModemTime, parse_cclk, parse_mmcli
from agent.drivers.rtc import Rtc
from agent.events import Event, NtpRead, TimeHinted
from agent.inbox import Inbox
from agent.ports import HintRead, NtpState
from agent.timekeeping.time_watch import EVERY_S, WELL_EVERY_S, TimeWatch

UTC_MS = 1_795_480_212_000
"""2026-11-24 08:30:12 in Shanghai."""


def sysfs(tmp_path: Path, text: str | None) -> Rtc:
    folder = tmp_path / "rtc0"
    folder.mkdir()
    if text is not None:
        (folder / "since_epoch").write_text(text)
    return Rtc(tmp_path / "dev" / "rtc0", sys=tmp_path)


def test_an_rtc_tells_the_middle_of_its_second(tmp_path: Path) -> None:
    assert sysfs(tmp_path, "1795480212\n").read() == HintRead(UTC_MS + 500, "")


@pytest.mark.parametrize("text", ["", "soon\n", "1.5\n"])
def test_an_rtc_that_tells_no_time(tmp_path: Path, text: str) -> None:
    assert sysfs(tmp_path, text).read() == HintRead(None, "读出的不是时间")


def test_an_rtc_that_is_not_there(tmp_path: Path) -> None:
    assert sysfs(tmp_path, None).read().problem.startswith("没有")


@pytest.mark.parametrize(("number", "said"), [(errno.EINVAL, "停过"), (errno.EIO, "读不出")])
def test_an_rtc_whose_chip_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str) -> None:
    def fails(*_: object, **__: object) -> str:
        raise OSError(number, os.strerror(number))

    chip = sysfs(tmp_path, "1")
    monkeypatch.setattr(Path, "read_text", fails)
    read = chip.read()
    assert read.wall_ms is None
    assert said in read.problem


@pytest.mark.parametrize(
    ("flags", "read"),
    [
        (0, HintRead(UTC_MS + 500, "")),
        (1, HintRead(None, "电池没电，时间已失效")),
        (2, HintRead(UTC_MS + 500, "电池电量低")),
        (4, HintRead(None, "电池没电，时间已失效")),
        (8, HintRead(UTC_MS + 500, "")),
    ],
)
def test_an_rtc_that_tells_of_its_battery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: int, read: HintRead
) -> None:
    monkeypatch.setattr("fcntl.ioctl", lambda *_: flags.to_bytes(4, "little"))
    chip = sysfs(tmp_path, "1795480212\n")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "rtc0").touch()
    assert chip.read() == read


@pytest.mark.parametrize(
    ("said", "wall_ms"),
    [
        (b'\r\n+CCLK: "26/11/24,08:30:12+32"\r\n\r\nOK\r\n', UTC_MS),
        (b'AT+CCLK?\r\r\n+CCLK: "26/11/24,00:30:12+00"\r\nOK\r\n', UTC_MS),
        (b'+CCLK: "26/11/23,19:00:12-22"\r\nOK\r\n', UTC_MS),
        (b'+CCLK: "28/02/29,23:59:59+32"\r\n', 1_835_452_799_000),
        (b'+CCLK: "80/01/06,00:00:00+00"\r\n', 3_471_724_800_000),
    ],
)
def test_a_modem_answers_local_time_and_quarters_of_an_hour(said: bytes, wall_ms: int) -> None:
    assert parse_cclk(said) == wall_ms


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\r\nERROR\r\n",
        b'+CCLK: "26/11/24,08:30:12"\r\nOK\r\n',
        b'+CCLK: "26/13/24,08:30:12+32"\r\nOK\r\n',
        b'+CCLK: "26/02/29,08:30:12+32"\r\nOK\r\n',
        b'+CCLK: "26/11/24,08:30:12+99"\r\nOK\r\n',
        b'+CCLK: "\xff\xff/11/24,08:30:12+32"\r\nOK\r\n',
    ],
)
def test_a_modem_that_tells_no_time(said: bytes) -> None:
    with pytest.raises(ValueError):
        parse_cclk(said)


def test_modemmanager_prints_iso_8601() -> None:
    head = "modem.dbus-path : /org/freedesktop/ModemManager1/Modem/0\n"
    assert parse_mmcli(f"{head}modem.time.current     : 2026-11-24T08:30:12+08\n") == UTC_MS
    assert (
        parse_mmcli(f"{head}modem.time.current : 2026-11-24T08:30:12+08:00\nmodem.timezone.current : 480\n") == UTC_MS
    )
    for wrong in ("", "modem.time.current : --\n", "modem.time.current : 2026-11-24T08:30:12\n", "rubbish\n"):
        with pytest.raises(ValueError):
            parse_mmcli(wrong)


class Modem:
    """A modem at the other end of a pseudo-terminal, with answers by command."""

    def __init__(self, answers: dict[bytes, bytes]) -> None:
        self.master, self._slave = pty.openpty()
        tty.setraw(self.master)
        tty.setraw(self._slave)
        self.port = Path(os.ttyname(self._slave))
        self.asked: list[bytes] = []
        self._answers = answers
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        line = b""
        while True:
            try:
                line += os.read(self.master, 1)
            except OSError:
                return
            if line.endswith(b"\r"):
                self.asked.append(line)
                os.write(self.master, line + self._answers.get(line, b"\r\nERROR\r\n"))
                line = b""

    def close(self) -> None:
        os.close(self._slave)


@pytest.fixture
def modem() -> Iterator[Modem]:
    made = Modem({b"AT+CTZU=1\r": b"\r\nOK\r\n", b"AT+CCLK?\r": b'\r\n+CCLK: "26/11/24,08:30:12+32"\r\n\r\nOK\r\n'})
    yield made
    made.close()


def test_a_modem_is_asked_over_its_port(modem: Modem) -> None:
    assert SerialModemTime(modem.port).read() == HintRead(UTC_MS, "")
    assert modem.asked == [b"AT+CTZU=1\r", b"AT+CCLK?\r"]


def test_a_modem_without_that_setting_is_asked_all_the_same() -> None:
    modem = Modem({b"AT+CCLK?\r": b'\r\n+CCLK: "26/11/24,08:30:12+32"\r\n\r\nOK\r\n'})
    assert SerialModemTime(modem.port).read().wall_ms == UTC_MS
    modem.close()


def test_a_port_that_is_not_there_or_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.drivers.modem_time.AT_LIMIT_S", 0.4)
    assert SerialModemTime(Path("/dev/ttyUSB-of-a-test")).read().wall_ms is None
    modem = Modem({b"AT+CTZU=1\r": b"", b"AT+CCLK?\r": b""})
    assert "no answer" in SerialModemTime(modem.port).read().problem
    modem.close()


class FakeService:
    def __init__(self, *problems: str) -> None:
        self.problems = list(problems)

    def read(self) -> NtpState:
        return NtpState("fake", self.problems.pop(0))


class FakeHint:
    source: Literal["modem"] = "modem"

    def __init__(self, *reads: HintRead) -> None:
        self.tries = len(reads)
        self.reads = list(reads)

    def read(self) -> HintRead:
        return self.reads.pop(0)


def events(inbox: Inbox) -> list[Event]:
    found = []
    while (event := inbox.get(timeout_s=0)) is not None:
        found.append(event)
    return found


def test_the_watch_asks_a_hint_until_it_tells_a_time() -> None:
    inbox = Inbox()
    hint = FakeHint(HintRead(None, "还没有网络"), HintRead(UTC_MS, ""), HintRead(1, "too often"))
    watch = TimeWatch(service=FakeService("", "", ""), hints=[hint], inbox=inbox, mono_ms=lambda: 7)
    assert [watch.round(), watch.round(), watch.round()] == [EVERY_S, WELL_EVERY_S, WELL_EVERY_S]
    assert [event for event in events(inbox) if isinstance(event, TimeHinted)] == [
        TimeHinted("modem", HintRead(UTC_MS, ""), 7)
    ]


def test_a_hint_that_never_tells_a_time_is_reported_once() -> None:
    inbox = Inbox()
    hint = FakeHint(*[HintRead(None, "没有网络时间")] * 2)
    watch = TimeWatch(service=FakeService("", "", "", ""), hints=[hint], inbox=inbox, mono_ms=lambda: 7)
    for _ in range(4):
        watch.round()
    told = [event for event in events(inbox) if isinstance(event, TimeHinted)]
    assert told == [TimeHinted("modem", HintRead(None, "没有网络时间"), 7)]


def test_the_watch_looks_oftener_at_a_service_that_is_not_well_and_ends() -> None:
    inbox = Inbox()
    watch = TimeWatch(service=FakeService("no server", "", ""), hints=[], inbox=inbox, mono_ms=lambda: 7)
    assert [watch.round(), watch.round()] == [EVERY_S, WELL_EVERY_S]
    assert events(inbox) == [NtpRead(NtpState("fake", "no server"), 7), NtpRead(NtpState("fake", ""), 7)]
    watch.stop()
    watch.round()
    assert events(inbox) == []


class Faulty:
    """A hint with a bug."""

    source: Literal["modem"] = "modem"
    tries = 10

    def read(self) -> HintRead:
        raise RuntimeError("never thought of")


def test_a_fault_in_a_hint_costs_the_hint_and_not_the_watch(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("agent.timekeeping.time_watch.EVERY_S", 0.01)
    inbox = Inbox()
    watch = TimeWatch(service=FakeService(*[""] * 9_999), hints=[Faulty()], inbox=inbox, mono_ms=lambda: 7)
    watch.start()
    assert inbox.get(timeout_s=15) == NtpRead(NtpState("fake", ""), 7)
    watch.stop()
    assert caplog.text.count("the time watch failed") == 1


def test_a_port_that_goes_while_it_is_asked(monkeypatch: pytest.MonkeyPatch, modem: Modem) -> None:
    def gone(_: object) -> None:
        raise termios.error(5, "Input/output error")

    monkeypatch.setattr("serial.Serial.reset_input_buffer", gone)
    assert "Input/output error" in SerialModemTime(modem.port).read().problem
