"""Which rules the random worlds reach: ``python -m tests.reckoning.reach 500``.

It says in how many of so many worlds each word, each line of §3 and each special thing comes about, and which lines of
the reckoning itself are run in fewer than one world of a hundred.
"""

import inspect
import linecache
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any

from tests.reckoning.answer import reckon
from tests.reckoning.reading import read_case
from tests.reckoning.toml_text import toml_of
from tests.reckoning.worlds import world

Values = dict[str, Any]

HERE = Path(__file__).parent
NOT_OF_THE_RULES = ("reading", "rows", "lines", "worlds", "toml_text", "differences", "reach", "test_", "__main__")
RARE = 0.01
TOOL = sys.monitoring.COVERAGE_ID


class LinesRun:
    """Which lines of the reckoning are run between ``begin`` and ``end``."""

    def __init__(self) -> None:
        self.run: set[tuple[str, int]] = set()
        sys.monitoring.use_tool_id(TOOL, "reach")
        sys.monitoring.register_callback(TOOL, sys.monitoring.events.LINE, self._line)

    def begin(self) -> None:
        self.run = set()
        sys.monitoring.restart_events()
        sys.monitoring.set_events(TOOL, sys.monitoring.events.LINE)

    def end(self) -> set[tuple[str, int]]:
        sys.monitoring.set_events(TOOL, 0)
        return self.run

    def _line(self, code: CodeType, line: int) -> object:
        if is_of_the_rules(code.co_filename):
            self.run.add((code.co_filename, line))
        return sys.monitoring.DISABLE


def is_of_the_rules(path: str) -> bool:
    """Return whether a file is a module of the reckoning that follows the rules, not one that reads or draws."""
    return Path(path).parent == HERE and not Path(path).name.startswith(NOT_OF_THE_RULES)


def lines_there_are(code: CodeType) -> Iterator[tuple[str, int]]:
    """Yield the lines of the functions that a module's code holds; what a class says of itself is none."""
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            if inner.co_flags & inspect.CO_OPTIMIZED:
                lines = {line for _, _, line in inner.co_lines() if line} - {inner.co_firstlineno}
                yield from ((inner.co_filename, line) for line in lines)
            yield from lines_there_are(inner)


def things(values: Values, answer: Values) -> Iterator[str]:
    """Yield what came about in one world."""
    if answer["refused"]:
        yield "refused"
        return
    rows = answer["windows"]
    for row in rows:
        yield f"result {row['result'] or 'blank'}"
        yield f"line {row['line']}"
        yield from (f"beside {row['result']}: {word}" for word in row["beside"])
        yield from (f"flag {flag}" for flag in row["flags"])
        if row["result"] == "旷":
            yield f"旷 by line {row['line'].removeprefix('4.')}"
    yield from (f"exception {row['kind']}" for row in answer["exceptions"])
    yield from (f"month {row['state']}" for row in answer["months"])
    yield from (f"slip {row['was'] or 'blank'} → {row['now'] or 'blank'}" for row in answer["slips"])
    for row in answer["resident"]:
        yield from (f"resident {key}" for key in ("days", "nights", "incomplete") if row[key])
    for row in answer["meetings"]:
        yield from (f"meeting {key}" for key in ("came", "excused", "absent", "late") if row[key])
        if len(row["came"]) + len(row["excused"]) + len(row["absent"]) < len(row["expected"]):
            yield "meeting waits"
        yield f"meeting quorum {row['quorum_at_start']} {row['quorum_at_votes']}"
    yield from things_drawn(values)


def things_drawn(values: Values) -> Iterator[str]:
    """Yield what a world has that must be met with."""
    yield from (f"has {table}" for table, rows in values.items() if isinstance(rows, list) and rows)
    if "as_of" in values:
        yield "has as_of"
    for station in values["stations"]:
        yield from (f"station {key}" for key in station if key not in ("id", "village", "facts"))
        for fact in station["facts"]:
            yield f"fact {fact['kind']}"
            yield from (f"fact {key}" for key in ("held_until", "written_off", "way") if key in fact)
        yield from ("lost written_off" for row in station.get("lost", []) if "written_off" in row)


def main(worlds: int) -> None:
    lines = LinesRun()
    found: Counter[str] = Counter()
    run: Counter[tuple[str, int]] = Counter()
    spent = 0.0
    for seed in range(worlds):
        values = world(seed)
        case = read_case(toml_of(values))
        lines.begin()
        began = time.process_time()
        answer = reckon(case)
        spent += time.process_time() - began
        run.update(lines.end())
        found.update(set(things(values, answer)))
    for thing, count in sorted(found.items()):
        print(f"{count / worlds:7.1%}  {thing}")
    print(f"\nlines run in fewer than {RARE:.0%} of the worlds")
    for path in sorted(HERE.glob("*.py")):
        if is_of_the_rules(str(path)):
            module = compile(path.read_text(encoding="utf-8"), str(path), "exec")
            for name, line in sorted(set(lines_there_are(module))):
                if run[name, line] < RARE * worlds:
                    print(f"{run[name, line]:5}  {path.name}:{line}  {linecache.getline(name, line).strip()}")
    print(f"\n{spent / worlds * 1000:.0f} ms a world")


if __name__ == "__main__":
    main(int(sys.argv[1]))
