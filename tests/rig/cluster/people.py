"""People at the real agents: each touches a card every few seconds, and what their lamps showed is judged."""

import random
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from firmware_scripts.demo.county import DemoCounty
from firmware_scripts.demo.observer import Reckoning, lit_facts, reckon, touch_rows
from firmware_scripts.demo.presenter import Presenter
from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.demo.station import DemoStation

_LIGHT_S = 30.0


class People:
    """All agents' people, each agent's on a thread of its own."""

    def __init__(self, stations: Sequence[DemoStation], *, every_s: float, chance: random.Random) -> None:
        self._stations = stations
        self._presenter = Presenter()
        self._over = threading.Event()
        self._every_s = every_s
        self._threads = [
            threading.Thread(target=self._touch, args=(station, random.Random(chance.random()))) for station in stations
        ]

    def begin(self) -> None:
        """Begin to touch."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Touch no more."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _touch(self, station: DemoStation, chance: random.Random) -> None:
        while not self._over.wait(chance.uniform(0.5, 1.5) * self._every_s):
            before = len(lit_facts(station.lights()))
            self._presenter.simulated(station, chance.choice(station.cast.people))
            # The next card waits for this one's light: two touches in one millisecond would look like one.
            with suppress(NotInTime):
                wait_until(partial(self._has_lit, station, before), what="a light", timeout_s=_LIGHT_S)

    def _has_lit(self, station: DemoStation, before: int) -> bool:
        return len(lit_facts(station.lights())) > before

    def lit(self) -> set[tuple[str, str]]:
        """Return station and fact of every light."""
        return {(one.cast.id, fact) for one in self._stations for fact in lit_facts(one.lights())}

    def have_resumed(self, county: DemoCounty, since_s: float) -> bool:
        """Whether the county has a touch of each agent that lit after a moment (CLOCK_MONOTONIC)."""
        stored = {(row.station, row.fact) for row in touch_rows(county)}
        return all(
            any(light.seen_s > since_s and (one.cast.id, light.fact) in stored for light in one.lights())
            for one in self._stations
        )

    def stored(self, county: DemoCounty) -> bool:
        """Whether the county has every touch that lit a lamp until now."""
        lit = self.lit()
        return lit <= {(row.station, row.fact) for row in touch_rows(county)}

    def reckoned(self, county: DemoCounty) -> Reckoning:
        """Compare cards, lamps and the database."""
        lights = {station.cast.id: station.lights() for station in self._stations}
        rows = [row for row in touch_rows(county) if row.station in lights]
        return reckon(presented=self._presenter.presented, lights=lights, rows=rows)
