"""Counties that live a month, each in a program of its own whose clock the proof moves; two at a time."""

import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.proofs.apart import PROCESSES
from tests.proofs.settlement.lived_clock import run_lived

MONTHS = ("2026-03", "2026-05", "2026-06", "2026-10")
"""The calendar of these is announced."""
ORDERS = ("live", "backwards", "at random")
PLANTED_IN_INTAKE = {"an envelope is lost": "differences", "nobody looks at facts": "incremental_differences"}
PLANTED_IN_SHEETS = {"facts came earlier than they did": "as_of_differences"}
"""The planted faults (`planted_lived`), each with the count in which it must show."""


class LivedBadly(Exception):
    """A county's program ended with a fault."""


@dataclass(frozen=True)
class Life:
    """Which month a county lives, and how."""

    seed: str
    month: str
    townships: int
    order: str
    sheets: bool = False
    plant: str = ""

    def arguments(self) -> list[str]:
        """Return the arguments of its program."""
        said = ["--seed", self.seed, "--month", self.month, "--townships", str(self.townships), "--order", self.order]
        return [
            *("-m", "tests.proofs.settlement.living", *said),
            *(["--sheets"] if self.sheets else []),
            *(["--plant", self.plant] if self.plant else []),
        ]


@dataclass
class Found:
    """What several counties came to."""

    counts: dict[str, int] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    edits: dict[str, int] = field(default_factory=dict)

    def add(self, told: dict[str, Any]) -> None:
        """Add what one county came to."""
        for name, value in told.items():
            if isinstance(value, int):
                self.counts[name] = self.counts.get(name, 0) + value
        for sums, name in ((self.codes, "codes"), (self.edits, "edits")):
            for key, value in told[name].items():
                sums[key] = sums.get(key, 0) + value


def live(lives: Sequence[Life]) -> Found:
    """Have counties live, and return the sums of what they came to. Their first differences are printed."""
    found = Found()
    with ThreadPoolExecutor(PROCESSES) as threads:
        for told in threads.map(_lived, lives):
            found.add(told)
            for example in told["examples"]:
                print(example, file=sys.stderr)
    return found


def not_caught(seed: str, planted: Mapping[str, str], *, sheets: bool = False) -> list[str]:
    """Return the planted faults that do not show in a month of one township in the count that is named for each."""
    lives = [Life(seed, MONTHS[1], 1, "live", sheets=sheets, plant=name) for name in planted]
    with ThreadPoolExecutor(PROCESSES) as threads:
        told = list(threads.map(_lived, lives))
    return [life.plant for life, one in zip(lives, told, strict=True) if not one[planted[life.plant]]]


def _lived(life: Life) -> dict[str, Any]:
    with TemporaryDirectory(prefix="lived-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        process = run_lived(life.arguments(), folder)
        try:
            said, error = process.communicate()
        finally:
            if process.poll() is None:
                process.terminate()
    if process.returncode:
        raise LivedBadly(f"{life}: {error[-2000:]}")
    told: dict[str, Any] = json.loads(said.splitlines()[-1])
    return told
