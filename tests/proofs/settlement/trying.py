"""Try the turned rules, each in a process of its own, against worlds that the second reckoning has reckoned."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.proofs.apart import PROCESSES
from tests.proofs.settlement.mutants import MUTANTS
from tests.proofs.settlement.turned import write_cases
from tests.reckoning.answer import reckon
from tests.reckoning.reading import read_case
from tests.reckoning.toml_text import toml_of
from tests.reckoning.worlds import brought, world
from tests.reckoning.worlds_months import month

_LIMIT_S = 900


@dataclass
class Tried:
    """What became of the mutants."""

    differ: dict[str, str] = field(default_factory=dict)
    """Where each differed first."""
    survivors: list[str] = field(default_factory=list)
    """Those that make nothing differ."""
    broken: list[str] = field(default_factory=list)
    """Those that did not run: they prove nothing."""


def try_mutants(*, seed: int, worlds: int, rules: Sequence[str] = ()) -> Tried:
    """Turn each rule, or those that are named, and look for the first of so many months and worlds that differs."""
    tried = Tried()
    with TemporaryDirectory(prefix="settlement-") as folder:
        file = Path(folder) / "cases"
        with ProcessPoolExecutor(PROCESSES, mp_context=get_context("fork")) as processes:
            write_cases(file, processes.map(_reckoned, _names(seed, worlds), chunksize=8))
        wanted = rules or [mutant.rule for mutant in MUTANTS]
        with ThreadPoolExecutor(PROCESSES) as threads:
            for rule, (code, said) in zip(wanted, threads.map(lambda one: _turned(one, file), wanted), strict=True):
                if code:
                    tried.broken.append(f"{rule}: {said}")
                elif said == "null":
                    tried.survivors.append(rule)
                else:
                    tried.differ[rule] = json.loads(said)
    return tried


_MAKES = {"world": world, "month": month, "brought": brought}
_RARE = 40
"""So many of the cases are of a kind that few worlds are by chance."""


def _names(seed: int, worlds: int) -> Iterator[tuple[str, int]]:
    usual = ((("world", seed + number), ("month", seed + number)) for number in range(worlds))
    return chain(chain.from_iterable(usual), (("brought", seed + number) for number in range(_RARE)))


def _reckoned(name: tuple[str, int]) -> tuple[str, Any, Any]:
    kind, seed = name
    values = _MAKES[kind](seed)
    return f"{kind} {seed}", values, reckon(read_case(toml_of(values)))


def _turned(rule: str, file: Path) -> tuple[int, str]:
    """Return the exit code of a process in which a rule is turned, and what it said last."""
    call = [sys.executable, "-m", "tests.proofs.settlement.turned", rule, str(file)]
    done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=_LIMIT_S)
    lines = (done.stderr if done.returncode else done.stdout).strip().splitlines()
    return done.returncode, lines[-1] if lines else ""
