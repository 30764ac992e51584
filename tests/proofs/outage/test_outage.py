"""The outage proof passes for the product, and fails for a station that no longer works after a certain date."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.proofs.outage.history import BAD, DURATIONS, POWERS, draw_plan

WITHOUT_SUSPICION = """
import sys
from agent.identity import renewal
from tests.proofs.outage.__main__ import main
renewal.SUSPICION_MS = 2**60
sys.argv = ["outage", "--only", "11", "--seed", "1", "--json"]
sys.exit(main())
"""


def run(*command: str) -> tuple[int, Any]:
    done = subprocess.run([sys.executable, *command], capture_output=True, check=False, timeout=250)
    assert done.stdout, done.stderr.decode()[-4_000:]
    return done.returncode, json.loads(done.stdout.splitlines()[-1])


@pytest.mark.small_proof
def test_an_hour_a_day_and_two_months_without_power_past_the_certificates_end() -> None:
    code, short = run("-m", "tests.proofs.outage", "--runs", "2", "--seed", "1", "--json")
    assert (code, [short[name] for name in BAD]) == (0, [0] * len(BAD))
    code, long = run("-m", "tests.proofs.outage", "--only", "11", "--seed", "1", "--json")
    assert (code, [long[name] for name in BAD]) == (0, [0] * len(BAD))
    assert long["tried"] == {"60_days": 1, "power_off": 1, "time_service_false": 1}


@pytest.mark.small_proof
def test_a_station_that_waits_for_the_time_before_it_renews_is_caught() -> None:
    code, report = run("-c", WITHOUT_SUSPICION)
    assert (code, report["not_back"]) == (1, 1)


def test_a_default_run_has_every_duration_with_every_power_and_both_kinds_of_time() -> None:
    plans = [draw_plan(number, 5) for number in range(24)]
    assert len({(plan.duration, plan.power, plan.time_service) for plan in plans}) == 24
    assert {plan.duration for plan in plans} == set(DURATIONS)
    assert {plan.power for plan in plans} == set(POWERS)
