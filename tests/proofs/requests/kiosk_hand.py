"""Somebody at a station's kiosk socket: touches a card, asks, agrees, takes back, and goes again if the agent dies."""

import datetime as dt
import random
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from firmware_scripts.demo.cast import CastPerson
from firmware_scripts.demo.processes import NotInTime
from firmware_scripts.demo.station import DemoStation
from protocol.kiosk import Sorry, ToAgent, ToKiosk, TouchShown, decode_from_agent, encode_line
from protocol.kiosk_months import OpenRequests, RequestsShown, RequestTaken, Withdraw
from protocol.kiosk_requests import Agree, AskFor, AskingShown, OpenAsking
from protocol.kiosk_visits import EndVisit, OpenVisit, VisitShown

_ANSWER_S = 10.0
_TRIES = 40
LEAVES = ("personal", "sick", "annual")
MOST_AT_A_STATION = 95
"""A station takes a hundred a day from all people together."""


@dataclass(frozen=True, slots=True)
class AtKiosk:
    """A request that was green: by the person, with what is asked for."""

    station: str
    person: str
    kind: str
    begin: dt.datetime
    number: str
    """Empty: the answer was lost, and asked again the station said that it has it."""


@dataclass
class Done:
    """What was seen at one station."""

    made: list[AtKiosk] = field(default_factory=list)
    withdrawn: int = 0
    agreed: int = 0
    tried_again: int = 0


class _Line:
    """One connection of a kiosk."""

    def __init__(self, station: DemoStation) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_ANSWER_S)
        self._socket.connect(str(station.kiosk_socket))
        self._lines = self._socket.makefile("rb")

    def ask(self, message: ToAgent, *kinds: type[ToKiosk]) -> ToKiosk:
        """Say something and return the first answer of these kinds.

        Raises:
            OSError: The agent is gone or silent.
        """
        self._socket.sendall(encode_line(message))
        return self.hear(*kinds)

    def hear(self, *kinds: type[ToKiosk]) -> ToKiosk:
        """Return the next message of these kinds.

        Raises:
            OSError: The agent is gone, or says other things alone.
        """
        until = time.monotonic() + _ANSWER_S
        for line in self._lines:
            said = decode_from_agent(line)
            if isinstance(said, kinds):
                return said
            if time.monotonic() > until:
                break
        raise ConnectionResetError

    def close(self) -> None:
        """Leave."""
        self._lines.close()
        self._socket.close()


class KioskHand:
    """People at one station, one after another. Used on a thread of its own."""

    def __init__(self, station: DemoStation, *, seed: int, today: dt.date) -> None:
        self._station = station
        self._chance = random.Random(seed)
        self._today = today
        self.done = Done()

    def work(self, requests: int) -> None:
        """Have so many things asked for."""
        people = self._station.cast.people
        for number in range(min(requests, MOST_AT_A_STATION)):
            if number % 12 == 11:
                self._swap(people[number // 12 % 4], people[10 + number % 8])
            else:
                self._away(people[20 + number % 28], number)

    def _away(self, person: CastPerson, number: int) -> None:
        # One day for each request of a station, so that each is known by its day alone.
        first = self._today + dt.timedelta(days=3 + number)
        last = first + dt.timedelta(days=self._chance.choice((0, 0, 0, 1, 4)))
        kind = self._chance.choice(("leave", "leave", "field_duty", "residency"))
        code = self._chance.choice(LEAVES) if kind == "leave" else None

        def ask(line: _Line, visit: str) -> None:
            asked = AskFor(visit=visit, kind=kind, code=code, first=str(first), last=str(last))
            taken = line.ask(asked, RequestTaken, Sorry)
            begin = dt.datetime.combine(first, dt.time())
            if isinstance(taken, Sorry) and taken.reason != "asked_already":
                raise AssertionError(f"{kind}: {taken.reason}")
            name = taken.number if isinstance(taken, RequestTaken) else ""
            self.done.made.append(AtKiosk(self._station.cast.id, person.number, kind, begin, name))

        self._visit(person, ask)
        if self._chance.random() < 0.06:
            self._visit(person, self._take_back)

    def _take_back(self, line: _Line, visit: str) -> None:
        shown = line.ask(OpenRequests(visit=visit), RequestsShown)
        assert isinstance(shown, RequestsShown)
        newest = next((one for one in shown.requests if one.state == "open"), None)
        if newest is not None:
            line.ask(Withdraw(visit=visit, request=newest.request), RequestTaken, Sorry)
            self.done.withdrawn += 1

    def _swap(self, giver: CastPerson, taker: CastPerson) -> None:
        def ask(line: _Line, visit: str) -> None:
            offered = line.ask(OpenAsking(visit=visit), AskingShown)
            assert isinstance(offered, AskingShown)
            turn = self._chance.choice(offered.turns)
            asked = AskFor(visit=visit, kind="swap", first=turn.day, start=turn.start, substitute=taker.number)
            taken = line.ask(asked, RequestTaken, Sorry)
            if isinstance(taken, RequestTaken):
                minutes = dt.timedelta(minutes=turn.start)
                begin = dt.datetime.combine(dt.date.fromisoformat(turn.day), dt.time()) + minutes
                self.done.made.append(AtKiosk(self._station.cast.id, giver.number, "swap", begin, taken.number))

        def answer(line: _Line, visit: str) -> None:
            offered = line.ask(OpenAsking(visit=visit), AskingShown)
            assert isinstance(offered, AskingShown)
            for swap in offered.swaps:
                line.ask(
                    Agree(visit=visit, request=swap.request, agrees=self._chance.random() < 0.8), RequestTaken, Sorry
                )
                self.done.agreed += 1

        self._visit(giver, ask)
        self._visit(taker, answer)

    def _visit(self, person: CastPerson, do: Callable[[_Line, str], None]) -> None:
        """Touch, open the visit and do something in it; if the agent dies on the way, do all of it again."""
        for _ in range(_TRIES):
            line = None
            try:
                line = _Line(self._station)
                if not self._station.touch(person.uid):
                    raise ConnectionResetError
                shown = line.hear(TouchShown)
                # Another's card, one that the station does not know yet, or one with a visit elsewhere.
                if not isinstance(shown, TouchShown) or shown.name != person.name or not shown.visit:
                    raise ConnectionResetError
                visit = line.ask(OpenVisit(visit=shown.visit), VisitShown, Sorry)
                if not isinstance(visit, VisitShown):
                    raise ConnectionResetError
                do(line, visit.visit)
                line.ask(EndVisit(visit=visit.visit), VisitShown)
                return
            except OSError:
                self.done.tried_again += 1
                time.sleep(0.3)
            finally:
                if line is not None:
                    line.close()
        raise NotInTime(f"the agent of {self._station.cast.id}")
