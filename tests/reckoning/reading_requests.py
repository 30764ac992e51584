"""Read what people ask for and agree on: swaps, leave, corrections with their decisions, and meetings."""

from datetime import date
from fractions import Fraction
from typing import Any

from tests.reckoning import case as said
from tests.reckoning.minutes import ALWAYS
from tests.reckoning.rows import Row

COVERS = ("假", "出", "会")
LEAVE_KINDS = ("事", "病", "年休", "婚", "产", "陪产", "丧", "工伤", "探亲", "补休", "哺乳")


def in_order(row: Row, first: date, last: date) -> None:
    if last < first:
        raise row.fault("to", "it ends before it begins")


def after(row: Row, start: Any, end: Any, key: str) -> None:
    if end <= start:
        raise row.fault(key, "it ends before it begins")


class RequestReader:
    """Read these tables; ``names`` and ``region_names`` are who and where the case has."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.region_names: set[str] = set()

    def somebody(self, row: Row, key: str, default: Any = None) -> str:
        name: str = row.text(key) if default is None else row.text(key, default)
        if name not in self.names:
            raise row.fault(key, f"there is no person {name}")
        return name

    def somewhere(self, row: Row, key: str) -> str:
        name: str = row.text(key)
        if name not in self.region_names:
            raise row.fault(key, f"there is no region {name}")
        return name

    def swap(self, row: Row) -> said.Swap:
        agreed = []
        for word in row.rows("agreed"):
            agreed.append(said.Agreement(self.somebody(word, "by"), word.moment("at"), word.moment("known", ALWAYS)))
            word.finish()
        swap = said.Swap(
            date=row.day("date"),
            window=row.clock("window"),
            giver=self.somebody(row, "giver"),
            taker=self.somebody(row, "taker"),
            agreed=tuple(agreed),
            known=row.moment("known", ALWAYS),
        )
        if swap.giver == swap.taker:
            raise row.fault("taker", "nobody swaps with themselves")
        row.finish()
        return swap

    def decisions(self, row: Row, key: str) -> tuple[said.Decision, ...]:
        decisions = []
        for word in row.rows(key):
            decisions.append(
                said.Decision(
                    by=self.somebody(word, "by"),
                    at=word.moment("at"),
                    yes=word.truth("yes"),
                    commit=word.number("commit", 0),
                    known=word.moment("known", ALWAYS),
                )
            )
            word.finish()
        return tuple(decisions)

    def leave(self, row: Row) -> said.Leave:
        cover, person = row.text("cover", among=COVERS), self.somebody(row, "person")
        if row.has("kind") and cover != "假":
            raise row.fault("kind", "only leave (假) has a kind")
        if cover == "假" and not row.has("kind"):
            raise row.fault(None, "leave (假) has a kind")
        returned = row.moment("returned", None)
        leave = said.Leave(
            person=person,
            cover=cover,
            kind=row.text("kind", "", among=LEAVE_KINDS),
            start=row.moment("start"),
            end=row.moment("end"),
            asked=row.moment("asked"),
            asked_by=self.somebody(row, "asked_by", person),
            returned=returned,
            returned_known=row.moment("returned_known", returned or ALWAYS),
            decisions=self.decisions(row, "decisions"),
            known=row.moment("known", ALWAYS),
        )
        after(row, leave.start, leave.end, "end")
        row.finish()
        return leave

    def correction(self, row: Row) -> said.Correction:
        person = self.somebody(row, "person")
        if row.values.get("time") == "none":
            row.text("time")
            time = None
        else:
            time = row.moment("time")
        correction = said.Correction(
            person=person,
            date=row.day("date"),
            window=row.clock("window"),
            mark=row.text("mark", among=("in", "out")),
            time=time,
            asked=row.moment("asked"),
            asked_by=self.somebody(row, "asked_by", person),
            decisions=self.decisions(row, "decisions"),
            second=self.decisions(row, "second"),
            known=row.moment("known", ALWAYS),
        )
        row.finish()
        return correction

    def meeting(self, row: Row, stations: set[str]) -> said.Meeting:
        expected = row.texts("expected")
        voters = row.texts("voters", list(expected))
        for key, names in (("expected", expected), ("voters", voters)):
            for name in names:
                if name not in self.names or (key == "voters" and name not in expected):
                    raise row.fault(key, f"{name} is nobody who is expected")
        entries = []
        for entry in row.rows("manual"):
            entries.append(
                said.Entry(
                    self.somebody(entry, "person"),
                    self.somebody(entry, "by"),
                    entry.moment("at"),
                    self.somebody(entry, "confirmed_by"),
                    entry.moment("known", ALWAYS),
                )
            )
            entry.finish()
        rule, share = self.quorum(row)
        station = row.text("station")
        if station not in stations:
            raise row.fault("station", f"there is no station {station}")
        meeting = said.Meeting(
            id=row.text("id"),
            station=station,
            start=row.moment("start"),
            end=row.moment("end"),
            votes=row.moments("votes"),
            expected=expected,
            voters=voters,
            rule=rule,
            share=share,
            entries=tuple(entries),
            known=row.moment("known", ALWAYS),
        )
        after(row, meeting.start, meeting.end, "end")
        row.finish()
        return meeting

    def quorum(self, row: Row) -> tuple[str, Fraction]:
        row.taken.add("quorum")
        if not row.has("quorum"):
            return "at_least", Fraction(0)
        quorum = Row(row.values["quorum"], (*row.path, "quorum"), row.lines)
        rule = quorum.text("rule", among=("at_least", "more_than"))
        try:
            share = Fraction(quorum.text("share"))
        except (ValueError, ZeroDivisionError) as error:
            raise quorum.fault("share", 'a share is written "2/3"') from error
        quorum.finish()
        return rule, share
