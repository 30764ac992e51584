"""A station with many people and two kiosks, each a real app whose terminal is read."""

import asyncio
import gc
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack
from copy import replace
from pathlib import Path

from textual.pilot import Pilot

from agent.events import KioskSaid, PinWorked
from agent.wiring.ports import StationPorts
from kiosk_tui.app import KioskApp
from kiosk_tui.flow import Flow
from kiosk_tui.guard import CHOICE_MS
from kiosk_tui.link import LinkListener
from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.common import View
from protocol.bundle_contents import Roster, RosterPerson
from protocol.cards import card_token
from protocol.kiosk import ToAgent, ToKiosk, decode_from_agent, decode_from_kiosk, encode_line
from protocol.twin import Card, Desired, Person
from tests.agent.bench import CARD_KEY, STATION, Bench, Recorded, desired
from tests.agent.kiosk.village_pins import verifier
from tests.agent.sample import pack, sealed
from tests.fakes.clockwork import FakeSystemClock
from tests.kiosk_tui.rig import drawn

PEOPLE = 60
PIN = "508213"


def name_of(person: int) -> str:
    """Return a name that stands nowhere else."""
    return f"客{person:03}样"


def number_of(person: int) -> str:
    """Return a number that stands nowhere else."""
    return f"7390{person:03}51"


def uid_of(person: int) -> str:
    """Return the card of a person."""
    return f"04{person:012x}"


class Glass(Recorded):
    """The way from the agent to the kiosks: each line is written and read as on the socket, and remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[int, bytes]] = []
        """What each kiosk was sent: its number and the line."""
        self.reach: dict[int, Callable[[ToKiosk], None]] = {}

    def show(self, message: ToKiosk) -> None:
        for kiosk in list(self.reach):
            self._send(kiosk, message)

    def answer(self, kiosk: int, message: ToKiosk) -> None:
        self._send(kiosk, message)

    def _send(self, kiosk: int, message: ToKiosk) -> None:
        line = encode_line(message)
        self.sent.append((kiosk, line))
        if kiosk in self.reach:
            self.reach[kiosk](decode_from_agent(line))


class OpenStation(Bench):
    """A bench whose kiosks are the proof's."""

    glass: Glass

    def __init__(self, folder: Path, system: FakeSystemClock, glass: Glass) -> None:
        OpenStation.glass = glass
        super().__init__(folder, system)
        self.recorded.order.clear()

    def _fakes(self, *, camera: bool) -> StationPorts:
        return replace(super()._fakes(camera=camera), kiosks=self.glass)

    def do_work(self) -> None:
        """Wait for the work at a PIN, if there is some."""
        while self.kiosk.pin_work.busy:
            event = self.inbox.get(timeout_s=20)
            if isinstance(event, PinWorked):
                self.kiosk.pin_work.worked(event)


class _Link:
    """What a kiosk says waits until the proof hands it over."""

    def __init__(self) -> None:
        self.said: list[ToAgent] = []

    async def run(self, listener: LinkListener) -> None:
        await asyncio.Event().wait()

    def say(self, message: ToAgent) -> None:
        self.said.append(decode_from_kiosk(encode_line(message)))


class KioskDesk:
    """One kiosk: its app, its keys, and all that can be read of it."""

    def __init__(self, number: int, system: FakeSystemClock) -> None:
        self.number = number
        self._system = system
        self.link = _Link()
        self.app = KioskApp(self.link, mono_ms=system.mono_ms)
        self.pilot: Pilot[None] | None = None

    @property
    def flow(self) -> Flow:
        return self.app.flow

    def begin_anew(self, number: int, *, resumes: bool = False) -> None:
        """Be another process: nothing of before is in its memory."""
        self.number = number
        self.link.said.clear()
        self.app.flow = Flow(mono_ms=self._system.mono_ms, say=self.link.say, resumes=resumes)

    def look(self) -> View:
        """Return what is shown, as the app does at each of its ticks."""
        self.flow.tick()
        return self.flow.view()

    def press(self, *keys: Key) -> None:
        """Press keys as one does who looks at each screen first."""
        for key in keys:
            self.flow.painted(self.look())
            self._system.pass_ms(CHOICE_MS)
            self.flow.key(key)

    async def draw(self) -> str:
        """Paint what the flow says; return the text on the terminal."""
        assert self.pilot is not None
        self.app.draw()
        await self.pilot.pause()
        return "".join("".join(strip.text for strip in drawn(self.app)).split())

    def holds(self, canaries: Iterable[str]) -> list[str]:
        """Return which canaries stand in anything that the flow refers to."""
        found: set[str] = set()
        for text in _texts(self.flow, without=self.link):
            found |= {canary for canary in canaries if canary in text}
        return sorted(found)


