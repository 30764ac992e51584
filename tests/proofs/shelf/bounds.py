"""Keep to the month's data and to the night, over a line that breaks: the proxy counts."""

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from copy import replace
from dataclasses import dataclass
from pathlib import Path
from typing import override

from agent.shelf.source import Source
from agent.uplink.traffic import MB, Meter
from agent.wiring.ports import StationPorts
from agent.wiring.shelf_line import open_county
from protocol.china_time import OFFSET_MIN
from tests.agent.bench import COUNTY_KEY, STATION, Bench, desired
from tests.agent.uplink.pki import Authority
from tests.fakes.clockwork import HOUR_MS, MINUTE_MS, FakeSystemClock
from tests.fakes.shelf_source import ShelfCounty
from tests.fakes.shelf_web import ShelfWeb
from tests.proofs.shelf.proxy import CountingProxy

CAP_MB = 3
DAY_MINUTES = 24 * 60


@dataclass
class BoundsFindings:
    """What the proxy counted."""

    cap_bytes: int = 0
    month_bytes: int = 0
    over_cap: int = 0
    """Bytes beyond what the county allows in the month."""
    next_month_bundles: int = 0
    night_bundles: int = 0
    by_day: int = 0
    """Bytes that were carried outside the night, for what must wait for it."""
    crashes: int = 0


class LinedBench(Bench):
    """A station whose shelf fetches by real errands through a proxy."""

    def __init__(self, folder: Path, system: FakeSystemClock, authority: Authority, port: int) -> None:
        self._authority = authority
        self._port = port
        self.meter = Meter()
        super().__init__(folder, system)

    @override
    def _fakes(self, *, camera: bool) -> StationPorts:
        def opened() -> AbstractContextManager[Source]:
            url = f"https://127.0.0.1:{self._port}"
            return open_county(url, self._authority.ca_file, self.folder, billed=self.meter.add)

        return replace(super()._fakes(camera=camera), open_shelf_source=opened, meters=[self.meter.total])

    def wait_and_look(self, ms: int) -> None:
        """Let time pass, and let the core do its chores and what follows from them."""
        self.system.pass_ms(ms)
        self.traffic.tick()
        self.shelf.tick(facts_wait=False)
        if self.shelf.busy:
            self.end_trip()
        self.traffic.tick()


def prove_cap(folder: Path, authority: Authority, found: BoundsFindings, *, seed: int) -> None:
    """Announce three times as many bytes as the month allows, over a line that breaks."""
    chance = random.Random(seed)
    with _lined(folder, authority) as (station, proxy):
        settings: dict[str, object] = {"data_mb_month": CAP_MB, "data_shed": ["blobs", "vitals", "packs"]}
        station.accept(desired(version=2, settings=settings))
        proxy.next_break = lambda: chance.randrange(20_000, 200_000)
        proxy.break_after = proxy.next_break()
        for number in range(9):
            items = [station.county.item("a.jpg", chance.randbytes(CAP_MB * MB // 6))]
            station.county.publish(f"papers-{number}", 1, chance.randbytes(CAP_MB * MB // 6), items=items)
        station.shelf.want(station.county.index())
        for _ in range(30):
            station.wait_and_look(HOUR_MS)
        found.cap_bytes = CAP_MB * MB
        found.month_bytes = proxy.carried.up + proxy.carried.down
        found.over_cap = max(0, found.month_bytes - found.cap_bytes)
        held = len(station.shelf.states())
        station.system.pass_ms(8 * DAY_MINUTES * MINUTE_MS)
        for _ in range(4):
            station.wait_and_look(HOUR_MS)
        whole = [one for one in station.shelf.states() if one.state == "whole"]
        found.next_month_bundles = len(whole)
        found.crashes += held == 0 or found.month_bytes < found.cap_bytes // 2


def prove_night(folder: Path, authority: Authority, found: BoundsFindings, *, seed: int) -> None:
    """Announce what must wait for the night in the morning, and look every ten minutes of a day and a night."""
    chance = random.Random(seed)
    with _lined(folder, authority) as (station, proxy):
        settings: dict[str, object] = {"night_from_min": 60, "night_until_min": 300, "data_mb_month": 0}
        station.accept(desired(version=2, settings=settings))
        for number in range(4):
            station.county.publish(f"film-{number}", 1, chance.randbytes(300_000), night=True)
        station.shelf.want(station.county.index())
        station.wait_and_look(0)
        for_the_index = proxy.carried.down
        for _ in range(DAY_MINUTES // 10):
            before = proxy.carried.down
            station.wait_and_look(10 * MINUTE_MS)
            minute = (station.now().wall // MINUTE_MS + OFFSET_MIN) % DAY_MINUTES
            if not 60 <= minute < 300:
                found.by_day += proxy.carried.down - before
        found.night_bundles = len(station.shelf.states())
        found.crashes += for_the_index == 0 or any(one.state != "whole" for one in station.shelf.states())


@contextmanager
def _lined(folder: Path, authority: Authority) -> Iterator[tuple[LinedBench, CountingProxy]]:
    folder.mkdir()
    county = ShelfCounty(COUNTY_KEY, STATION)
    web = ShelfWeb(county, authority.issue(folder.name, host="127.0.0.1"))
    proxy = CountingProxy(web.port)
    station = LinedBench(folder, FakeSystemClock(), authority, proxy.port)
    station.county = county
    try:
        yield station, proxy
    finally:
        station.outbox.close()
        proxy.close()
        web.close()
