"""A station whose program changes between releases, while people go on touching their cards."""

import random
import socket
import threading
import time

from firmware_scripts.demo.observer import lit_facts
from firmware_scripts.demo.presenter import Presenter
from firmware_scripts.demo.processes import Process
from firmware_scripts.demo.station import DemoStation
from tests.proofs.upgrade.releases import Release

UP_S = 60.0
TOUCHES_A_SECOND = 2.0


class Traveller:
    """Runs one station's agent in whichever release it is told to."""

    def __init__(self, station: DemoStation, release: Release, presenter: Presenter, *, seed: int) -> None:
        self.station = station
        self.release = release
        self.refused = 0
        """Starts of which the program ended by itself before it took a card."""
        self.kills = 0
        self._presenter = presenter
        self._chance = random.Random(seed)
        self._process: Process | None = None
        self._ended = threading.Event()
        self._traffic = threading.Thread(target=self._touch_on, name=f"touch-{station.cast.id}", daemon=True)

    def open(self) -> None:
        """Start the lamp's witness, the agent and the people."""
        self.station.start_witness()
        self.start()
        self._traffic.start()

    def close(self) -> None:
        """Stop the people, then the agent, then the witness."""
        self._ended.set()
        if self._traffic.is_alive():
            self._traffic.join()
        if self._process is not None:
            self._process.stop()
        self.station.stop()

    def rest(self) -> None:
        """End the people's touches; the program goes on sending."""
        self._ended.set()
        self._traffic.join()

    def travel(self, to: Release) -> None:
        """Go to another release: end the program in some way, begin the other one, and kill that as it begins."""
        pause = threading.Event()
        pause.wait(self._chance.uniform(0.0, 1.0))
        assert self._process is not None
        if self._chance.random() < 0.5:
            self._kill()
        else:
            self._process.stop()
        self.release = to
        for _ in range(self._chance.randint(1, 2)):
            self._launch()
            pause.wait(self._chance.uniform(0.05, 2.5))
            self._kill()
        self.start()

    def start(self) -> None:
        """Start the present release's program, and wait until it takes cards."""
        self._launch()
        deadline = time.monotonic() + UP_S
        while not self._takes_cards():
            assert self._process is not None
            if not self._process.running():
                self.refused += 1
                self._launch()
            if time.monotonic() > deadline:
                self.refused += 1
                return
            threading.Event().wait(0.05)

    def lights_one(self, *, timeout_s: float) -> bool:
        """Return whether a light comes for what people touch from now on."""
        before = len(lit_facts(self.station.lights()))
        deadline = time.monotonic() + timeout_s
        while len(lit_facts(self.station.lights())) == before:
            if time.monotonic() > deadline:
                return False
            threading.Event().wait(0.05)
        return True

    def _launch(self) -> None:
        command = ("agent.cli", "run", "--config", str(self.station.config))
        log = self.station.folder / "agent.log"
        self._process = self.release.program(self.station.cast.id, command, log=log)
        self._process.start()

    def _kill(self) -> None:
        assert self._process is not None
        if self._process.running():
            self._process.kill9()
            self.kills += 1

    def _takes_cards(self) -> bool:
        with socket.socket(socket.AF_UNIX) as reader:
            try:
                reader.connect(str(self.station.touch_socket))
            except OSError:
                return False
        return True

    def _touch_on(self) -> None:
        """Present cards at random moments, each person again and again, until it is over.

        Nobody presents a card again before its last touch is lit or its program has ended. A program that stalls reads
        its queue in one millisecond: two touches of one card there would look like one that was stored twice.
        """
        people = self.station.cast.people
        lit_by: dict[str, int] = {}
        process, lit = self._process, 0
        while not self._ended.wait(self._chance.expovariate(TOUCHES_A_SECOND)):
            lights = len(lit_facts(self.station.lights()))
            if self._process is not process:
                process, lit, lit_by = self._process, lights, {}
            ready = [person for person in people if lit_by.get(person.number, 0) <= lights]
            if not ready:
                continue
            person = self._chance.choice(ready)
            if self._presenter.simulated(self.station, person) is not False:
                # Lights come in the order of the touches, one for each.
                lit = max(lit, lights) + 1
                lit_by[person.number] = lit
