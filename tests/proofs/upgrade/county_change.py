"""A county that changes its release: killed in the middle of its migration, and restored from a dump of before."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from firmware_scripts.demo.county import DemoCounty
from firmware_scripts.demo.processes import wait_until
from tests.proofs.upgrade.releases import Release

READY_S = 900.0
"""A migration of a million facts on a busy machine takes minutes."""
MIGRATES_S = 120.0
"""Within this time after its start a county begins to migrate."""
_PREPARE = b"server_broker.supervisor.prepare"
_CLUSTER = "import sys; from pathlib import Path; from server_broker import postgres; \
from server_broker.platform.home import CountyHome; getattr(postgres, sys.argv[1])(CountyHome(Path(sys.argv[2])))"


def processes_of(home: Path) -> dict[int, bytes]:
    """Return the command lines of the programs that run for a county, by pid."""
    wanted = b"CUNHUI_HOME=" + os.fsencode(home)
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\x00"):
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\x00", b" ")
    return found


def kill_all(county: DemoCounty) -> None:
    """Kill the service and every part at once, as a power cut ends them."""
    doomed = {*processes_of(county.home), *(county.part_pid(part) for part in ("postgres", "mosquitto"))} - {0}
    for pid in doomed:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    county.reap()


def start_with_kills(county: DemoCounty, *, kills: int, seed: int) -> float:
    """Start a county whose tables are to be migrated, kill it ``kills`` times while it migrates, and start it again.

    Returns:
        How many seconds the last start took until the county was ready.
    """
    chance = random.Random(seed)
    for _ in range(kills):
        _start_until(county, lambda: _is_migrating(county), what="the migration", timeout_s=MIGRATES_S)
        threading.Event().wait(chance.uniform(0.3, 4.0))
        kill_all(county)
    began = time.monotonic()
    _start_until(county, (county.home / "run" / "ready").exists, what="the county to be ready", timeout_s=READY_S)
    return time.monotonic() - began


def _start_until(county: DemoCounty, reached: Callable[[], bool], *, what: str, timeout_s: float) -> None:
    """Start a county, and again whenever it ends, as a service manager does, until something is reached.

    A database that was killed leaves workers behind for a moment, and they keep a new one from starting.
    """

    def looked() -> bool:
        if not county.running():
            county.launch()
        return reached()

    wait_until(looked, what=what, timeout_s=timeout_s, every_s=0.1)


def _is_migrating(county: DemoCounty) -> bool:
    return any(_PREPARE in line for line in processes_of(county.home).values())


def restore_dump(county: DemoCounty, release: Release, file: Path) -> None:
    """Put a dump in the place of a stopped county's database.

    Raises:
        subprocess.CalledProcessError: It was not restored.
    """
    _cluster(release, "start", county.home)
    try:
        # As a new database: the tables of this release would stay beside those of the dump.
        command = ["pg_restore", "-h", str(county.home / "run"), "-U", "postgres", "-d", "postgres"]
        subprocess.run([*command, "--clean", "--create", str(file)], check=True, capture_output=True)
    finally:
        _cluster(release, "stop", county.home)


def _cluster(release: Release, what: str, home: Path) -> None:
    environment = {**release.environment, "CUNHUI_HOME": str(home)}
    subprocess.run([sys.executable, "-c", _CLUSTER, what, str(home)], cwd=release.root, env=environment, check=True)
