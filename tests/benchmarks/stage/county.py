"""A real county with the fictional village set in it, for stations to enrol at."""

from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_scripts.demo.cast import make_cast
from firmware_scripts.demo.county import DemoCounty
from server_broker.platform.home import CountyHome
from server_broker.trust.keys import county_keys
from tests.benchmarks.stage.station import BenchStation

PEOPLE = 400
"""Cards of each village: enough that some hundreds of touches all have a card of their own."""

_SETTINGS = ("fsync", "synchronous_commit", "full_page_writes")


class BenchCounty:
    """Runs while the context lasts."""

    def __init__(self, folder: Path, *, seed: int) -> None:
        self._folder = folder
        self.service = DemoCounty(folder / "county")
        self.cast = make_cast(people_per_station=PEOPLE, seed=seed)
        self.broker_port = 0

    def __enter__(self) -> Self:
        try:
            self.service.init()
            self.service.start()
            self._load()
        except BaseException:
            self.service.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.service.stop()

    def _load(self) -> None:
        self.service.load(self.cast, self._folder)
        self._where = self.service.where()
        self.broker_port = int(self._where["broker_port"])

    def enrol(self, place: int, folder: Path, *, card: Path | None = None, program: str = "agent.cli") -> BenchStation:
        """Return the cast's station number ``place``, enrolled and not started, with its own folder in ``folder``.

        Args:
            card: A folder on another disk for the agent's own files.
            program: The module that runs the agent.
        """
        cast = self.cast[place]
        station = BenchStation(cast, folder=folder / cast.id, work=self._folder, card=card, program=program)
        station.enrol(url=self._where["url"], ca=Path(self._where["ca"]), claim=self.service.claim(cast.id))
        return station

    @property
    def signing_key(self) -> Ed25519PrivateKey:
        """The key with which this county signs what it sends to stations."""
        return county_keys(CountyHome(self._folder / "county")).signing_key

    def touches_of(self, station: str) -> int:
        """Return how many touches of a station psql finds in the database."""
        return int(self.service.sql(f"select count(*) from attendance_touch where station_id = '{station}'")[0][0])

    def describe(self) -> str:
        """Return the database's version, and the settings on which durability depends."""
        version = self.service.sql("show server_version")[0][0]
        said = ", ".join(f"{name} {self.service.sql(f'show {name}')[0][0]}" for name in _SETTINGS)
        return f"PostgreSQL {version}, private cluster, {said}"
