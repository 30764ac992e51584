"""What a window comes to: the first line of section 3 of docs/rules.md that applies."""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from server_broker.settlement import reasons
from server_broker.settlement.awaiting import Awaiting
from server_broker.settlement.could_be import Measure, could_better
from server_broker.settlement.knowledge import Knowledge
from server_broker.settlement.marks import Candidate, Found, Mark, Roles, find
from server_broker.settlement.requests import Requests
from server_broker.settlement.results import BESIDE, Awaited, Result
from server_broker.settlement.times import begin_of, cut
from server_broker.settlement.units import AROUND, Placed, Schedule, Share, Unit
from server_broker.settlement.ups_and_downs import Stretch, none_up
from server_broker.settlement.values import Way
from server_broker.settlement.verdict import State, Verdict, judge, states

_LINES = {"": "0", "√": "5", "暂": "6", "未": "7", "停": "8", "待": "9", "旷": "10"}
_BETWEEN = ("", "暂", "未", "待")
"""What a window between takes from the first or the last, in this order."""


class Case(Struct, frozen=True):
    """A unit with its touches and marks."""

    placed: Placed
    unit: Unit
    candidates: Sequence[Candidate]
    corrected: Mapping[Way, Mark | None]
    states: Mapping[Way, State]
    excused: frozenset[Way]
    """The bad marks that nobody could make."""


class Lines:
    """Settles windows by what the county knew at one moment."""

    def __init__(self, knowledge: Knowledge, requests: Requests) -> None:
        self._known = knowledge
        self._requests = requests
        self.awaiting = Awaiting(knowledge)
        self.schedule = Schedule(knowledge, requests)
        self._days: dict[tuple[str, dt.date], list[Result]] = {}

    def results(self, person: str, day: dt.date) -> list[Result]:
        """Return what each of somebody's windows of a date comes to, by their start."""
        key = (person, day)
        if key not in self._days:
            self._days[key] = self._settle(person, day)
        return self._days[key]

    def _settle(self, person: str, day: dt.date) -> list[Result]:
        found = [_whole(share) for share in self.schedule.shares(person, day) if share.covered.line]
        for placed in self.schedule.placed(person, day):
            found += self._unit(placed)
        return sorted(found, key=lambda result: result.place)

    def _unit(self, placed: Placed) -> list[Result]:
        case = self.case(placed)
        unit = case.unit
        if len(unit.shares) == 1:
            return [self._row(case, unit.first, tuple(case.states))]
        first, last = self._row(case, unit.first, ("in",)), self._row(case, unit.last, ("out",))
        return [first, *(_between(share, first, last) for share in unit.shares[1:-1]), last]

    def case(self, placed: Placed) -> Case:
        """Return a unit with its touches, its marks and how they are."""
        unit = placed.unit
        candidates = self._candidates(placed)
        corrected: dict[Way, Mark | None] = {"in": self._correction(placed, unit.first, "in"), "out": None}
        if unit.departs:
            corrected["out"] = self._correction(placed, unit.last, "out")
        known = states(unit, _find(candidates, corrected, unit))
        excused = frozenset(way for way, state in known.items() if state.bad and self.down(way, unit))
        return Case(placed, unit, candidates, corrected, known, excused)

    def _candidates(self, placed: Placed) -> list[Candidate]:
        """Return the touches that count for a unit, in their roles."""
        unit = placed.unit
        roles = Roles(placed, cut=True)
        first, last = roles.span()
        runs = self._known.touches.runs(unit.first.turn.person)
        begin = bisect_left(runs, first, key=lambda run: run.first)
        end = bisect_right(runs, last, key=lambda run: run.first)
        counting = {"in": self.awaiting.counting(unit.first), "out": self.awaiting.counting(unit.last)}
        own = {"in": self.awaiting.own(unit.first), "out": self.awaiting.own(unit.last)}
        return [
            replace(
                one,
                elsewhere=run.station not in own[one.role],
                may_arrive=one.may_arrive and run.station in counting["in"],
            )
            for run in runs[begin:end]
            for one in roles.of(run.first, run.last, run.way, run)
            if run.station in counting[one.role]
        ]

    def _correction(self, placed: Placed, share: Share, way: Way) -> Mark | None:
        """Return the mark to which the last correction that holds corrects; None: there is none."""
        spans, turn = placed.spans(), share.turn
        found = None
        for one in self._requests.corrected(turn.person, turn.day, share.turn.window.start):
            ended = cut(one.approved) >= turn.end
            if one.mark == way and ended and (one.minute is None or spans.begin <= one.minute < spans.end):
                found = Mark(one.minute, corrected=True)
        return found

    def down(self, way: Way, unit: Unit) -> list[Stretch]:
        """Return when the roster's village had no station up at the minutes to which a mark falls."""
        if way == "in":
            share, first, last = unit.first, unit.start - AROUND, unit.start + unit.first.values.grace_in
        else:
            share, first, last = unit.last, unit.end - unit.last.values.grace_out, unit.end + AROUND
        return none_up([self._known.downs[station] for station in self.awaiting.own(share)], first, last)

    def _row(self, case: Case, share: Share, needs: tuple[Way, ...]) -> Result:
        """Return what one window comes to that answers for the marks in ``needs``."""
        unit, day = case.unit, share.turn.day
        bad = [way for way in needs if case.states[way].bad]
        text = reasons.rest(share) + reasons.marks(needs, case.states, day)
        if not bad:
            return self._concluded(case, share, needs, Verdict("√", "5"), f"{text}。")
        if cut(self._known.at) < unit.last_minute:
            return _plain(share, "", "0", reasons.too_early(unit, day))
        entered_late = share.turn.entered > begin_of(share.turn.start)
        if entered_late or self._known.duties.calendar.on(day).provisional:
            return _plain(share, "暂", "6", f"{text}；{reasons.provisional(entered_late)}")
        stations = self.awaiting.stations(share, unit)
        incomplete = self.awaiting.incomplete(stations, unit.last_minute)
        if incomplete and not all(case.corrected[way] for way in needs):
            why = f"{text}；{reasons.not_complete(incomplete, unit, day)}"
            return _plain(share, "未", "7", why, awaited=incomplete)
        down = [way for way in bad if way in case.excused]
        if down:
            text = f"{text}；{reasons.excused(down)}"
        if len(down) == len(bad):
            return self._concluded(case, share, needs, Verdict("停", "8"), f"{text}。")
        possible = self._possible(case, share, needs, stations)
        if possible:
            why = f"{text}；{reasons.to_review(possible)}"
            return _plain(share, "待", "9", why, awaited=possible, down=bool(down))
        said = judge(needs, case.states, case.excused)
        return self._concluded(case, share, needs, said, reasons.verdict(said, text))

    def _possible(self, case: Case, share: Share, needs: tuple[Way, ...], stations: Sequence[str]) -> list[Awaited]:
        """Return what could belong to a window and would better it."""
        unit = case.unit

        def measure(candidates: Sequence[Candidate]) -> Measure:
            known = states(unit, _find(candidates, case.corrected, unit))
            return judge(needs, known, case.excused).measure

        return could_better(
            share.turn.person,
            counting=self.awaiting.counting(share),
            awaited=stations,
            roles=Roles(case.placed, cut=False),
            candidates=case.candidates,
            measure=measure,
            knowledge=self._known,
        )

    def _concluded(self, case: Case, share: Share, needs: tuple[Way, ...], said: Verdict, reason: str) -> Result:
        """Return a result that uses marks."""
        found = [case.states[way].mark for way in needs]
        runs = [mark.run for mark in found if mark is not None and mark.run is not None]
        own = self.awaiting.own(share)
        elsewhere = any(run.station not in own for run in runs)
        beside = _beside(said, down=said.result != "停" and any(way in case.excused for way in needs))
        result = _plain(share, said.result, said.line, reason, beside=beside, elsewhere=elsewhere)
        refs = tuple(sorted({ref for run in runs for ref in run.named}))
        return replace(result, late=said.late, early=said.early, refs=refs)


