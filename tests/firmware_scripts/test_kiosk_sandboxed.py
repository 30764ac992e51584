"""The kiosk under its unit's own restrictions, as far as they can be had without a service manager and a screen."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_scripts.pictures.stage import KIOSK_UNIT, stage
from kiosk_tui.words import common as words
from tests.conftest import short_folder
from tests.fakes.agent_socket import FakeAgent
from tests.firmware_scripts.sandbox import allowed_calls
from tests.kiosk_tui import samples

SANDBOX = [sys.executable, "-m", "tests.firmware_scripts.sandbox", str(KIOSK_UNIT)]


@pytest.fixture
def agent() -> Iterator[FakeAgent]:
    with short_folder() as folder, FakeAgent(folder / "k.sock", samples.HOME) as fake:
        yield fake


def test_cage_foot_and_kiosk_work_under_them(agent: FakeAgent) -> None:
    with stage(agent.path, within=SANDBOX) as shown:
        shown.wait_for(words.PRESENT_CARD)
        agent.send(samples.GREEN)
        shown.wait_for(words.ANSWER["recorded"])
        status = Path(f"/proc/{shown.cage.pid}/status").read_text()
    for restriction in ("Seccomp:\t2", "NoNewPrivs:\t1", "CapBnd:\t0000000000000000"):
        assert restriction in status


def test_the_restrictions_are_real() -> None:
    for attempt in (
        "import socket; socket.socket(socket.AF_INET)",
        "import os; os.chroot('/')",
        "import mmap; mmap.mmap(-1, 4096, prot=7)",
        "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))",
    ):
        done = subprocess.run([*SANDBOX, sys.executable, "-c", attempt], capture_output=True, text=True)
        assert "PermissionError" in done.stderr, (attempt, done.stderr)
    assert subprocess.run([*SANDBOX, "true"]).returncode == 0
    assert {"mount", "setuid", "reboot"}.isdisjoint(allowed_calls(KIOSK_UNIT))
