"""One run: a station at work, a revocation or a new board that is interrupted at some step, and what is true 5 s
later."""

import os
import random
import signal
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import msgspec

from firmware_scripts.demo.processes import NotInTime, wait_until
from tests.proofs.revocation.child import Child
from tests.proofs.revocation.judge import Found, Record, Seen, Truth, read_all, read_database, read_files, wrongly_said
from tests.proofs.revocation.line import Line
from tests.proofs.revocation.revoker import Happening, Outcome, Task
from tests.proofs.strangers.county import VILLAGE, County
from tests.proofs.strangers.station import Board

LIMIT_S = 5.0
CLOSED_S = 1.0
"""How long it may take to see that a session is closed that is said to be over."""
DATABASE_S = 60.0
"""How long to wait for the database. If it died on a full disk, the service tries to start it again from time to time,
and succeeds when there is room."""
_PAUSE_S = 0.1
_ROOM = ("trust/room-for-a-revocation", "broker/room-for-a-revocation")


@dataclass(frozen=True)
class Case:
    """What is interrupted, by what, and before which of its steps."""

    what: Literal["revoke", "enrol"]
    happens: Happening
    at: int

    def __str__(self) -> str:
        return f"{self.what}, {self.happens} before step {self.at}"


_SHARES: tuple[tuple[Literal["revoke", "enrol"], Happening, float], ...] = (
    ("revoke", "death", 0.3),
    ("revoke", "chores die too", 0.1),
    ("revoke", "full disk", 0.2),
    ("revoke", "broker hangs", 0.1),
    ("revoke", "broker dies", 0.1),
    ("enrol", "death", 0.2),
)


def plan(runs: int, steps: dict[str, int], rng: random.Random) -> list[Case]:
    """Return ``runs`` cases in random order. The cases of each kind are spread evenly over all steps.

    Args:
        steps: How many steps each of the two has, if nothing interrupts it. The place behind the last step counts too.
    """
    cases = []
    counts = [round(runs * share) for *_, share in _SHARES]
    counts[0] += max(0, runs - sum(counts))
    for (what, happens, _), wanted in zip(_SHARES, counts, strict=True):
        places = steps[what] + 1
        first = rng.random()
        cases += [Case(what, happens, 1 + int((first + number) * places / wanted) % places) for number in range(wanted)]
    rng.shuffle(cases)
    return cases[:runs]


class Revoker(Child):
    """The process that does the county's work, in children that may be killed. A context manager."""

    def __init__(self, county: County) -> None:
        environment = county.environment | {"DJANGO_SETTINGS_MODULE": "server_broker.settings"}
        super().__init__("tests.proofs.revocation.revoker", environment=environment)

    def do(self, task: Task) -> Outcome:
        """Have a task done, and return the result."""
        return msgspec.json.decode(self.ask(msgspec.json.encode(task)), type=Outcome)

    def claim(self, station: str) -> str:
        """Return a claim code for a station, which is made if it does not exist."""
        outcome = self.do(Task(what="claim", station=station, village=VILLAGE))
        if outcome.said is None or "code" not in outcome.said:
            raise RuntimeError(f"no claim for {station}: {outcome.said}")
        return str(outcome.said["code"])


@dataclass(frozen=True)
class Out:
    """A board that is out, with its run's name."""

    run: str
    board: Board
    context: ssl.SSLContext
    leaves_no_will: bool = True
    """A will in the station's name is right if another board took its place, or if its session was ended by a broker
    that did not know yet."""

    @property
    def record_key(self) -> str:
        """Its record key in hex."""
        return self.board.record_key.public_key().public_bytes_raw().hex()


