"""What somebody's windows add up to (docs/rules.md, section 4, and 8.16)."""

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from msgspec import Struct

from server_broker.settlement.results import Result

PRESENT = frozenset({"√", "迟", "早", "缺", "停", "出", "会"})
NOT_DUE = frozenset({"休", "暂", ""})
NOT_FINAL = frozenset({"未", "待", ""})


class Totals(Struct, frozen=True):
    """One person's windows added up: days by share of a result's first word, and times and minutes beside them."""

    person: str
    days: dict[str, Fraction]
    """By the first word of the results; of blanks under the empty word."""
    leave: dict[str, Fraction]
    """Days of leave of whole windows by kind."""
    late_times: int
    late_minutes: int
    early_times: int
    early_minutes: int
    missing_times: int
    part_leave_minutes: int

    @property
    def due(self) -> Fraction:
        """The days that were due."""
        return sum((days for word, days in self.days.items() if word not in NOT_DUE), Fraction(0))

    @property
    def present(self) -> Fraction:
        """The days of whoever was there, or was excused for not being there."""
        return sum((days for word, days in self.days.items() if word in PRESENT), Fraction(0))

    @property
    def open(self) -> Fraction:
        """The days that have no result yet."""
        return sum((self.of(word) for word in NOT_FINAL), Fraction(0))

    @property
    def final(self) -> bool:
        """Tell whether nothing of it is open any more."""
        return not any(word in self.days for word in NOT_FINAL)

    def of(self, word: str) -> Fraction:
        """Return the days of one result."""
        return self.days.get(word, Fraction(0))


def totals(person: str, results: Iterable[Result]) -> Totals:
    """Add up somebody's windows that are not off."""
    counted = list(results)
    days: dict[str, Fraction] = defaultdict(Fraction)
    leave: dict[str, Fraction] = defaultdict(Fraction)
    for one in counted:
        days[one.result] += one.share
        if one.result == "假":
            leave[one.kind] += one.share
    return Totals(
        person=person,
        days=dict(days),
        leave=dict(leave),
        late_times=sum(1 for one in counted if one.late),
        late_minutes=sum(one.late for one in counted),
        early_times=sum(1 for one in counted if one.early),
        early_minutes=sum(one.early for one in counted),
        missing_times=sum(1 for one in counted if one.result == "缺"),
        part_leave_minutes=sum(one.leave_minutes for one in counted),
    )
