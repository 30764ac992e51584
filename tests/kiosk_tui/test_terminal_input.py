"""Bytes that nobody's keypad sends: none ends the kiosk, freezes it, or leaves it deaf for keys or cards."""

import contextlib
import fcntl
import os
import pty
import random
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_scripts.demo.processes import NotInTime, wait_until
from kiosk_tui.terminal.driver import keys_named
from kiosk_tui.terminal.terminal_input import LONGEST_PASTE_S, PASTE_PAUSE_S, SEQUENCE_S, TerminalInput
from kiosk_tui.watching.watch import EXIT_FELL
from tests.conftest import short_folder
from tests.fakes.agent_socket import FakeAgent
from tests.kiosk_tui import samples

HOSTILE = {
    "no-utf8": b"\xff",
    "overlong-utf8": b"\xc0\xaf",
    "surrogate-utf8": b"\xed\xa0\x80",
    "no-such-code-point": b"\x1b[9999999u",
    "no-such-text": b"\x1b[97;1;99999999u",
    "a-number-past-all-bounds": b"\x1b[999999999999999999999A",
    "a-number-without-end": b"\x1b[" + b"9" * 5000 + b"u",
    "an-event-type": b"\x1b[57400;1:2u",
    "five-by-five": b"\x1b[48;5;5;0;0t",
    "nothing-by-nothing": b"\x1b[48;0;0;0;0t",
    "larger-than-any-screen": b"\x1b[48;5000;5000;0;0t",
    "sizes-among-the-keys": b"\x1b[?2048;2$y\x1b[48;5;5;0;0t",
    "a-paste-without-end": b"\x1b[200~",
    "a-string-without-end": b"\x1b]0;",
    "a-sequence-without-end": b"\x1b[1;",
    "a-mouse": b"\x1b[<0;10;10M\x1b[M !!",
}


