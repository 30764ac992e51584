"""A real county with the fictional village set in it, for stations to enrol at."""

import json
import re
from pathlib import Path
from types import TracebackType
from typing import Self

from firmware_scripts.demo.cast import make_cast, write_workbook
from firmware_scripts.demo.county import DemoCounty
from firmware_scripts.demo.sample_pack import sample_pack
from protocol.codec import encode
from tests.benchmarks.touch.station import BenchStation

PEOPLE = 400
"""Cards of each village, so that every one of some hundreds of touches is a fresh one."""

_SETTINGS = ("fsync", "synchronous_commit", "full_page_writes")


class BenchCounty:
    """Runs while the context lasts."""

    def __init__(self, folder: Path, *, seed: int) -> None:
        self._folder = folder
        self._county = DemoCounty(folder / "county")
        self.cast = make_cast(people_per_station=PEOPLE, seed=seed)
        self.broker_port = 0

    def __enter__(self) -> Self:
        try:
            self._county.init()
            self._county.start()
            self._load()
        except BaseException:
            self._county.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._county.stop()

    def _load(self) -> None:
        workbook = self._folder / "village-set.xlsx"
        write_workbook(self.cast, workbook)
        self._county.tool("import-people", str(workbook))
        pack = self._folder / "sample.pack"
        pack.write_bytes(encode(sample_pack()))
        self._county.tool("publish-pack", str(pack))
        self._where = json.loads(self._county.tool("where", "--json"))
        self.broker_port = int(self._where["broker_port"])

    def enrol(self, place: int, folder: Path) -> BenchStation:
        """Return the cast's station number ``place``, enrolled and not started, with its own folder in ``folder``."""
        cast = self.cast[place]
        station = BenchStation(cast, folder=folder / cast.id, work=self._folder)
        claim = re.sub(r"\D", "", self._county.tool("claim", cast.id))
        station.enrol(url=self._where["url"], ca=Path(self._where["ca"]), claim=claim)
        return station

    def describe(self) -> str:
        """Return the database's version and the settings that durability hangs on."""
        version = self._county.sql("show server_version")[0][0]
        said = ", ".join(f"{name} {self._county.sql(f'show {name}')[0][0]}" for name in _SETTINGS)
        return f"PostgreSQL {version}, private cluster, {said}"