def _texts(root: object, *, without: object) -> Iterator[str]:
    todo, seen = [root], {id(without)}
    skipped = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, FakeSystemClock)
    while todo:
        one = todo.pop()
        if id(one) in seen or isinstance(one, skipped):
            continue
        seen.add(id(one))
        if isinstance(one, str):
            yield one
        elif isinstance(one, types.MethodType):
            todo.append(one.__self__)
        else:
            todo += gc.get_referents(one)


class Office:
    """The station, its two kiosks, and the way between them."""

    def __init__(self, folder: Path, *, people: int = PEOPLE) -> None:
        self._folder = folder
        self.system = FakeSystemClock()
        self.glass = Glass()
        self.people = people
        self.kiosks = [KioskDesk(1, self.system), KioskDesk(2, self.system)]
        self._next = 3
        self._stack = AsyncExitStack()
        self.station = self._open()

    async def __aenter__(self) -> "Office":
        for kiosk in self.kiosks:
            # One after the other: Textual has one active app in each task.
            kiosk.pilot = await self._stack.enter_async_context(kiosk.app.run_test(size=(80, 22)))
        self.connect()
        return self

    async def __aexit__(self, *problem: object) -> None:
        self.station.outbox.close()
        await self._stack.aclose()

    def _open(self) -> OpenStation:
        station = OpenStation(self._folder, self.system, self.glass)
        numbers = range(self.people)
        ref, file = sealed(pack())
        if not station.twin.version:
            empty = desired()
            station.accept(
                Desired(
                    station=STATION,
                    version=1,
                    station_name=empty.station_name,
                    village=empty.village,
                    settings={"number_sign_in": True},
                    people=[Person(id=number_of(one), name=name_of(one)) for one in numbers],
                    cards=[Card(token=card_token(CARD_KEY, uid_of(one)), person=number_of(one)) for one in numbers],
                    packs=[ref],
                )
            )
        station.files[ref.sha256] = file
        station.packs.want([ref])
        if not station.packs.packs():
            station.packs.tick()
            station.packs.fetched(station.fetched())
        pin = verifier(PIN)
        people = [
            RosterPerson(id=number_of(one), name=name_of(one), number=number_of(one), may_number_sign_in=True, pin=pin)
            for one in numbers
        ]
        station.bundles.put("roster", Roster(people=people))
        station.kiosk.number_sign_in.state_unjudged()
        return station

    def connect(self) -> None:
        """Have the kiosks hear the agent. Whoever reads no terminal needs no more than this."""
        for kiosk in self.kiosks:
            self._connect(kiosk)

    @property
    def outbox(self) -> Path:
        """The file with the station's facts."""
        return self._folder / "outbox.db"

    def _connect(self, kiosk: KioskDesk) -> None:
        self.glass.reach[kiosk.number] = lambda message: kiosk.flow.agent_said(message)
        self.station.home.joined(kiosk.number)

    def exchange(self) -> None:
        """Bring to the agent what the kiosks said, and to the kiosks what it answers, until nobody says more."""
        while any(kiosk.link.said for kiosk in self.kiosks):
            for kiosk in self.kiosks:
                said, kiosk.link.said = kiosk.link.said, []
                for message in said:
                    self.station.kiosk_table.said(KioskSaid(kiosk.number, message))
                    self.station.do_work()

    def press(self, kiosk: KioskDesk, *keys: Key) -> None:
        """Press keys at a kiosk, and let everybody hear of each."""
        for key in keys:
            kiosk.press(key)
            self.exchange()

    def touch(self, person: int) -> None:
        """Have a person touch their card."""
        self.station.desk.card_touched(uid_of(person), "proof")
        self.exchange()

    def kill_agent(self) -> None:
        """End the agent as a power cut does, and start it again."""
        self.station.outbox.close()
        self.glass.reach.clear()
        for kiosk in self.kiosks:
            kiosk.link.said.clear()
            kiosk.flow.agent_away()
        self.station = self._open()
        for kiosk in self.kiosks:
            self._connect(kiosk)

    def kill_kiosk(self, kiosk: KioskDesk) -> None:
        """End a kiosk, and start another one at its screen."""
        del self.glass.reach[kiosk.number]
        self.station.kiosk.visits.kiosk_left(kiosk.number)
        self._begin_anew(kiosk, resumes=False)

    def replace_kiosk(self, kiosk: KioskDesk, *, resumes: bool) -> None:
        """End a kiosk that has said hello, and start the one that takes its place."""
        del self.glass.reach[kiosk.number]
        self.station.kiosk.keeping.kiosk_left(kiosk.number)
        self._begin_anew(kiosk, resumes=resumes)

    def _begin_anew(self, kiosk: KioskDesk, *, resumes: bool) -> None:
        kiosk.begin_anew(self._next, resumes=resumes)
        self._next += 1
        self._connect(kiosk)

    def pass_s(self, seconds: float) -> None:
        """Let time go by while both kiosks tick."""
        self.system.pass_ms(round(seconds * 1000))
        for kiosk in self.kiosks:
            kiosk.flow.tick()
        self.exchange()
        self.station.kiosk.visits.tick()
        self.station.kiosk.keeping.tick()
