"""A process in which one rule of the engine is turned, and which looks for a world that shows it.

``python -m tests.proofs.settlement.turned RULE FILE`` reads cases with their reckoning from the file, and prints the
first difference as JSON; null if there is none. Nothing of the engine may be imported before its source is changed.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import json
import pickle
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from tests.proofs.settlement.mutants import MUTANTS, Mutant

_ENGINE = "server_broker.settlement"


class _Turned(importlib.machinery.SourceFileLoader):
    """Loads the module of a mutant with its rule turned."""

    mutant: Mutant

    def get_code(self, fullname: str) -> CodeType:
        source = Path(self.path).read_text(encoding="utf-8")
        code: CodeType = compile(self.mutant.changed(source), self.path, "exec")
        return code


class Turning(importlib.abc.MetaPathFinder):
    """Has one module of the engine imported with a rule turned."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._name = f"{_ENGINE}.{mutant.module}"
        if self._name in sys.modules:
            raise RuntimeError(f"{self._name} is imported already")

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the changed module, if it is the one that is asked for."""
        if fullname != self._name:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is None or spec.origin is None:
            raise ImportError(fullname)
        loader = _Turned(fullname, spec.origin)
        loader.mutant = self._mutant
        return importlib.util.spec_from_file_location(fullname, spec.origin, loader=loader)


def write_cases(file: Path, cases: Iterator[tuple[str, Any, Any]]) -> None:
    """Write cases (name, values, reckoning) for processes to read one after another."""
    with file.open("wb") as stream:
        for case in cases:
            pickle.dump(case, stream)


def _cases(file: Path) -> Iterator[tuple[str, Any, Any]]:
    with file.open("rb") as stream:
        while True:
            try:
                yield pickle.load(stream)
            except EOFError:
                return


def first_difference(file: Path) -> str | None:
    """Return where the engine, as it is in this process, differs from the reckoning first."""
    from tests.proofs.settlement.comparing import differing  # noqa: PLC0415 - after the engine's source is changed
    from tests.proofs.settlement.engine import answer_of, case_of  # noqa: PLC0415

    for name, values, reckoned in _cases(file):
        sentence = next(differing(answer_of(case_of(values)), reckoned), None)
        if sentence is not None:
            return f"{name}: {sentence}"
    return None


def main(rule: str, file: str) -> None:
    """Turn a rule and look for a difference."""
    sys.meta_path.insert(0, Turning(next(mutant for mutant in MUTANTS if mutant.rule == rule)))
    print(json.dumps(first_difference(Path(file)), ensure_ascii=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
