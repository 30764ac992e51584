"""A station whose agent is killed and started again, now and then with another version of its pack."""

import threading
from pathlib import Path

from tests.proofs.keys.office import CastPerson, Station


class VisitedStation(Station):
    """One agent, and one person at its reader at a time."""

    def __init__(self, folder: Path, *, number: int, program: str) -> None:
        super().__init__(folder, number=number, program=program)
        self.alone = threading.Lock()
        """Held by whoever visits, so that nobody else's touch stands on the screens meanwhile."""
        self.kills = 0
        self._version = 1

    def kill(self, *, new_pack: bool) -> None:
        """End the agent as a power cut does and start it again. With ``new_pack`` its county has sent one meanwhile."""
        self.process.kill9()
        self.kills += 1
        if new_pack:
            self._version += 1
            self.take_version(self._version)
        for name in ("touch.sock", "kiosk.sock"):
            (self.folder / name).unlink(missing_ok=True)
        self.start()

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