class Kiosk:
    """The real program on a pseudo-terminal of 80 by 22; what it draws is kept."""

    def __init__(self, agent: FakeAgent, *command: str) -> None:
        self._agent = agent
        self._terminal, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 22, 80, 0, 0))
        environment = {"PATH": "/usr/bin:/bin", "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        program = command or (sys.executable, "-m", "kiosk_tui.cli")
        self.process = subprocess.Popen(
            [*program, "--socket", str(agent.path)],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env=environment,
            start_new_session=True,
        )
        os.close(inner)
        self._drawn = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # EIO: the program has ended
            while piece := os.read(self._terminal, 65_536):
                self._drawn += piece

    def send(self, raw: bytes) -> None:
        while raw:
            raw = raw[os.write(self._terminal, raw) :]

    def shows(self, words: str) -> None:
        """Wait for words that are drawn from now on."""
        before = len(self._drawn)
        wait_until(lambda: words.encode() in self._drawn[before:], what=words, timeout_s=20)

    def hears_keys(self) -> None:
        """Press 0 and 1, again where that comes to nothing, until the agent is asked for what 今日 shows."""
        before = len(self._agent.heard)

        def heard() -> bool:
            self.send(b"01")
            try:
                return wait_until(lambda: len(self._agent.heard) > before, what="1", timeout_s=PASTE_PAUSE_S * 1.5)
            except NotInTime:
                assert self.process.poll() is None, self._drawn[-2000:].decode(errors="replace")
                return False

        wait_until(heard, what="a key at the agent", timeout_s=20)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        os.close(self._terminal)


@contextmanager
def kiosk(*command: str) -> Iterator[tuple[Kiosk, FakeAgent]]:
    with short_folder() as folder, FakeAgent(folder / "k.sock", samples.HOME) as agent:
        started = Kiosk(agent, *command)
        try:
            started.shows("请把卡贴到读卡器上")
            yield started, agent
        finally:
            started.close()


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_keys_and_cards_work_after_it(raw: bytes) -> None:
    with kiosk() as (shown, agent):
        shown.send(raw)
        shown.hears_keys()
        agent.send(samples.GREEN)
        shown.shows("打卡成功")


def test_keys_and_cards_work_after_random_bytes() -> None:
    chance = random.Random(20261128)
    pieces = [*HOSTILE.values(), b"\x1b", b"\x1b[", b"\x1b[200~", b"\x1b[201~", b"\x1bP", b";", b"9", b"u", b"~"]
    with kiosk() as (shown, agent):
        for _ in range(400):
            shown.send(chance.choice(pieces) if chance.random() < 0.5 else chance.randbytes(chance.randrange(1, 64)))
        shown.hears_keys()
        agent.send(samples.UNKNOWN)
        shown.shows("待县里核对")


def test_a_panic_is_no_success() -> None:
    """Should the input thread ever fail, whoever started the kiosk sees it."""
    failing = (
        "import os, sys\n"
        "from kiosk_tui import watched\n"
        "from kiosk_tui.terminal import driver\n"
        "from kiosk_tui.watching import watch\n"
        "def fail(*_): raise RuntimeError\n"
        "driver.TerminalInput.feed = fail\n"
        "os.environ[watch.TOKEN_VARIABLE] = '0' * 32\n"
        "os.environ[watched.BEAT_VARIABLE] = str(os.open(os.devnull, os.O_WRONLY))\n"
        "sys.exit(watched.main())\n"
    )
    with kiosk(sys.executable, "-c", failing) as (shown, _):
        shown.send(b"9")
        assert shown.process.wait(20) == EXIT_FELL


def test_the_end_of_the_terminal_ends_the_kiosk() -> None:
    with kiosk() as (shown, _):
        os.close(shown._terminal)
        assert shown.process.wait(20) != 0
        shown._terminal = os.open(os.devnull, os.O_RDWR)


def whole(*pieces: tuple[float, str]) -> list[str]:
    came_in = TerminalInput()
    return [sequence for at, text in pieces for sequence in came_in.feed(text, at)]


def test_sequences_are_whole_however_they_are_cut() -> None:
    sent = "1\x1b[A\x1b[57400;129;49u\x1bOPé9\x1b[?2026;2$y"
    expected = ["1", "\x1b[A", "\x1b[57400;129;49u", "\x1bOP", "é", "9", "\x1b[?2026;2$y"]
    assert whole((0, sent)) == expected
    assert whole(*((0.01, letter) for letter in sent)) == expected


def test_what_stands_in_an_unknown_sequence_is_no_key() -> None:
    assert whole((0, "\x1b[1;9x2")) == ["\x1b[1;9x", "2"]
    assert keys_named("\x1b[1;9x") == []
    assert whole((0, "\x1b[" + "9" * 200 + "A" + "2")) == ["2"]


def test_a_sequence_without_its_end_is_given_up() -> None:
    assert whole((1, "\x1b"), (1 + SEQUENCE_S * 1.1, "9")) == ["9"]
    assert whole((1, "\x1b[1;"), (1 + SEQUENCE_S * 1.1, "9")) == ["9"]
    assert whole((1, "\x1b]0;title"), (1 + SEQUENCE_S * 1.1, "9")) == ["9"]
    assert whole((1, "\x1b[1;\x1b[A")) == ["\x1b[A"]


def test_a_paste_is_passed_over_until_its_end() -> None:
    assert whole((0, "1\x1b[200~23\x1b[A4\x1b[201~5")) == ["1", "5"]


def test_a_paste_without_its_end_is_over_after_a_pause_or_when_it_never_pauses() -> None:
    assert whole((1, "\x1b[200~12"), (1 + PASTE_PAUSE_S * 0.9, "3"), (1 + PASTE_PAUSE_S * 2, "4")) == ["4"]
    held = [(1 + 0.1 * place, "5") for place in range(int(LONGEST_PASTE_S * 10) + 5)]
    assert 0 < len(whole((1, "\x1b[200~"), *held)) < 10


@given(
    st.lists(
        st.one_of(st.text(max_size=20), st.sampled_from([raw.decode(errors="replace") for raw in HOSTILE.values()]))
    )
)
def test_whatever_came_the_next_key_counts(texts: list[str]) -> None:
    came_in = TerminalInput()
    for place, text in enumerate(texts):
        for sequence in came_in.feed(text, place / 100):
            keys_named(sequence)
    later = len(texts) / 100 + PASTE_PAUSE_S + 0.1
    assert list(came_in.feed("9", later)) == ["9"]
