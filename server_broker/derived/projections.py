"""The tables whose rows are made of facts one by one, and how one of them is compared with what it must be."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from server_broker.attendance.facts import TOUCH
from server_broker.attendance.tables import TOUCHES
from server_broker.feedback.facts import GIVEN, RATED
from server_broker.feedback.tables import FEEDBACKS, RATINGS
from server_broker.fleet.fact_rows import STATION_EVENT, RowKind
from server_broker.fleet.tables import IDENTITY_COLUMNS, STATION_EVENTS
from server_broker.learning.facts import ATTEMPT, CHOICE, LEVEL_RUN
from server_broker.learning.tables import ATTEMPTS, CHOICES, LEVEL_RUNS
from server_broker.meetings.facts import STEP, VOTES, VOUCHED
from server_broker.meetings.tables import MEETING_STEPS, VOTE_COUNTS, VOUCHES
from server_broker.pins.facts import ENTRY
from server_broker.pins.tables import NUMBER_ENTRIES
from server_broker.platform.sql import query
from server_broker.platform.tables import Table
from server_broker.requests.facts import AGREEMENT, REQUEST, WITHDRAWAL
from server_broker.requests.tables import AGREEMENTS, REQUESTS, WITHDRAWALS

DATED = ("quality", "said_quality", "corrected_wall")
"""Columns that the county changes when it learns what time it was (`server_broker.derived.dating`)."""


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """A table of facts."""

    table: Table
    kind: RowKind[tuple[Any, ...]]
    word: str
    """What a row is, in Chinese."""
    erased_kinds: tuple[str, ...] = ()
    """Kinds of facts under which a row may still stand after their content was erased."""
    json: str = ""
    """The column that holds JSON."""

    @property
    def columns(self) -> list[str]:
        """The columns after the identity, as handlers fill them."""
        return [name.strip('"') for name in self.table.columns if name not in IDENTITY_COLUMNS]

    def expected(self, row: tuple[Any, ...]) -> dict[str, Any]:
        """Return what a handler made, by column. The last columns may be missing: a room's ``put`` fills them."""
        values = row[len(IDENTITY_COLUMNS) :]
        return {
            name: value.obj if isinstance(value, Jsonb) else value
            for name, value in zip(self.columns, values, strict=False)
        }

    def stored(
        self, station: str, epochs: Collection[bytes], first: int, last: int
    ) -> dict[bytes, dict[int, dict[str, Any]]]:
        """Return the rows that stand under these seqs of each of the epochs, by epoch, seq and column."""
        names = [*self.columns, "said_quality", "corrected_wall"]
        quoted = ", ".join(f'"{name}"' for name in names)
        rows = query(
            f"""SELECT epoch, seq, {quoted} FROM {self.table}
            WHERE station_id = %s AND epoch = ANY(%s) AND seq BETWEEN %s AND %s""",  # noqa: S608 - our own constants
            [station, list(epochs), first, last],
        )
        found: dict[bytes, dict[int, dict[str, Any]]] = {epoch: {} for epoch in epochs}
        for epoch, seq, *values in rows:
            row = dict(zip(names, values, strict=True))
            if self.json:
                row[self.json] = _loaded(row[self.json])
            found[bytes(epoch)][seq] = row
        return found


def _loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def first_other(expected: Mapping[str, Any], stored: Mapping[str, Any], *, besides: Iterable[str] = ()) -> str:
    """Return the first column that is not as expected, but for those whose own rules the caller knows."""
    if expected == {name: stored[name] for name in expected}:
        return ""
    left_out = {*DATED, "received_at", *besides}
    return next((name for name in expected if name not in left_out and expected[name] != stored[name]), "")


def is_received_too_early(stored: Mapping[str, Any], received_at: datetime) -> bool:
    """Tell whether a row was made before its fact came. It was made later where the fact was held at first."""
    return bool(stored["received_at"] < received_at)


PROJECTIONS = (
    Projection(TOUCHES, TOUCH, "打卡"),
    Projection(NUMBER_ENTRIES, ENTRY, "输入编号", erased_kinds=("number_entered",)),
    Projection(ATTEMPTS, ATTEMPT, "答题", erased_kinds=("attempt",), json="chosen"),
    Projection(LEVEL_RUNS, LEVEL_RUN, "闯关", erased_kinds=("level_ended",)),
    Projection(CHOICES, CHOICE, "选学", erased_kinds=("pack_chosen",)),
    Projection(FEEDBACKS, GIVEN, "群众意见"),
    Projection(RATINGS, RATED, "对答复的评价"),
    Projection(REQUESTS, REQUEST, "申请"),
    Projection(WITHDRAWALS, WITHDRAWAL, "撤回申请"),
    Projection(MEETING_STEPS, STEP, "会议的一步"),
    Projection(VOTE_COUNTS, VOTES, "表决结果"),
    Projection(VOUCHES, VOUCHED, "作证"),
    Projection(AGREEMENTS, AGREEMENT, "换班答应"),
    Projection(STATION_EVENTS, STATION_EVENT, "站点事件", json="detail"),
)
