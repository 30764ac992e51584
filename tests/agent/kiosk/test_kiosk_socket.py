"""The kiosk socket: no slow or hostile kiosk delays the core."""

import errno
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.events import KioskJoined, KioskLeft, KioskSaid
from agent.inbox import Inbox
from agent.kiosk.kiosk_socket import MAX_KIOSKS, MAX_REFUSED, MAX_UNHANDLED, RESTARTS_WITHIN_S, KioskSocket
from protocol.kiosk import (
    AskHelp,
    Sorry,
    ToKiosk,
    TouchShown,
    decode_from_agent,
    encode_line,
)
from protocol.kiosk_keeping import Hello
from protocol.kiosk_learning import LevelOver
from protocol.kiosk_status import AskStatus

OVER = LevelOver(run="00", passed=True, stars=3, right=5, of=5)
LOST = LevelOver(run="00", passed=False, stars=0, right=1, of=5)


class Kiosk:
    """A kiosk's end of the socket."""

    def __init__(self, path: Path) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(5)
        self.sock.connect(str(path))
        self._file = self.sock.makefile("rb")

    def hears(self) -> ToKiosk:
        return decode_from_agent(self._file.readline())

    def ended(self) -> bool:
        """Read on until the agent has closed."""
        try:
            return self._file.read() is not None
        except ConnectionResetError:
            return True


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def kiosks(folder: Path, inbox: Inbox) -> Iterator[KioskSocket]:
    made = KioskSocket(path=folder / "kiosk.sock", inbox=inbox)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def path(folder: Path, kiosks: KioskSocket) -> Path:
    return folder / "kiosk.sock"


def joined(path: Path, inbox: Inbox) -> tuple[Kiosk, int]:
    kiosk = Kiosk(path)
    event = inbox.get(timeout_s=5)
    assert isinstance(event, KioskJoined)
    return kiosk, event.kiosk


def greeted(path: Path, kiosks: KioskSocket, inbox: Inbox) -> tuple[Kiosk, int]:
    """Return a kiosk that has got its first answer."""
    kiosk, number = joined(path, inbox)
    kiosks.answer(number, OVER)
    assert kiosk.hears() == OVER
    return kiosk, number


