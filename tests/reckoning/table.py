"""What a window comes to: the table of §3, line by line."""

from dataclasses import dataclass
from datetime import datetime

from tests.reckoning.awaited import is_complete
from tests.reckoning.corrections import corrections_of
from tests.reckoning.could import could_be_better
from tests.reckoning.county import County
from tests.reckoning.cover import Covered
from tests.reckoning.down import none_up
from tests.reckoning.due import Window
from tests.reckoning.marks import Marks, Neighbours, marks_by_touches, marks_served
from tests.reckoning.minutes import cut
from tests.reckoning.regions import station_counts
from tests.reckoning.units import DOWN_MINUTES, Unit, next_unit, plus, previous_unit
from tests.reckoning.verdict import Verdict, bad_marks, verdict
from tests.reckoning.workdays import is_provisional

BLANK = Verdict("", "0")
ORDER_OF_BETWEEN = ("", "暂", "未", "待")
CONCLUDED_LINES = ("5", "8", "10", "11", "12", "13")


@dataclass(frozen=True)
class Settled:
    """What one window came to."""

    window: Window
    result: str
    line: str
    kind: str = ""
    beside: tuple[str, ...] = ()
    late: int = 0
    early: int = 0
    flags: tuple[str, ...] = ()
    leave_minutes: int = 0


class Judge:
    """Lines 5 to 13 for one unit: what is known of it is gathered once, then each window is asked."""

    def __init__(self, county: County, units: list[Unit], unit: Unit) -> None:
        self.county = county
        self.case = county.case
        self.unit = unit
        self.around = Neighbours(previous_unit(units, unit), unit, next_unit(units, unit), self.stations())
        self.corrections = self.corrections_of_unit()
        self.runs = [run for run in county.runs_of(unit.person) if marks_served(self.around, run)]
        self.marks: Marks = marks_by_touches(self.around, self.runs, self.corrections)

    def corrections_of_unit(self) -> dict[str, datetime | None]:
        """Return the corrected marks: the first window's arrival and the last one's departure (§2.7)."""
        found: dict[str, datetime | None] = {}
        for mark, covered in (("in", self.unit.covered[0]), ("out", self.unit.covered[-1])):
            if mark in self.unit.needs:
                for time in corrections_of(self.county.corrections, covered.window, mark, self.unit.spans):
                    found[mark] = time
        return found

    def stations(self) -> dict[str, frozenset[str]]:
        """Return for which marks each station counts (§2.6): the first window's for the arrival, the last one's for the
        departure (§3, ``ends``).
        """
        windows = {"in": self.unit.covered[0].window, "out": self.unit.covered[-1].window}
        return {
            station.id: frozenset(
                mark
                for mark, window in windows.items()
                if station_counts(self.case, station, window.village, window.date)
            )
            for station in self.case.stations
        }

    def judge(self, covered: Covered) -> Verdict:
        """Return what lines 5 to 13 make of one window, or the rest of it."""
        unit, marks, window = self.unit, self.marks, covered.window
        needs = unit.needs_of(covered)
        bad = bad_marks(unit, marks, needs)
        if not bad:
            return Verdict("√", "5")
        if cut(self.case.as_of) < unit.last_minute:
            return BLANK
        if is_provisional(self.case, window.date) or cut(window.entered) > window.start:
            return Verdict("暂", "6")
        if not is_complete(self.county, unit, window) and not set(needs) <= marks.corrected:
            return Verdict("未", "7")
        excused = {mark for mark in bad if self.falls_to_down_time(mark, window)}
        if excused == bad:
            return Verdict("停", "8")
        excused_of_unit = excused | self.excused_elsewhere(covered)
        if could_be_better(
            self.county, self.around, window, self.runs, self.corrections, marks, needs, excused_of_unit
        ):
            found = Verdict("待", "9")
        else:
            found = verdict(unit, marks, needs, excused_of_unit)
        if excused:
            return Verdict(found.result, found.line, (*found.beside, "停"), found.late, found.early)
        return found

    def excused_elsewhere(self, covered: Covered) -> set[str]:
        """Return which bad marks for which the other windows of the unit answer are excused (§3, ``ends``)."""
        return {
            mark
            for other in (self.unit.covered[0], self.unit.covered[-1])
            for mark in bad_marks(self.unit, self.marks, self.unit.needs_of(other))
            if other != covered and self.falls_to_down_time(mark, other.window)
        }

    def falls_to_down_time(self, mark: str, window: Window) -> bool:
        """Return whether a mark falls to a time when the roster's village had no station up (§3, Down)."""
        unit = self.unit
        if mark == "in":
            first, last = plus(unit.first, -DOWN_MINUTES), plus(unit.first, unit.grace_in)
        else:
            first, last = plus(unit.until, -unit.grace_out), plus(unit.until, DOWN_MINUTES)
        return none_up(self.case, window.village, first, last)

    def flags(self, covered: Covered, found: Verdict) -> tuple[str, ...]:
        """Return 补 where what covers a part was asked late (§5), 异地 where a used mark is from elsewhere (§2.6)."""
        elsewhere = [
            run
            for mark in self.unit.needs_of(covered)
            if (run := self.marks.run_of(mark)) is not None and covered.window.village not in run.station.villages
        ]
        used = elsewhere and found.line in CONCLUDED_LINES
        return (("补",) if covered.asked_late else ()) + (("异地",) if used else ())

    def settled(self) -> list[Settled]:
        """Return what each window of the unit came to."""
        ends = {0, len(self.unit.covered) - 1}
        verdicts = {number: self.judge(self.unit.covered[number]) for number in ends}
        return [
            self.settled_window(
                covered,
                verdicts[number] if number in ends else between(verdicts[min(ends)], verdicts[max(ends)]),
            )
            for number, covered in enumerate(self.unit.covered)
        ]

    def settled_window(self, covered: Covered, found: Verdict) -> Settled:
        if found == BLANK:
            return Settled(covered.window, "", "0")
        return Settled(
            window=covered.window,
            result=found.result,
            line=f"4.{found.line}" if covered.part else found.line,
            kind=covered.kind,
            beside=(*found.beside, *covered.beside),
            late=found.late,
            early=found.early,
            flags=self.flags(covered, found),
            leave_minutes=covered.leave_minutes,
        )


def between(first: Verdict, last: Verdict) -> Verdict:
    """Return what a window between the first and the last comes to (§3, ``ends``).

    √, but blank, 暂, 未 or 待 (in this order) where the first or the last is, 停 where both are, 旷 by line 10.
    """
    for result in ORDER_OF_BETWEEN:
        for verdict_of_end in (first, last):
            if verdict_of_end.result == result:
                return Verdict(result, verdict_of_end.line)
    if first.result == last.result == "停":
        return Verdict("停", "8")
    if "10" in (first.line, last.line):
        return Verdict("旷", "10")
    return Verdict("√", "5")


def settled_by_cover(covered: Covered) -> Settled:
    """Return a window that lines 1 to 4 decide."""
    return Settled(
        window=covered.window,
        result=covered.result,
        line=covered.line,
        kind=covered.kind,
        beside=covered.beside,
        flags=("补",) if covered.asked_late else (),
        leave_minutes=covered.leave_minutes,
    )
