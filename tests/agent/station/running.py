"""A core on the bench, with the uplink, the notifier and the sources in memory."""

from collections.abc import Callable
from copy import replace
from dataclasses import dataclass, field
from typing import Literal

from agent.events import CardTouched, Event
from agent.station.core import Core
from agent.station.notify import Notifier
from protocol.kiosk import Home
from protocol.kiosk_status import LinkState
from protocol.twin import Reported
from tests.agent.bench import Bench
from tests.fakes.clockwork import FakeSystemClock


@dataclass
class FakeUplink:
    """Keeps the events that the core hands on."""

    system: FakeSystemClock
    order: list[tuple[str, object]]
    state: LinkState = "offline"
    heard: list[Event] = field(default_factory=list)
    reports: list[Reported] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    gone_ms: int | None = None
    """When the station said that it is gone, by the monotonic clock."""
    on_tick: Callable[[], None] = lambda: None
    """What a test lets happen at each tick, such as the passing of time."""

    connected = frame_free = frames_stuck = False

    def offer_frame(self, command: bytes, number: int, jpeg: bytes) -> bool:
        return False

    def expect_frames(self, expected: bool) -> None:
        pass

    def end_frames(self) -> None:
        self.order.append(("no more frames", None))

    def handle(self, event: Event) -> None:
        self.heard.append(event)

    def report(self, reported: Reported) -> None:
        self.reports.append(reported)

    def facts_committed(self) -> None:
        self.order.append(("uplink", None))

    def tick(self) -> int:
        self.on_tick()
        return self.system.mono + 30_000

    def say_gone(self, reason: Literal["shutdown", "restart"]) -> None:
        self.gone.append(reason)
        self.gone_ms = self.system.mono


class Told(Notifier):
    """A notifier that keeps what it would send to the service manager."""

    def __init__(self, system: FakeSystemClock) -> None:
        super().__init__(environ={"NOTIFY_SOCKET": "memory", "WATCHDOG_USEC": "20000000"}, mono_ms=system.mono_ms)
        self.told: list[str] = []

    def _send(self, text: str) -> None:
        self.told.append(text)


@dataclass
class FakeSource:
    name: str
    order: list[tuple[str, object]]
    fails: bool = False

    def start(self) -> None:
        if self.fails:
            raise OSError("no socket")
        self.order.append(("start", self.name))

    def stop(self) -> None:
        self.order.append(("stop", self.name))


class Running:
    """A core on the bench."""

    def __init__(self, station: Bench, system: FakeSystemClock) -> None:
        self.station = station
        self.order = station.recorded.order
        self.uplink = FakeUplink(system, self.order)
        self.told = Told(system)
        self.sources = [FakeSource("camera", self.order), FakeSource("reader", self.order)]
        self.core = Core(replace(station.parts, uplink=self.uplink, notifier=self.told, sources=self.sources))

    def take(self, *events: Event) -> None:
        """Put events in and let the core take them all."""
        for event in events:
            self.station.inbox.put(event)
        while self.station.inbox.waiting():
            self.core.step(timeout_s=0)

    def homes(self) -> list[Home]:
        return [what for _, what in self.order if isinstance(what, Home)]


def touches(*uids: str) -> list[Event]:
    return [CardTouched(uid=uid, reader="fake") for uid in uids]