def _find(candidates: Sequence[Candidate], corrected: Mapping[Way, Mark | None], unit: Unit) -> Found:
    return find(candidates, corrected["in"], corrected["out"], departs=unit.departs)


def _beside(said: Verdict, *, down: bool) -> Collection[str]:
    beside = {"停"} if down else set()
    if said.result == "缺" and said.late:
        beside.add("迟")
    if said.result in {"缺", "迟"} and said.early:
        beside.add("早")
    return beside


def _whole(share: Share) -> Result:
    """Return what lines 1 to 4 say of a whole window."""
    turn, covered = share.turn, share.covered
    return Result(
        person=turn.person,
        day=turn.day,
        start=turn.window.start,
        share=turn.share,
        result=covered.result,
        line=covered.line,
        reason=reasons.whole(covered),
        kind=covered.kind,
        beside=_in_order(covered.beside),
        flags=("补",) if covered.asked_late else (),
        leave_minutes=covered.leave_minutes,
    )


def _plain(
    share: Share,
    result: str,
    line: str,
    reason: str,
    *,
    awaited: Sequence[Awaited] = (),
    beside: Collection[str] = (),
    down: bool = False,
    elsewhere: bool = False,
) -> Result:
    """Return a result of what is left of a window. A blank names nothing beside."""
    turn, covered = share.turn, share.covered
    flags = [*(["补"] if covered.asked_late else []), *(["异地"] if elsewhere else [])]
    return Result(
        person=turn.person,
        day=turn.day,
        start=turn.window.start,
        share=turn.share,
        result=result,
        line=f"4.{line}" if covered.part and result else line,
        reason=reason,
        kind=covered.kind if result else "",
        beside=_in_order({*covered.beside, *beside, *(("停",) if down else ())}) if result else (),
        flags=tuple(flags) if result else (),
        leave_minutes=covered.leave_minutes if result else 0,
        awaited=tuple(awaited),
    )


def _in_order(beside: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in BESIDE if name in beside)


def _between(share: Share, first: Result, last: Result) -> Result:
    """Return what a window between the first and the last of ``ends`` comes to."""
    words = [first.result, last.result]
    word = next((one for one in _BETWEEN if one in words), None)
    if word is None:
        both_absent = first.line.removeprefix("4.") == last.line.removeprefix("4.") == "10"
        word = "旷" if both_absent else "停" if words == ["停", "停"] else "√"
    decisive = next((one for one in (first, last) if one.result == word), first)
    reason = f"中间的班随头一个班和末一个班：{decisive.reason}" if word != "√" else "中间的班不用打卡。"
    awaited = decisive.awaited if word in _BETWEEN else ()
    return _plain(share, word, _LINES[word], reason, awaited=awaited)
