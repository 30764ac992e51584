"""The rig of clusters in small: two nodes are killed under a county with three stations."""

import json
import subprocess
import sys

import pytest


@pytest.mark.small_proof
@pytest.mark.timeout(900)
def test_a_county_outlives_a_node_of_its_broker_and_the_leader_of_its_database() -> None:
    sizes = ["--stations", "3", "--agents", "1", "--kills", "rabbit1", "postgres-leader"]
    command = [sys.executable, "-m", "tests.rig.cluster", *sizes, "--seed", "1", "--json"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=880)
    assert done.returncode == 0, done.stderr.decode()[-4_000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert [one["node"][:-1] for one in report["kills"]] == ["rabbit", "postgres"]
    assert report["touches"] > 5
