"""Three stations of an installed county, and what an outsider finds of their touches."""

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware_scripts.demo.cast import CastStation
from firmware_scripts.demo.observer import StoredTouch, lit_facts, reckon
from firmware_scripts.demo.presenter import Presenter
from firmware_scripts.demo.processes import NotInTime, Process, wait_until
from firmware_scripts.demo.station import DemoStation
from tests.proofs.upgrade.installed.county import InstalledCounty
from tests.proofs.upgrade.releases import Release
from tests.proofs.upgrade.traveller import Traveller

DRAINED_S = 600.0
LIGHT_S = 120.0
_ROWS = """select t.station_id, encode(t.epoch, 'hex') || '/' || t.seq, coalesce(p.number, '-'),
encode(t.boot, 'hex') || '/' || t.mono_ms from attendance_touch t
left join people_card c on c.token = t.card_token left join people_person p on p.id = c.person_id"""


@dataclass(frozen=True, slots=True)
class StationPackage(Release):
    """A station's package, unpacked: its own Python runs its agent."""

    python: Path

    @property
    def agent(self) -> list[str]:
        """The command line of its agent."""
        return [str(self.python), "-P", "-m", "agent.cli"]

    def program(self, name: str, module: Sequence[str], *, log: Path) -> Process:
        """Return a program of this package, not yet started."""
        # Not super(): a dataclass with slots is another class than the one that was written.
        return Process(name, [str(self.python), "-P", "-m", *module], log=log, cwd=Path("/"))


class Village:
    """Stations that run an earlier release, while people touch their cards without end."""

    def __init__(
        self, folder: Path, cast: list[CastStation], release: Release, *, presented: Counter[tuple[str, str]]
    ) -> None:
        self._presenter = Presenter()
        self._presenter.presented = presented
        self._release = release
        agent = release.agent if isinstance(release, StationPackage) else [sys.executable, "-m", "agent.cli"]
        self.stations = [DemoStation(one, folder=folder / one.id, readers=["simulated"], agent=agent) for one in cast]
        self._travellers: list[Traveller] = []

    @property
    def presented(self) -> Counter[tuple[str, str]]:
        """What was presented so far."""
        return self._presenter.presented.copy()

    def open(self, *, seed: int) -> None:
        """Start the stations and the people."""
        self._travellers = [
            Traveller(station, self._release, self._presenter, seed=seed + place)
            for place, station in enumerate(self.stations)
        ]
        for traveller in self._travellers:
            traveller.open()

    def lights_go_on(self) -> bool:
        """Return whether each station lights for what people touch from now on."""
        return all(traveller.lights_one(timeout_s=LIGHT_S) for traveller in self._travellers)

    def rest(self) -> None:
        """End the people's touches."""
        for traveller in self._travellers:
            traveller.rest()

    def close(self) -> None:
        """Stop everything."""
        for traveller in self._travellers:
            traveller.close()
        self._travellers = []

    def drained(self, county: InstalledCounty) -> bool:
        """Wait until the county has every touch that was lit; return whether that came."""
        try:
            wait_until(
                lambda: self._lit() <= self._stored(county), what="every touch", timeout_s=DRAINED_S, every_s=2.0
            )
        except NotInTime as error:
            print(error, file=sys.stderr)
            return False
        return True

    def reckon(self, county: InstalledCounty) -> dict[str, int]:
        """Return what an outsider finds."""
        lights = {station.cast.id: station.lights() for station in self.stations}
        sums = reckon(presented=self._presenter.presented, lights=lights, rows=rows_of(county))
        streams = "select count(*) - count(distinct station_id) from fleet_stream"
        return {
            "touches": sum(self._presenter.presented.values()),
            "green": sums.green,
            "stored": sums.stored,
            "lost": sums.lost,
            "doubled": sums.doubled,
            "invented": sums.invented,
            "reissued": int(county.sql(streams)[0][0]),
            "stations_refused": sum(traveller.refused for traveller in self._travellers),
        }

    def _lit(self) -> set[tuple[str, str]]:
        return {(station.cast.id, fact) for station in self.stations for fact in lit_facts(station.lights())}

    def _stored(self, county: InstalledCounty) -> set[tuple[str, str]]:
        return {(row.station, row.fact) for row in rows_of(county)}


def rows_of(county: InstalledCounty) -> list[StoredTouch]:
    """Return every touch that psql finds."""
    return [StoredTouch(*columns) for columns in county.sql(" ".join(_ROWS.split()))]


def copy_stations(source: Path, into: Path) -> None:
    """Give stations the disks that they had at some time. Sockets stay behind."""
    shutil.rmtree(into, ignore_errors=True)
    subprocess.run(["cp", "-a", str(source), str(into)], check=True)
    for path in into.rglob("*"):
        if path.is_socket():
            path.unlink()
