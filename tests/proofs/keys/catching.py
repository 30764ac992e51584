"""Small runs of the keys proof, each in a process of its own, and whether one with a planted bug finds it."""

import json
import subprocess
import sys
from typing import NamedTuple

from tests.proofs.keys.planted import PLANTED

LIMIT_S = 115
_SEEDS = (1, 2, 3)
"""By chance a run may hold no key that shows the bug; then another seed does."""
_HASTY = {"typing": 0.8, "held": 0.2}
_CHILD = {"child": 1.0}
_RUN = """
import json, sys
from tests.proofs.keys.__main__ import prove
findings, _ = prove(keys={keys}, touches={touches}, seed={seed}, stations=2, **{others!r})
print(json.dumps([findings.foreign_directions, findings.blind_answers, findings.crashes]))
"""


class Found(NamedTuple):
    """What one small run counted."""

    foreign_directions: int
    blind_answers: int
    crashes: int


def small(*, keys: int, touches: int, seed: int, **others: object) -> Found:
    """Run the proof with so few keys and touches; ``others`` are further arguments of ``prove``.

    Raises:
        subprocess.SubprocessError: The run failed or took longer than ``LIMIT_S``.
    """
    program = _RUN.format(keys=keys, touches=touches, seed=seed, others=others)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=LIMIT_S)
    return Found(*json.loads(done.stdout.splitlines()[-1]))


def is_caught(bug: str) -> bool:
    """Return whether a small run with this bug of ``planted`` counts what it does wrong."""
    program = f"tests.proofs.keys.planted {bug}"
    return any(_shows(bug, program, seed) for seed in _SEEDS)


def _shows(bug: str, program: str, seed: int) -> bool:
    match bug:
        case "ends":
            return small(keys=80, touches=2, seed=seed, kiosk_program=program).crashes > 0
        case "blind":
            return small(keys=300, touches=2, seed=seed, kiosk_program=program, hands=_HASTY).blind_answers > 0
        case _:
            return small(keys=200, touches=40, seed=seed, agent_program=program, hands=_CHILD).foreign_directions > 0


def not_caught() -> list[str]:
    """Return the planted bugs that small runs do not show; there should be none."""
    return [bug for bug in PLANTED if not is_caught(bug)]
