"""The clock proof passes for the product, is one history a seed, and fails for the bugs that it is meant to catch."""

import subprocess
import sys

import pytest

SOUND = """
import sys
from tests.proofs.private_county import county_home, private_cluster
with county_home("clock") as home, private_cluster(home):
    from firmware_scripts.report import chosen_seed
    from tests.proofs.clock.__main__ import BAD, prove
    from tests.proofs.clock.county_machine import TROUBLES
    seed = chosen_seed(None)
    found = prove(runs=30, seed=seed)
    if any(getattr(found, name) for name in BAD) or not found.touches:
        sys.exit(f"seed {seed}: {found}")
    missing = [trouble for trouble in TROUBLES if not found.by_event["county_" + "_".join(trouble)]]
    if missing:
        sys.exit(f"seed {seed}: the county's clock never had {missing}")
    once, again = prove(runs=3, seed=50), prove(runs=3, seed=50)
    sys.exit(0 if once == again and once.touches else str([once, again]))
"""
PLANTED = """
import sys
from unittest.mock import patch
from tests.proofs.private_county import county_home, private_cluster
with county_home("clock") as home, private_cluster(home):
    from agent.timekeeping import clock
    from agent.timekeeping.clock import StationClock
    from server_broker.fleet import clock_runs
    from server_broker.ingest import telling
    from server_broker.ingest.dating import boots
    from server_broker.platform.county_clock import CountyClock
    from tests.proofs.clock.__main__ import prove

    planted = [
        ("a county that dates nothing anew", boots, {"write_times": lambda *_, **__: None}, 2, 1, "undated_for_good"),
        ("a county that tells what its clock says", CountyClock, {"_problem": lambda *_: ""}, 2, 1, "told_in_doubt"),
        ("a county that takes nothing back", clock_runs, {"_judge": lambda *_: False}, 1, 13, "invented"),
        ("a county that doubts no boot before", telling, {"doubt_earlier": lambda *_: []}, 1, 35, "invented"),
        ("a station that states the first word alone", clock, {"MAX_RESTATED": 0}, 1, 43, "undated_for_good"),
        (
            "a station that believes the machine's clock",
            StationClock, {"dated": True, "_quality": lambda *_: "synced"}, 2, 1, "wrong_quality",
        ),
    ]
    missed = []
    for name, place, bugs, runs, seed, bad in planted:
        with patch.multiple(place, **bugs):
            if not getattr(prove(runs=runs, seed=seed), bad):
                missed.append(name)
    sys.exit(f"not caught: {missed}" if missed else 0)
"""


def ran(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, timeout=110)
    assert done.returncode == 0, done.stderr.decode()[-2_000:]


@pytest.mark.small_proof
def test_whatever_the_clocks_do_the_county_shows_true_time() -> None:
    ran(SOUND)


@pytest.mark.small_proof
def test_what_would_show_another_time_is_caught() -> None:
    ran(PLANTED)
