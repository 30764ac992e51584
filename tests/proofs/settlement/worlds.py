"""Made-up months by the engine and by the second reckoning, each in three orders of arrival."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.proofs.settlement.arrivals import orders
from tests.proofs.settlement.comparing import differing
from tests.proofs.settlement.engine import answer_of, case_of, lines_of
from tests.proofs.settlement.plain_facts import judge
from tests.reckoning.answer import reckon
from tests.reckoning.reading import read_case
from tests.reckoning.toml_text import toml_of
from tests.reckoning.worlds import brought, world
from tests.reckoning.worlds_months import month

type Values = dict[str, Any]

LINES = tuple(str(number) for number in range(1, 14))
ENDS = tuple(f"ends {number}" for number in range(5, 14))
BETWEEN = tuple(f"between {number}" for number in range(5, 11))
ARRIVAL = tuple(f"arrival {number}" for number in (5, 6, 7, 8, 9, 10, 12))
LINES_TO_HIT = (*LINES, *ENDS, *BETWEEN, *ARRIVAL)
"""The lines of section 3 that decide, also for windows with ``ends`` and ``arrival``."""
CODES = ("√", "迟", "早", "缺", "旷", "假", "出", "会", "停", "暂", "待", "未", "休")
EXAMPLES = 10
_RARE = 20
"""One in so many worlds is of a kind that few are by chance."""


@dataclass
class Compared:
    """What some worlds came to."""

    worlds: int = 0
    village_months: int = 0
    refused: int = 0
    windows: int = 0
    differences: int = 0
    order_differences: int = 0
    absent_on_missing_data: int = 0
    negative_judged: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, other: "Compared") -> None:
        """Add what another process found."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def example(self, words: str) -> None:
        """Keep one of the first differences, for whoever looks for its cause."""
        if len(self.examples) < EXAMPLES:
            self.examples.append(words)


def compare_months(seeds: Iterable[int]) -> Compared:
    """Settle and reckon the random months of these seeds."""
    found = Compared()
    for seed in seeds:
        compare(f"month {seed}", month(seed), found)
    return found


def compare_worlds(seeds: Iterable[int]) -> Compared:
    """Settle and reckon the random worlds of a few days of these seeds, in which more goes wrong."""
    found = Compared()
    for seed in seeds:
        compare(f"world {seed}", world(seed), found)
        if seed % _RARE == 0:
            compare(f"brought {seed}", brought(seed), found)
    return found


def compare(name: str, values: Values, found: Compared) -> None:
    """Add to ``found`` what a case comes to by both, in three orders of arrival."""
    reckoned = reckon(read_case(toml_of(values)))
    first: dict[str, Any] | None = None
    for number, arrived in enumerate(orders(values, Random(name))):
        case = case_of(arrived)
        answer = answer_of(case)
        sentences = list(differing(answer, reckoned))
        found.differences += len(sentences)
        for sentence in sentences:
            found.example(f"{name}, order {number + 1}: {sentence}")
        if first is None:
            first = answer
            found.lines += lines_of(case, answer)
        elif answer != first:
            found.order_differences += 1
            found.example(f"{name}: order {number + 1} comes to something else than the first")
    assert first is not None
    _count(name, values, first, found)


def _count(name: str, values: Values, answer: Mapping[str, Any], found: Compared) -> None:
    found.worlds += 1
    found.refused += answer["refused"] is not None
    found.windows += len(answer["windows"])
    found.codes.update(row["result"] or "blank" for row in answer["windows"])
    found.village_months += len(_villages(values, answer))
    judged = judge(values, answer)
    found.negative_judged += judged.windows
    found.absent_on_missing_data += len(judged.blames)
    for blame in judged.blames:
        found.example(f"{name}: blamed though the record is not complete: {blame}")


def _villages(values: Values, answer: Mapping[str, Any]) -> set[str]:
    """Return the villages on whose rosters somebody has windows in an answer."""
    due = {row["person"] for row in answer["windows"] if row["result"] != "休"}
    holders: dict[str, set[str]] = {}
    for row in values["posts"]:
        holders.setdefault(row["post"], set()).add(row["person"])
    return {
        roster["village"]
        for roster in values["rosters"]
        if due & ({*roster.get("persons", ())} | holders.get(roster.get("post", ""), set()))
    }


def unreached(found: Compared, *, codes: int, lines: int) -> list[str]:
    """Return the results and lines that came about too seldom."""
    rare = [f"{code}: {found.codes[code]}" for code in CODES if found.codes[code] < codes]
    return rare + [f"line {line}: {found.lines[line]}" for line in LINES_TO_HIT if found.lines[line] < lines]
