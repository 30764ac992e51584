"""The clock proof passes for the product, and fails for the bugs that it is meant to catch."""

import json
import os
import subprocess
import sys

RUN = """
import sys
from tests.proofs.private_county import county_home, private_cluster
with county_home("clock") as home, private_cluster(home):
    {plant}
    from tests.proofs.clock.__main__ import prove
    findings = prove(runs={runs}, seed={seed})
    sys.exit(0 if findings.{bad} else 3)
"""


def test_whatever_the_clocks_do_the_county_shows_true_time() -> None:
    command = [sys.executable, "-m", "tests.proofs.clock", "--runs", "10", "--json"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=110)
    assert done.returncode == 0, done.stderr.decode()
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["runs"] == 10
    assert report["touches"] > 0


def caught(plant: str, *, runs: int, seed: int, bad: str) -> bool:
    """Run with a bug planted, in a process of its own, and return whether that count was not 0."""
    program = RUN.format(plant=plant, runs=runs, seed=seed, bad=bad)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=False, timeout=110, env={**os.environ}
    )
    assert done.returncode in (0, 3), done.stderr.decode()
    return done.returncode == 0


def test_a_seed_is_one_history() -> None:
    program = """
import sys
from tests.proofs.private_county import county_home, private_cluster
with county_home("clock") as home, private_cluster(home):
    from tests.proofs.clock.__main__ import prove
    once, again = prove(runs=3, seed=50), prove(runs=3, seed=50)
    sys.exit(0 if once == again and once.touches else str([once, again]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, timeout=110)
    assert done.returncode == 0, done.stderr.decode()[-2_000:]


def test_a_county_that_dates_nothing_anew_is_caught() -> None:
    plant = "from server_broker.ingest import dating; dating._date = lambda *_: None"
    assert caught(plant, runs=6, seed=1, bad="undated_for_good")


def test_a_county_that_tells_whatever_its_clock_says_is_caught() -> None:
    plant = "from server_broker.platform.county_clock import CountyClock; CountyClock._problem = lambda *_: ''"
    assert caught(plant, runs=4, seed=7, bad="told_in_doubt")


def test_a_county_that_takes_nothing_back_is_caught() -> None:
    plant = "from server_broker.fleet import clock_runs; clock_runs._judge = lambda *_: False"
    assert caught(plant, runs=8, seed=51, bad="invented")


def test_a_station_that_believes_the_machines_clock_is_caught() -> None:
    plant = (
        "from agent.timekeeping.clock import StationClock; "
        "StationClock.dated = True; StationClock._quality = lambda *_: 'synced'"
    )
    assert caught(plant, runs=6, seed=1, bad="wrong_quality")
