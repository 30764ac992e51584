"""The report that every proof, bench and demonstration ends with: one JSON object that names itself."""

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import time
from typing import Any

type Value = int | float | str | bool | list[Any] | dict[str, Any] | None


def arguments(name: str, **counts: int) -> argparse.ArgumentParser:
    """Return a parser with ``--seed``, ``--json`` and one whole-number option for each of ``counts``."""
    parser = argparse.ArgumentParser(prog=name)
    parser.add_argument("--seed", type=int, default=None, help="repeat a run; random without it")
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    for option, default in counts.items():
        parser.add_argument(f"--{option.replace('_', '-')}", type=int, default=default)
    return parser


def chosen_seed(seed: int | None) -> int:
    """Return ``seed``, or a fresh one; the report names it either way."""
    return random.SystemRandom().randrange(2**31) if seed is None else seed


class Report:
    """Collects the findings of a run."""

    def __init__(self, name: str, *, seed: int) -> None:
        self._name = name
        self._seed = seed
        self._began = time.monotonic()

    def finish(self, *, as_json: bool, **found: Value) -> dict[str, Value]:
        """Print the report, as JSON on the last line or as lines for a person, and return it."""
        git = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
        system = platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
        python = platform.python_version()
        report: dict[str, Value] = {
            "name": self._name,
            "commit": git.stdout.strip() or "unknown",
            "seed": self._seed,
            "seconds": round(time.monotonic() - self._began, 1),
            "machine": f"{os.cpu_count()} cores, {platform.machine()}, {system}, Python {python}",
            **found,
        }
        if as_json:
            print(json.dumps(report, ensure_ascii=False), flush=True)
        else:
            for key, value in report.items():
                print(f"{key:>20}  {value}")
        return report


def exit_code(report: dict[str, Value], *bad: str, repeat: str) -> int:
    """Return 1 and print how to repeat the run if one of the counts named in ``bad`` is not 0; else 0.

    Raises:
        KeyError: A count is not in the report. A count that nobody made must not pass for 0.
    """
    wrong = [name for name in bad if report[name]]
    if wrong:
        print(f"failed: {', '.join(wrong)}; repeat with: {repeat}", file=sys.stderr, flush=True)
    return 1 if wrong else 0
