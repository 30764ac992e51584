"""The proof of dated rows passes for the product, and fails for the bugs that it is meant to catch."""

import subprocess
import sys

import pytest

RUN = """
import sys
from tests.proofs.private_county import county_home, private_cluster
with county_home("dated") as home, private_cluster(home):
    from tests.proofs.dated.__main__ import prove
    sound = prove(days=3, villages=3, seed=5)
    bad = (sound.as_of_differences, sound.differences, sound.overwritten, sound.let_through, sound.undecided)
    if any(bad) or not (sound.answers and sound.edits and sound.due):
        sys.exit(f"the product: {bad}, {sound.examples}")
    from tests.proofs.dated.planted import PLANTED
    missed = [plant.__name__ for plant in PLANTED if not plant()]
    sys.exit(f"not caught: {missed}" if missed else 0)
"""


@pytest.mark.small_proof
def test_answers_stay_and_what_would_change_them_is_caught() -> None:
    done = subprocess.run([sys.executable, "-c", RUN], capture_output=True, check=False, timeout=110)
    assert done.returncode == 0, done.stderr.decode()[-2_000:]
