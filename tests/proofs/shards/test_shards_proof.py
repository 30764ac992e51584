"""The proof of shards passes for the product."""

import json
import subprocess
import sys

import pytest


@pytest.mark.small_proof
def test_stations_move_among_few_workers_that_are_killed() -> None:
    sizes = ["--boards", "8", "--facts", "30", "--kills", "3"]
    command = [sys.executable, "-m", "tests.proofs.shards", *sizes, "--seed", "1", "--json"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr.decode()[-4_000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert (report["facts"], report["moves"], report["kills"] >= 2) == (240, 32, True)
