"""Parts of the bench that need a whole county: its broker with TLS, its ingest, its chores and its web."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from firmware_scripts.report import Value
from tests.benchmarks.county.ingest_cost import RATE_GOAL
from tests.benchmarks.measures.figures import Figure
from tests.proofs.revocation.crowd import Crowd
from tests.proofs.revocation.runs import Revoker
from tests.proofs.revocation.undisturbed import costs
from tests.proofs.strangers.county import County

DRAINED_GOAL_S = 60.0
LIVE_GOAL_S = 2.0
MEMORY_GOAL_MB = 1_500.0
SILENCE_GOAL_MS = 50.0
LIVE = 10
"""Stations at work while the others come back."""
_CALM_S = 20.0
"""How long the county is let alone before its memory is read: births are answered, desired states are built."""
_CALM_WORK_S = 10.0
"""So long those at work are alone. They connect meanwhile."""
_FLEET = [sys.executable, "-m", "tests.benchmarks.county.fleet"]


def herd(folder: Path, stations: int) -> list[Figure]:
    """So many stations back at once with a week's backlog, and others at work meanwhile."""
    with _county(folder, stations + LIVE) as (county, certificates):
        words = [str(county.broker_port), str(county.ca), str(certificates), str(stations + LIVE), str(LIVE)]
        pipe = subprocess.PIPE
        with subprocess.Popen([*_FLEET, "work", *words], stdin=pipe, stdout=pipe, text=True) as working:
            time.sleep(_CALM_WORK_S)
            calm = _asked(working)
            done = subprocess.run([*_FLEET, "herd", *words], stdout=pipe, text=True, check=True)
            busy = _asked(working)
            working.communicate()
        found = json.loads(done.stdout.splitlines()[-1])
        stored = int(county.rows("SELECT count(*) FROM ingest_fact")[0][0])
    waits = {f"calm_{name}": value for name, value in calm.items()} | {
        f"live_{name}": value for name, value in busy.items()
    }
    detail: dict[str, Value] = {name: round(value, 3) for name, value in (found | waits).items()}
    detail["stored"] = stored
    rate = found["facts"] / found["drained_s"]
    return [
        Figure(name="herd_drained", value=found["drained_s"], unit="s", goal=DRAINED_GOAL_S, detail=detail),
        Figure(name="herd_live_receipt_p99", value=busy["p99_s"], unit="s", goal=LIVE_GOAL_S),
        Figure(name="herd_facts_a_second", value=rate, unit="1/s", goal=RATE_GOAL["backlog"], better="higher"),
    ]


def _asked(working: "subprocess.Popen[str]") -> dict[str, float]:
    assert working.stdin is not None
    assert working.stdout is not None
    working.stdin.write("\n")
    working.stdin.flush()
    told: dict[str, float] = json.loads(working.stdout.readline())
    return told


def idle(folder: Path, stations: int) -> list[Figure]:
    """The memory of all processes of a county with so many stations connected and quiet."""
    with _county(folder, stations) as (county, certificates):
        before = memory_mb(county)
        words = [str(county.broker_port), str(county.ca), str(certificates), str(stations)]
        pipe = subprocess.PIPE
        with subprocess.Popen([*_FLEET, "hold", *words], stdin=pipe, stdout=pipe, text=True) as holding:
            assert holding.stdout is not None
            said = json.loads(holding.stdout.readline())
            time.sleep(_CALM_S)
            after = memory_mb(county)
            online = int(county.rows("SELECT count(*) FROM fleet_stationstatus WHERE online")[0][0])
            holding.communicate("end\n")
    detail: dict[str, Value] = {
        "connected": said["connected"],
        "connected_within_s": said["seconds"],
        "tried_again": said["tried_again"],
        "online": online,
        "before_mb": {name: round(mb) for name, mb in before.items()},
        "after_mb": {name: round(mb) for name, mb in after.items()},
    }
    total = sum(after.values())
    return [Figure(name=f"memory_with_{stations}_idle", value=total, unit="MB", goal=MEMORY_GOAL_MB, detail=detail)]


def lists(folder: Path, sizes: Sequence[int]) -> list[Figure]:
    """What an enrolment, a renewal, a new board and a revocation cost a county with so many stations connected."""
    return [figure for stations in sizes for figure in _lists(folder / f"{stations}", stations)]


def _lists(folder: Path, stations: int) -> list[Figure]:
    folder.mkdir()
    home = folder / "county"
    with (
        County(home, "ingest") as county,
        Revoker(county) as revoker,
        Crowd(county, stations, years=0, folder=folder / "crowd"),
    ):
        found = costs(county, revoker)
    silence, worked, took = (_by_deed(found[name]) for name in ("silence_ms", "broker_worked_ms", "took_s"))
    return [
        Figure(
            name=f"broker_silence_{deed.replace(' ', '_')}_{stations}",
            value=silence[deed],
            unit="ms",
            goal=SILENCE_GOAL_MS if deed != "nothing" else None,
            detail={"broker_worked_ms": worked[deed], "took_s": took[deed]},
        )
        for deed in silence
    ]


def _by_deed(said: Value) -> dict[str, float]:
    assert isinstance(said, dict)
    return said


def memory_mb(county: County) -> dict[str, float]:
    """Return what each part and its children hold, in MB of 10**6 bytes; shared pages are divided among them (PSS)."""
    parts = ("postgres", "mosquitto", "ingest", "chores", "notifier", "web")
    return {part: sum(_pss(pid) for pid in _family(county.pid(part))) / 1e6 for part in parts if county.pid(part)}


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


@contextmanager
def _county(folder: Path, stations: int) -> Iterator[tuple[County, Path]]:
    """Run a county that has taken in so many stations; also give the folder of their certificates."""
    certificates = folder / "certificates"
    certificates.mkdir(parents=True)
    home = folder / "county"
    home.mkdir()
    with County(home) as county:
        environment = {**os.environ, **county.environment, "DJANGO_SETTINGS_MODULE": "server_broker.settings"}
        subprocess.run([*_FLEET, "make", str(stations), str(certificates)], env=environment, check=True)
        # The broker's lists are in force when this returns; the chores have yet to see the journal.
        time.sleep(3)
        yield county, certificates
