"""The engine and the second reckoning, which share no line, agree on made-up worlds.

Where they do not, docs/rules.md decides who is right.
"""

from collections.abc import Mapping, Sequence

import pytest

from server_broker.settlement.named_cases.command import answer_to
from server_broker.settlement.named_cases.reading import read_case
from tests.reckoning.answer import reckon
from tests.reckoning.reading import read_case as read_plainly
from tests.reckoning.toml_text import toml_of
from tests.reckoning.worlds import world

type Row = Mapping[str, object]
type Keyed = dict[tuple[str, ...], Row]

WORLDS = 200
KEYS = {
    "windows": ("person", "date", "start"),
    "totals": ("person",),
    "resident": ("person", "month"),
    "meetings": ("meeting",),
    "months": ("month",),
    "slips": ("person", "date", "start"),
    "exceptions": ("kind", "station", "at", "person", "card"),
}


def plain(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, list) else value


def says_nothing(table: str, row: Row) -> bool:
    """Tell whether a row says no more than one that is left out."""
    if table == "windows":
        return row["result"] == "休"
    return table == "totals" and all(value in (0, True, {}) for key, value in row.items() if key != "person")


def told(answer: Mapping[str, Sequence[Row]], table: str) -> Keyed:
    """Return a table's rows without what may differ: words for people, and rows that may be left out."""
    found: Keyed = {}
    for row in answer[table]:
        if not says_nothing(table, row):
            key = tuple(str(row.get(name, "")) for name in KEYS[table])
            found[key] = {name: plain(value) for name, value in row.items() if name != "reason"}
    return found


@pytest.mark.parametrize("seed", range(WORLDS))
def test_two_reckonings_of_one_world_agree(seed: int) -> None:
    text = toml_of(world(seed))

    _, mine = answer_to(read_case(text))
    theirs = reckon(read_plainly(text))

    assert mine["refused"] == theirs["refused"]
    for table in KEYS:
        assert told(mine, table) == told(theirs, table), table  # type: ignore[arg-type]
