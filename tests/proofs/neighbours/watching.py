"""What an outsider sees of the county: the memory of its parts, its disk, its database, and its alarms."""

import asyncio
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from server_broker.fleet.alarm_codes import STATION_SILENT
from tests.proofs.strangers.county import County

PARTS = ("mosquitto", "ingest", "chores", "web")
_MIB = 2**20


@dataclass(frozen=True)
class Sizes:
    """In MiB: resident memory by part, the county's folder, the database."""

    memory: dict[str, float]
    disk: float
    database: float

    @classmethod
    def of(cls, county: County) -> Self:
        """Look."""
        du = subprocess.run(["du", "-sm", str(county.home)], capture_output=True, text=True, check=False).stdout
        database = county.rows("SELECT pg_database_size('cunhui')")[0][0]
        memory = {part: resident(county.pid(part)) for part in PARTS}
        return cls(memory, float(du.split()[0]), round(int(database) / _MIB, 1))

    def growth(self, before: Self) -> dict[str, object]:
        """Return what grew since ``before``."""
        return {
            "memory_mib": self.memory,
            "memory_growth_mib": {part: round(now - before.memory[part], 1) for part, now in self.memory.items()},
            "disk_growth_mib": round(self.disk - before.disk, 1),
            "database_growth_mib": round(self.database - before.database, 1),
        }


def resident(pid: int) -> float:
    """Return the resident memory of a process in MiB; 0 if there is none."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((round(int(line.split()[1]) / 1024, 1) for line in lines if line.startswith("VmRSS:")), 0.0)


@dataclass
class AlarmClock:
    """Tells when an alarm of the county names a station for what it does, and not for its silence."""

    county: County
    station: str

    async def watch(self, seconds: float) -> dict[str, object]:
        """Return after how many seconds which such alarm named the station; None of both if none did in that time."""
        began = time.monotonic()
        query = f"SELECT code FROM fleet_alarm WHERE station_id = '{self.station}' AND origin = 'county' ORDER BY id"
        while (waited := time.monotonic() - began) < seconds:
            rows = await asyncio.to_thread(self.county.rows, query)
            # A rogue whose turn comes late has said nothing for so long that the county tells of that.
            if named := [code for (code,) in rows if code != STATION_SILENT]:
                return {"alarm": named[0], "alarm_after_s": round(waited, 1)}
            await asyncio.sleep(1)
        return {"alarm": None, "alarm_after_s": None}
