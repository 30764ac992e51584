"""What a fact costs the county, and how many it stores in a second: with one ingest worker, and with two."""

import json
import subprocess
import sys
from dataclasses import dataclass

from firmware_scripts.report import Value
from tests.benchmarks.county.presigned import FACTS_AN_ENVELOPE, Load
from tests.benchmarks.measures.figures import Figure

CPU_GOAL_US: dict[Load, float] = {"single": 150, "backlog": 40}
RATE_GOAL: dict[Load, float] = {"single": 5_000, "backlog": 20_000}
WINDOW = 1_000
"""Messages in hand at once, as the broker hands them to a worker that has a queue before it."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is stored in one measurement, in all workers together."""

    stations: int
    singles: int
    """Envelopes of one fact of each station."""
    backlog: int
    """Envelopes of a backlog of each station."""

    def envelopes(self, load: Load) -> int:
        """Return how many each station sends."""
        return self.singles if load == "single" else self.backlog


def measure(size: Size, *, workers: int) -> list[Figure]:
    """Return the figures of both loads with this many workers, each with its own share of the stations."""
    figures = []
    for load in FACTS_AN_ENVELOPE:
        found = _fed(load, size, workers=workers)
        figures += _figures(load, found)
    return figures


def _fed(load: Load, size: Size, *, workers: int) -> list[dict[str, float]]:
    command = [sys.executable, "-m", "tests.benchmarks.county.feeding"]
    rest = [load, str(size.stations // workers), str(size.envelopes(load)), str(WINDOW)]
    # Other shards than any before: a shard's stations are new, and its lease is free.
    commands = [[*command, str(10 * workers + place), *rest] for place in range(workers)]
    programs = [subprocess.Popen(one, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for one in commands]
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n", "the feeder did not begin"
    # All at once, and the output of one is short enough for its pipe while another is read.
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("go\n")
        program.stdin.flush()
    said = [program.communicate()[0] for program in programs]
    assert not any(program.returncode for program in programs), "a feeder failed"
    return [json.loads(lines.splitlines()[-1]) for lines in said]


def _figures(load: Load, found: list[dict[str, float]]) -> list[Figure]:
    workers = len(found)
    facts = sum(one["facts"] for one in found)
    seconds = max(one["seconds"] for one in found)
    worker, backend = (sum(one[name] * one["facts"] for one in found) / facts for name in ("worker_us", "backend_us"))
    # Each counted the log of the whole cluster while it worked, and they worked at the same time.
    wal = max(one["wal_bytes"] for one in found) / facts
    detail: dict[str, Value] = {
        "facts": round(facts),
        "missing": round(sum(one["missing"] for one in found)),
        "seconds": round(seconds, 2),
        "worker_us": round(worker, 1),
        "backend_us": round(backend, 1),
        "wal_bytes_a_fact": round(wal),
        "worker_mb": round(max(one["resident_mb"] for one in found)),
    }
    of = f"{load}_{workers}_worker{'s' if workers > 1 else ''}"
    rate = facts / seconds
    return [
        Figure(name=f"cpu_us_a_fact_{of}", value=worker + backend, unit="µs", goal=CPU_GOAL_US[load], detail=detail),
        Figure(name=f"durable_facts_a_second_{of}", value=rate, unit="1/s", goal=RATE_GOAL[load], better="higher"),
    ]