def test_only_the_stations_group_may_connect(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_a_conversation(path: Path, kiosks: KioskSocket, inbox: Inbox) -> None:
    kiosk, number = joined(path, inbox)
    kiosk.sock.sendall(encode_line(AskHelp(screen="home")))
    assert inbox.get(timeout_s=5) == KioskSaid(kiosk=number, message=AskHelp(screen="home"))
    kiosks.answer(number, OVER)
    assert kiosk.hears() == OVER
    kiosk.sock.shutdown(socket.SHUT_RDWR)
    assert inbox.get(timeout_s=5) == KioskLeft(kiosk=number)
    kiosks.answer(number, OVER)


def test_every_kiosk_sees_what_is_shown(path: Path, kiosks: KioskSocket, inbox: Inbox) -> None:
    some = [greeted(path, kiosks, inbox)[0] for _ in range(3)]
    kiosks.show(LOST)
    assert [kiosk.hears() for kiosk in some] == [LOST] * 3


def test_a_kiosk_that_joins_hears_nothing_before_its_greeting(path: Path, kiosks: KioskSocket, inbox: Inbox) -> None:
    kiosk, number = joined(path, inbox)
    kiosks.show(LOST)
    kiosks.answer(number, OVER)
    kiosks.show(LOST)
    assert [kiosk.hears(), kiosk.hears()] == [OVER, LOST]


def test_a_technicians_program_is_no_screen_that_people_watch(path: Path, kiosks: KioskSocket, inbox: Inbox) -> None:
    program, number = greeted(path, kiosks, inbox)
    assert kiosks.watched
    program.sock.sendall(encode_line(AskStatus()))
    assert inbox.get(timeout_s=5) == KioskSaid(kiosk=number, message=AskStatus())
    assert not kiosks.watched
    kiosk, _ = greeted(path, kiosks, inbox)
    assert kiosks.watched
    kiosk.sock.close()


@pytest.mark.parametrize("line", [b"{}", b"\xff\xff", b'{"type":"home"}', b"[" * 5000, b""])
def test_a_malformed_line_is_answered_and_the_next_one_counts(
    path: Path, kiosks: KioskSocket, inbox: Inbox, line: bytes
) -> None:
    kiosk, number = joined(path, inbox)
    kiosk.sock.sendall(line + b"\n" + encode_line(AskHelp(screen="home")))
    assert kiosk.hears() == Sorry(reason="malformed")
    assert inbox.get(timeout_s=5) == KioskSaid(kiosk=number, message=AskHelp(screen="home"))


def test_an_endless_line_ends_the_connection(path: Path, kiosks: KioskSocket, inbox: Inbox) -> None:
    kiosk, number = joined(path, inbox)
    with pytest.raises(OSError):
        kiosk.sock.sendall(b"x" * 2**21)
    assert inbox.get(timeout_s=5) == KioskLeft(kiosk=number)


def test_nothing_but_rubbish_ends_the_connection(path: Path, kiosks: KioskSocket, inbox: Inbox) -> None:
    kiosk, number = joined(path, inbox)
    kiosk.sock.sendall(b"rubbish\n" * MAX_REFUSED)
    assert kiosk.ended()
    assert inbox.get(timeout_s=5) == KioskLeft(kiosk=number)


def test_a_kiosk_that_does_not_read_is_dropped_and_costs_no_time(path: Path, kiosks: KioskSocket, inbox: Inbox) -> None:
    lazy, number = greeted(path, kiosks, inbox)
    good, _ = greeted(path, kiosks, inbox)
    big = LevelOver(run="x" * 60_000, passed=True, stars=1, right=1, of=1)
    before = time.monotonic()
    for _ in range(30):
        kiosks.show(big)
        assert good.hears() == big
    assert time.monotonic() - before < 2
    assert inbox.get(timeout_s=5) == KioskLeft(kiosk=number)
    lazy.sock.close()


def test_a_flood_of_questions_waits_in_the_kiosks_own_socket(path: Path, kiosks: KioskSocket, inbox: Inbox) -> None:
    kiosk, number = joined(path, inbox)
    kiosk.sock.sendall(encode_line(AskHelp(screen="home")) * (3 * MAX_UNHANDLED))
    seen = 0
    while inbox.get(timeout_s=0.3) is not None:
        seen += 1
    assert seen == MAX_UNHANDLED
    while seen < 3 * MAX_UNHANDLED:
        kiosks.handled(number)
        assert isinstance(inbox.get(timeout_s=5), KioskSaid)
        seen += 1


def test_a_flood_without_end_fills_the_kiosks_own_socket_and_no_memory(path: Path, inbox: Inbox) -> None:
    kiosk, _ = joined(path, inbox)
    kiosk.sock.settimeout(0.5)
    with pytest.raises(TimeoutError):
        kiosk.sock.sendall(encode_line(AskHelp(screen="home")) * 200_000)


def test_a_kiosk_that_leaves_while_it_is_not_read_is_noticed(path: Path, kiosks: KioskSocket, inbox: Inbox) -> None:
    kiosk, number = joined(path, inbox)
    kiosk.sock.sendall(encode_line(AskHelp(screen="home")) * (MAX_UNHANDLED + 1))
    for _ in range(MAX_UNHANDLED):
        assert isinstance(inbox.get(timeout_s=5), KioskSaid)
    kiosk.sock.close()
    for _ in range(MAX_UNHANDLED):
        kiosks.handled(number)
    assert isinstance(inbox.get(timeout_s=5), KioskSaid)
    kiosks.handled(number)


def test_there_is_room_for_so_many_and_no_more(path: Path, kiosks: KioskSocket, inbox: Inbox) -> None:
    some = [joined(path, inbox)[0] for _ in range(MAX_KIOSKS)]
    assert Kiosk(path).ended()
    some[0].sock.shutdown(socket.SHUT_RDWR)
    assert isinstance(inbox.get(timeout_s=5), KioskLeft)
    joined(path, inbox)


def test_a_stale_socket_is_taken_over(folder: Path, inbox: Inbox) -> None:
    (folder / "kiosk.sock").touch()
    again = KioskSocket(path=folder / "kiosk.sock", inbox=inbox)
    again.start()
    Kiosk(folder / "kiosk.sock")
    again.stop()
    again.show(OVER)
    assert not (folder / "kiosk.sock").exists()


def test_a_fault_drops_the_kiosks_and_they_come_again(
    path: Path, kiosks: KioskSocket, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, number = greeted(path, kiosks, inbox)
    settle = kiosks._read_and_write

    def fails() -> None:
        monkeypatch.setattr(kiosks, "_read_and_write", settle)
        raise ValueError("nobody thought of this")

    monkeypatch.setattr(kiosks, "_read_and_write", fails)
    kiosks.show(LOST)
    assert inbox.get(timeout_s=5) == KioskLeft(kiosk=number)
    again, _ = greeted(path, kiosks, inbox)
    kiosks.show(LOST)
    assert again.hears() == LOST


def test_without_descriptors_it_waits_and_does_not_spin(
    path: Path, kiosks: KioskSocket, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    class Full:
        def accept(self) -> None:
            tries.append(1)
            raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(kiosks, "_listener", Full())
        with socket.socket(socket.AF_UNIX) as waiting:
            waiting.connect(str(path))
            assert inbox.get(timeout_s=0.5) is None
    assert 1 <= len(tries) <= 5
    assert joined(path, inbox)


TOUCHED = TouchShown(colour="green", answer="recorded", name="张示例", visit="0123456789abcdef")
TOKEN, OTHER = "1" * 32, "2" * 32


def says(kiosk: Kiosk, token: str, inbox: Inbox) -> None:
    kiosk.sock.sendall(encode_line(Hello(token=token)))
    assert isinstance(inbox.get(timeout_s=5), KioskSaid)


def leaves(kiosk: Kiosk, inbox: Inbox) -> None:
    kiosk.sock.shutdown(socket.SHUT_RDWR)
    kiosk.sock.close()
    assert isinstance(inbox.get(timeout_s=5), KioskLeft)


def visits(kiosks: KioskSocket, *ends: Kiosk) -> list[str]:
    """Show a touch to all, and return which visit each learns."""
    kiosks.show(TOUCHED)
    heard = [end.hears() for end in ends]
    assert all(isinstance(one, TouchShown) and one.name == TOUCHED.name for one in heard)
    return [one.visit for one in heard if isinstance(one, TouchShown)]


def test_a_visit_is_offered_to_the_kiosk_in_front_alone(path: Path, kiosks: KioskSocket, inbox: Inbox) -> None:
    front, _ = greeted(path, kiosks, inbox)
    other, _ = greeted(path, kiosks, inbox)
    assert visits(kiosks, front, other) == [TOUCHED.visit, ""]
    # With tokens too, whoever says hello first.
    says(other, OTHER, inbox)
    says(front, TOKEN, inbox)
    assert visits(kiosks, front, other) == [TOUCHED.visit, ""]


def test_nobody_takes_the_front_while_its_kiosk_is_started_again(folder: Path, inbox: Inbox) -> None:
    now_s = [0.0]
    kiosks = KioskSocket(path=folder / "kiosk.sock", inbox=inbox, monotonic_s=lambda: now_s[0])
    kiosks.start()
    path = folder / "kiosk.sock"
    front, _ = greeted(path, kiosks, inbox)
    other, _ = greeted(path, kiosks, inbox)
    says(front, TOKEN, inbox)
    says(other, OTHER, inbox)
    assert visits(kiosks, front, other) == [TOUCHED.visit, ""]
    leaves(front, inbox)
    assert visits(kiosks, other) == [""]
    again, _ = greeted(path, kiosks, inbox)
    assert visits(kiosks, again, other) == ["", ""], "nobody knows yet whose place it takes"
    says(again, TOKEN, inbox)
    assert visits(kiosks, again, other) == [TOUCHED.visit, ""]
    leaves(again, inbox)
    now_s[0] = RESTARTS_WITHIN_S
    assert visits(kiosks, other) == [TOUCHED.visit]
    kiosks.stop()


def test_a_technician_s_program_is_never_in_front(path: Path, kiosks: KioskSocket, inbox: Inbox) -> None:
    program, _ = greeted(path, kiosks, inbox)
    program.sock.sendall(encode_line(AskStatus()))
    assert isinstance(inbox.get(timeout_s=5), KioskSaid)
    screen, _ = greeted(path, kiosks, inbox)
    assert visits(kiosks, program, screen) == ["", TOUCHED.visit]
