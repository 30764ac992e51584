"""The same measurements at several sizes of a county, each in a process of its own, and by how much they grow."""

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise

from firmware_scripts.report import Value

LINEAR_WITHIN = 1.3
"""A figure may grow by so much more than the county does."""

type Size = dict[str, Value]
"""What one size reported."""


def each_in_its_own_process(bench: str, shares: Sequence[float], arguments: Iterable[str]) -> list[Size]:
    """Run a bench for each share, and return what each reported. Settings of Django are read once a process.

    Args:
        bench: Its module.
        arguments: Those of the bench beside ``--shares``.
    """
    sizes = []
    for share in shares:
        command = [sys.executable, "-m", bench, "--json", *arguments, "--shares", str(share)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        last = done.stdout.splitlines()[-1]
        # The sizes after it may take long, or fail.
        print(last, file=sys.stderr, flush=True)
        one = json.loads(last)
        sizes.append({name: value for name, value in one.items() if name not in ("name", "commit", "machine")})
    return sizes


def slopes(sizes: Sequence[Size], names: Iterable[str]) -> dict[str, Value]:
    """Return by how much more than in proportion each figure grows from a size to the next; 1 is linear."""
    found: dict[str, Value] = {"goal": LINEAR_WITHIN}
    for name in names:
        found[name] = [
            round(_value(after, name) / _value(before, name) / (_villages(after) / _villages(before)), 2)
            for before, after in pairwise(sizes)
        ]
    return found


def _value(size: Size, name: str) -> float:
    figures = size["figures"]
    assert isinstance(figures, list)
    return next(float(one["value"]) for one in figures if one["name"] == name)


def _villages(size: Size) -> int:
    assert isinstance(size["villages"], int)
    return size["villages"]
