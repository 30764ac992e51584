"""A station whose agent is killed and started again, now and then with new versions of what its county publishes."""

import threading
from pathlib import Path

from protocol.codec import encode
from tests.fakes.filled_shelf import FIRST_VERSION, fill_shelf
from tests.fakes.shelf_source import ShelfCounty
from tests.proofs.keys.office import CAST, CastPerson, Station
from tests.proofs.kiosk.news import month_of, put_out


class VisitedStation(Station):
    """One agent with documents, notices and people's months on its shelf, and one person at its reader at a time."""

    def __init__(self, folder: Path, *, number: int, program: str) -> None:
        super().__init__(folder, number=number, program=program)
        self.alone = threading.Lock()
        """Held by whoever visits, so that nobody else's touch stands on the screens meanwhile."""
        self.kills = 0
        self._version = 1
        self._county = ShelfCounty(self.county_key, self.id)
        for place, person in enumerate(CAST):
            self._county.publish(f"month-{place}", 1, encode(month_of(person.number, place)), kind="month")
        self._publish()

    def kill(self, *, new_pack: bool) -> None:
        """End the agent as a power cut does and start it again. With ``new_pack`` its county has sent a new version of
        its pack and of its documents meanwhile."""
        self.process.kill9()
        self.kills += 1
        if new_pack:
            self._version += 1
            self.take_version(self._version)
            self._publish()
        for name in ("touch.sock", "kiosk.sock"):
            (self.folder / name).unlink(missing_ok=True)
        self.start()

    def _publish(self) -> None:
        put_out(self._county, self._version, withdrawn=self._version % 3 == 0)
        fill_shelf(self.folder / "shelf", self._county, station=self.id, version=FIRST_VERSION + self._version)

    def present(self, person: CastPerson) -> bool:
        """Present a card; return whether a reader took it. While the agent is killed there is none."""
        try:
            self.touch(person)
        except (OSError, AssertionError):
            return False
        return True

    def lost_threads(self) -> int:
        """Return 1 if an agent has ended with a traceback or has lost a thread."""
        return int("Traceback" in self.process.log.read_text(encoding="utf-8", errors="replace"))
