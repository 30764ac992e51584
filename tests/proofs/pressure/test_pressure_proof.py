"""The proof in small."""

import json
import subprocess
import sys

import pytest

from tests.proofs.pressure.slow_database import COMMIT_S


@pytest.mark.small_proof
def test_under_pressure_in_small_nothing_is_lost() -> None:
    command = [sys.executable, "-m", "tests.proofs.pressure", "--honest", "4", "--rogues", "3", "--seconds", "5"]
    command += ["--slow-seconds", "5", "--silent", "200", "--every", "1", "--seed", "1", "--json"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=280)
    report = json.loads(done.stdout.splitlines()[-1])
    assert (report["lost"], report["doubled"], report["unreceipted"], report["starved"]) == (0, 0, 0, 0)
    assert (report["blamed"], report["idle_rogues"]) == ([], 0)
    assert [one["round"] for one in report["rounds"]] == ["rogues at once", "silent connections", "slow database"]
    assert all(one["touches"] for one in report["rounds"])
    assert report["rounds"][1]["silent"] > 150
    assert report["rounds"][1]["back_s"] < 20, "no board waits in vain for a welcome"
    assert report["rounds"][2]["p50_s"] > COMMIT_S