class Bench:
    """A county, the process that works for it, and all findings.

    Args:
        wills: Returns the stations whose wills were published since the last call.
    """

    def __init__(self, county: County, revoker: Revoker, *, wills: Callable[[], set[str]] = set) -> None:
        self.county = county
        self._wills = wills
        self.found = Found()
        self.out: list[Out] = []
        self.repeated = 0
        self.slowest_s = 0.0
        self._revoker = revoker

    def steps(self) -> dict[str, int]:
        """Return how many steps a whole revocation and a whole enrolment of a second board have."""
        board = self._enrolled("undisturbed")
        enrol = self._revoker.do(self._enrolment("undisturbed", Board(self.county)))
        revoke = self._revoker.do(Task(what="revoke", station="undisturbed"))
        for name, outcome in (("enrolment", enrol), ("revocation", revoke)):
            if outcome.said is None or "error" in outcome.said:
                raise RuntimeError(f"an undisturbed {name} ended with {outcome}")
        self.out.append(Out("undisturbed", board, board.tls()))
        return {"revoke": revoke.steps, "enrol": enrol.steps}

    def control(self) -> Board:
        """Return a station that goes on working. Its ticket was seen to resume its session.

        Raises:
            RuntimeError: No ticket resumes a session at this broker, so refusing one would prove nothing.
        """
        board = self._enrolled("control")
        context = board.tls()
        with Line(self.county.broker_port, "control", context) as line:
            ticket = line.ticket
        with Line(self.county.broker_port, "control", context, ticket=ticket) as line:
            if not (line.admitted and line.resumed):
                raise RuntimeError("the broker resumes nobody's TLS session")
        return board

    def run(self, case: Case, station: str) -> None:
        """Carry out one case, and judge it."""
        if case.happens == "full disk":
            wait_until(self._has_room, what="room for a revocation", timeout_s=20)
        name = f"{station} ({case})"
        board = self._enrolled(station)
        context = board.tls()
        with Line(self.county.broker_port, station, context) as line:
            if not line.admitted:
                raise RuntimeError(f"{station} was not let in while it was in order")
            ticket = line.ticket
            task = self._task(case, station)
            out = Out(name, board, context, leaves_no_will=_leaves_no_will(case))
            self._wills()
            chores = self.county.pid("chores")
            said = self._carry_out(task, out, line)
            self._have_broker(case)
            if case.happens == "chores die too":
                # The limit holds from the moment when there is somebody who can finish it.
                back = partial(self._are_back, chores)
                wait_until(back, what="the chores", timeout_s=30)
            if not self._is_out(out, read_files(self.county)):
                self._empty_disk()
                self.repeated += 1
                said = self._carry_out(msgspec.structs.replace(task, at=0), out, line)
            self.found.seen(name, self.treated(out, line, ticket))
        self._empty_disk()
        self.judge_said_of_database(out, said)
        self.out.append(out)

    def finish(self, *, within_s: float) -> None:
        """Give the chores their time, then look at all boards that are out once more."""
        with suppress(NotInTime):
            wait_until(self._all_in_step, what="all to be in step", timeout_s=within_s, every_s=_PAUSE_S)
        record = read_all(self.county)
        for one in self.out:
            self.found.step(one.run, record.out_of_step(one.board.station, one.record_key))
            if self._connects(one.board.station, one.context):
                self.found.admitted.append(f"{one.run}: connection, in the end")

    def _all_in_step(self) -> bool:
        record = read_all(self.county)
        return not any(record.out_of_step(one.board.station, one.record_key) for one in self.out)

    def _enrolled(self, station: str) -> Board:
        board = Board(self.county)
        answer = board.enrol(self._revoker.claim(station))
        if not answer.admitted:
            raise RuntimeError(f"{station} was not taken in: {answer}")
        return board

    def _task(self, case: Case, station: str) -> Task:
        if case.what == "revoke":
            return Task(what="revoke", station=station, at=case.at, happens=case.happens)
        return msgspec.structs.replace(self._enrolment(station, Board(self.county)), at=case.at, happens=case.happens)

    def _enrolment(self, station: str, board: Board) -> Task:
        request = board.enrol_request(self._revoker.claim(station))
        return Task(what="enrol", station=station, request=msgspec.json.encode(request).decode())

    def _carry_out(self, task: Task, out: Out, line: Line) -> dict[str, Any]:
        said = self._revoker.do(task).said
        if said is None or task.what != "revoke":
            return {}
        self.judge_said(out, line, said)
        return said

    def judge_said(self, out: Out, line: Line, said: dict[str, Any]) -> None:
        """Compare what the caller of a revocation was told with what is true at this moment."""
        session = line.is_open(within_s=CLOSED_S if said.get("session_ended") else 0.0)
        connects = bool(said.get("in_force")) and self._connects(out.board.station, out.context)
        record = read_files(self.county)
        station = out.board.station
        truth = Truth(
            in_journal=record.is_revoked(station),
            lists_written=station not in record.listed and record.serials(out.record_key) <= record.revoked_serials,
            connects=connects,
            session=session,
        )
        self.found.said(out.run, wrongly_said(said, truth))

    def judge_said_of_database(self, out: Out, said: dict[str, Any]) -> None:
        """Judge the rest, once the disk has room. For ten seconds the chores leave the work to the program that began
        it."""
        if said.get("in_database"):
            read = wait_until(lambda: read_database(self.county), what="the database", timeout_s=DATABASE_S)
            is_so = read.get(out.board.station, (False, ""))[0]
            self.found.said(out.run, [] if is_so else ["in_database"])

    def _is_out(self, out: Out, record: Record) -> bool:
        station = out.board.station
        return record.is_revoked(station) or record.board_of(station) != out.record_key

    def treated(self, out: Out, line: Line, ticket: ssl.SSLSession | None, *, limit_s: float = LIMIT_S) -> Seen:
        """Return how the board is treated, as soon as that is right, or after ``limit_s`` at the latest.

        No connection is tried while its session is up, because that would end the session (MQTT 5.0, 3.1.4).
        """
        began = time.monotonic()
        session = line.is_open(within_s=limit_s)
        looks: list[Seen] = []

        def is_right() -> bool:
            looks.append(self._look(out, session, ticket))
            return not looks[-1].named()

        with suppress(NotInTime):
            rest_s = max(0.0, began + limit_s - time.monotonic())
            wait_until(is_right, what="a board to be out", timeout_s=rest_s, every_s=_PAUSE_S)
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        return looks[-1]

    def _look(self, out: Out, session: bool, ticket: ssl.SSLSession | None) -> Seen:
        station = out.board.station
        return Seen(
            will=out.leaves_no_will and station in self._wills(),
            session=session,
            connection=self._connects(station, out.context),
            ticket=ticket is not None and self._connects(station, out.context, ticket),
            renewal=out.board.renew().admitted,
        )

    def _connects(self, station: str, context: ssl.SSLContext, ticket: ssl.SSLSession | None = None) -> bool:
        with Line(self.county.broker_port, station, context, ticket=ticket) as line:
            return line.admitted

    def _have_broker(self, case: Case) -> None:
        if case.happens == "broker hangs":
            os.kill(self.county.pid("mosquitto"), signal.SIGCONT)
        # Whoever is refused by a broker that is down proves nothing.
        wait_until(self._broker_listens, what="the broker", timeout_s=30)

    def _are_back(self, chores: int) -> bool:
        return self.county.pid("chores") not in (0, chores)

    def _broker_listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.county.broker_port), timeout=1):
            return True
        return False

    def _has_room(self) -> bool:
        return all((self.county.home / name).exists() for name in _ROOM)

    def _empty_disk(self) -> None:
        with suppress(FileNotFoundError):
            (self.county.home / "ballast").unlink()


def _leaves_no_will(case: Case) -> bool:
    return case.what == "revoke" and case.happens != "broker hangs"


def kinds(cases: Sequence[Case]) -> int:
    """Return how many different cases there are."""
    return len(set(cases))
