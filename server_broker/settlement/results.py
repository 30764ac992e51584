"""What a window comes to."""

import datetime as dt
from fractions import Fraction

from msgspec import Struct

from server_broker.settlement.record import Ref
from server_broker.settlement.times import Minute

BESIDE = ("迟", "早", "停", "假", "出", "会")
"""What can stand beside a result, in this order."""
FLAGS = ("补", "异地")
"""What a result can be marked with, in this order: asked for after its start; a mark from another village."""

MOST_NAMED = 64
"""So many facts are named of those that could belong to a window. Somebody looks at these first, and then at more."""


class Awaited(Struct, frozen=True):
    """What may still change a result."""

    station: str
    since: Minute | None
    """Of a record that is not complete: the last minute that it tells of; None: it tells of none yet. Of a fact: when
    the county got it."""
    ref: Ref | None = None
    """The fact that a person must look at, or the first of the lost ones; None: the station's record itself."""


class Result(Struct, frozen=True, kw_only=True):
    """What one person's window of one date comes to."""

    person: str
    day: dt.date
    start: int
    """Minutes after midnight."""
    share: Fraction
    result: str
    """One of √ 迟 早 缺 旷 假 出 会 停 暂 未 待 休; empty while it is too early."""
    line: str
    reason: str
    kind: str = ""
    """Of leave, where 假 is the result or stands beside."""
    beside: tuple[str, ...] = ()
    late: int = 0
    early: int = 0
    flags: tuple[str, ...] = ()
    leave_minutes: int = 0
    """Of leave that covers a part."""
    refs: tuple[Ref, ...] = ()
    """The facts on which it rests; of more than 64 touches within 120 s the first 32 and the last 32."""
    awaited: tuple[Awaited, ...] = ()

    @property
    def place(self) -> tuple[str, dt.date, int]:
        """Return by what results are listed."""
        return (self.person, self.day, self.start)

    def says(self) -> tuple[object, ...]:
        """Return all whose change is one of the result (8.19)."""
        return (self.result, self.kind, self.beside, self.late, self.early, self.leave_minutes)
