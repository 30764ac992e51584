"""The outbox passes between the release before and this one, killed on every turn, and goes on in its stream."""

import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.agent.storage.outboxes import open_outbox
from tests.proofs.upgrade.releases import BEFORE, Release, earlier_release, this_release

STEP = Path(__file__).with_name("step.py")
TURNS = 5


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> list[Release]:
    old = earlier_release(BEFORE, tmp_path_factory.mktemp("before") / "code")
    new = this_release()
    old.check()
    new.check()
    return [old, new]


def test_no_turn_of_a_release_loses_or_says_again(releases: list[Release], tmp_path: Path) -> None:
    outbox, told = tmp_path / "outbox.db", tmp_path / "told"
    chance = random.Random()
    for turn in range(TURNS):
        release = releases[turn % 2]
        endless = turn < TURNS - 1
        program = subprocess.Popen(
            [sys.executable, str(STEP), str(outbox), "1000000" if endless else "3", str(told)],
            cwd=release.root,
            env=release.environment,
            stderr=subprocess.PIPE,
        )
        if endless:
            before = len(lines(told))
            while len(lines(told)) < before + 2:
                assert program.poll() is None, program.communicate()[1].decode()[-2000:]
                threading.Event().wait(0.01)
            threading.Event().wait(chance.uniform(0.0, 0.2))
            program.kill()
        else:
            assert program.wait() == 0
        program.communicate()
    epochs = {line for line in lines(told) if line.startswith("epoch")}
    green = [int(line.split()[1]) for line in lines(told) if line.startswith("touch")]
    opened = open_outbox(outbox)
    assert {f"epoch {opened.epoch.hex()}"} == epochs
    assert set(green) <= set(range(2, opened.through + 1))
    assert len(green) == len(set(green))
    # Between a commit and the word of it there is room for one kill a turn.
    assert opened.through - 1 - len(green) <= TURNS
    opened.close()
    assert not list(tmp_path.glob("*.bad-*"))


def lines(told: Path) -> list[str]:
    return told.read_text(encoding="ascii").splitlines() if told.exists() else []
