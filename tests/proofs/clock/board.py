"""The whole agent with its own wiring, in the time of a simulated world.

Three things are different: its link is in memory, it has no kiosk, and its certificate is not renewed. Its random
numbers come from the seed. Its threads are not started: the proof itself puts cards and the time service's state into
its inbox.
"""

import json
import random
import socket
from collections.abc import Callable
from contextlib import ExitStack
from copy import replace
from pathlib import Path

from agent.config.station_config import load
from agent.events import CardTouched, NtpRead, RenewalEnded
from agent.inbox import Inbox
from agent.ports import NtpState
from agent.timekeeping.clock import StationClock
from agent.wiring.assembly import real_ports
from agent.wiring.parts import Station
from protocol.kiosk import ToKiosk
from tests.fakes.devices import lamp_socket
from tests.fakes.enrolled import EnrolledStation
from tests.proofs.clock.county import ClockCounty
from tests.proofs.clock.judge import Lit
from tests.proofs.clock.way import ClockWay
from tests.proofs.clock.world import MINUTE_MS, World

CARDS = ("04a1b2c3d4e5f6", "04b1b2c3d4e5f6", "04c1b2c3d4e5f6")
NTP_READ_EVERY_MS = 5 * MINUTE_MS
MOST_STEPS = 20_000


class NoKiosk:
    """Nobody looks at the screen."""

    watched = False

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def show(self, message: ToKiosk) -> None:
        pass

    def answer(self, kiosk: int, message: ToKiosk) -> None:
        pass

    def handled(self, kiosk: int) -> None:
        pass


class ClockBoard:
    """One station's machine and SD card."""

    def __init__(
        self,
        enrolled: EnrolledStation,
        world: World,
        county: ClockCounty,
        chance: random.Random,
        *,
        agents_chance: random.Random,
        build_ms: int,
    ) -> None:
        self._enrolled = enrolled
        self._world = world
        self._county = county
        self._chance = chance
        self._agents_chance = agents_chance
        self._build_ms = build_ms
        self._lamp: socket.socket = lamp_socket(enrolled.folder / "lamp.sock")
        self._lamp.setblocking(False)
        self._running = ExitStack()
        self._ntp_due_ms = 0
        self.lit: list[Lit] = []
        world.power_on()
        self.start()

    def start(self) -> None:
        """Start the agent in the boot that is running."""
        inbox = Inbox()
        self.way = ClockWay(
            self._world,
            self._county,
            self._chance,
            station=self._enrolled.identity.station,
            county_keys=self._enrolled.identity.county_keys,
            put=inbox.put,
        )
        ports = self._running.enter_context(
            real_ports(
                load(Path(self._enrolled.config)),
                self._enrolled.identity,
                environ={},
                clock=StationClock(system=self._world, build_ms=self._build_ms),
                inbox=inbox,
            )
        )
        station = Station(
            replace(
                ports,
                link=self.way,
                meters=[self.way.bytes_billed],
                kiosks=NoKiosk(),
                chance=self._agents_chance.random,
                random=self._agents_chance,
                renew=lambda *_: RenewalEnded(due_ms=2**62),
            )
        )
        self._station = station
        station.parts.lifecycle.started(last_fact=station.parts.last_fact)

    def end(self, *, orderly: bool) -> None:
        """End the agent. If it is killed, it saves nothing more."""
        if orderly:
            self._station.parts.lifecycle.stopped()
            self._station.parts.clock.keep()
        self._running.close()
        self._running = ExitStack()

    def touch(self) -> None:
        """Present a card."""
        self._station.inbox.put(CardTouched(uid=self._chance.choice(CARDS), reader="simulated"))
        self._step()

    def _step(self) -> None:
        self._read_ntp()
        self._station.core.step(timeout_s=0)
        self._look_at_the_lamp()

    def _read_ntp(self) -> None:
        mono = self._world.mono_ms()
        if self._world.true_ms >= self._ntp_due_ms:
            self._ntp_due_ms = self._world.true_ms + NTP_READ_EVERY_MS
            problem = "" if self._world.ntp != "none" else "no server"
            self._station.inbox.put(NtpRead(NtpState("chrony", problem), mono))

    def ntp_changed(self) -> None:
        """Let the station read the time service's state at its next step."""
        self._ntp_due_ms = 0

    def _look_at_the_lamp(self) -> None:
        while True:
            try:
                light = json.loads(self._lamp.recv(4_096))
            except BlockingIOError:
                return
            if light["fact"]:
                epoch, _, seq = light["fact"].partition("/")
                self.lit.append(Lit(bytes.fromhex(epoch), int(seq), self._world.true_ms))

    def live(self, ms: int, *, step_ms: int, until: Callable[[], bool] = lambda: False) -> None:
        """Let true time pass, and carry the messages that are sent."""
        end_ms = self._world.true_ms + ms
        while self._world.true_ms < end_ms and not until():
            self._step()
            for _ in range(MOST_STEPS):
                if not self.way.sent and not self._station.inbox.waiting():
                    break
                if self.way.sent:
                    self.way.carry()
                self._step()
            self._world.true_ms += min(step_ms, max(0, end_ms - self._world.true_ms))

    @property
    def settled(self) -> bool:
        """Whether the county has everything."""
        return self._station.parts.uplink.state == "connected" and not self._station.parts.waiting()

    def close(self) -> None:
        """End for good."""
        self._running.close()
        self._lamp.close()
