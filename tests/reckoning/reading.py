"""Read a case from TOML; whatever is not of the format, or contradicts itself, is a fault with its line."""

import tomllib
from datetime import date
from typing import Any

from tests.reckoning import case as said
from tests.reckoning.lines import LineFinder
from tests.reckoning.minutes import ALWAYS, NEVER, first_of_month
from tests.reckoning.reading_expectations import read_expectations
from tests.reckoning.reading_requests import RequestReader, after, in_order
from tests.reckoning.reading_stations import read_stations
from tests.reckoning.rows import Fault, Row, clock_of

PARAMETER_NUMBERS = (
    "open_before",
    "open_after",
    "grace_in",
    "grace_out",
    "late_absence",
    "early_absence",
    "min_rest",
    "corrections_per_month",
    "resident_days",
)
PLACES = ("village", "township", "county")
MARKS = ("each", "ends", "arrival")
RANKS = ("cadre", "secretary", "township", "county")
TOLD_ONCE = {
    "people": ("id",),
    "regions": ("id", "from"),
    "stations": ("id",),
    "meetings": ("id",),
    "months": ("month",),
    "expect": ("person", "date", "start"),
    "expect_totals": ("person",),
}
SOURCES = ("county", "chinesecalendar", "holidays")
AWAY_KINDS = ("借调", "停职", "离岗", "已离开")


def read_case(text: str) -> said.Case:
    """Return what a TOML text says.

    Raises:
        Fault: The text is not a case; the fault names the line.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Fault(line_of_syntax_error(str(error), text), f"not TOML: {error}") from error
    return CaseReader(Row(values, (), LineFinder(text))).case()


def line_of_syntax_error(message: str, text: str) -> int:
    """Return the line that ``tomllib`` names; at the end of the document it names none."""
    _, found, rest = message.partition("at line ")
    return int(rest.split(",")[0]) if found else text.count("\n") + 1


class CaseReader(RequestReader):
    """Read the tables one after another; who and where come first, so that the rest can be checked against them."""

    def __init__(self, head: Row) -> None:
        super().__init__()
        self.head = head
        self.regions = tuple(self.region(row) for row in head.rows("regions"))
        self.region_names |= {region.id for region in self.regions}
        self.people = tuple(self.person(row) for row in head.rows("people"))
        self.names |= {person.id for person in self.people}
        for table, keys in TOLD_ONCE.items():
            head.once(table, *keys)
        for row, region in zip(head.rows("regions"), self.regions, strict=True):
            if region.parent is not None and region.parent not in self.region_names:
                raise row.fault("parent", f"there is no region {region.parent}")

    def case(self) -> said.Case:
        head = self.head
        if head.number("format") != 1:
            raise head.fault("format", "format must be 1")
        rules = head.text("rules")
        if not rules.startswith("2."):
            raise head.fault("rules", "only the rules of version 2 are known here")
        head.text("why", "")
        head.texts("depends", [])
        stations = read_stations(head, self.names, self.region_names)
        case = said.Case(
            name=head.text("name"),
            rules=rules,
            days=head.days("days"),
            as_of=head.moment("as_of", NEVER),
            refused=head.text("refused", None, among=("overlap",)),
            regions=self.regions,
            calendar=self.all("calendar", self.calendar),
            notices=self.all("notices", self.notice),
            parameters=self.all("parameters", self.parameters),
            people=self.people,
            posts=self.all("posts", self.holding),
            away=self.all("away", self.away),
            cards=self.all("cards", self.binding),
            orders=self.all("orders", self.order),
            rosters=self.all("rosters", self.roster),
            swaps=self.all("swaps", self.swap),
            leave=self.all("leave", self.leave),
            corrections=self.all("corrections", self.correction),
            meetings=tuple(self.meeting(row, {station.id for station in stations}) for row in head.rows("meetings")),
            residencies=self.all("residencies", self.residency),
            months=self.all("months", self.month),
            stations=stations,
            expectations=read_expectations(head, self.names, {station.id for station in stations}),
        )
        head.finish()
        return case

    def all(self, table: str, read: Any) -> tuple[Any, ...]:
        return tuple(read(row) for row in self.head.rows(table))

    def region(self, row: Row) -> said.Region:
        region = said.Region(
            row.text("id"), row.text("parent", None), row.day("from", date.min), row.moment("known", ALWAYS)
        )
        row.finish()
        return region

    def person(self, row: Row) -> said.Person:
        person = said.Person(
            row.text("id"),
            self.somewhere(row, "village"),
            row.text("rank", "cadre", among=RANKS),
            row.moment("known", ALWAYS),
        )
        row.finish()
        return person

    def calendar(self, row: Row) -> said.CalendarTable:
        table = said.CalendarTable(
            source=row.text("source", among=SOURCES),
            first=row.day("from"),
            last=row.day("to"),
            holidays=row.days("holidays", []),
            workdays=row.days("workdays", []),
            known=row.moment("known", ALWAYS),
        )
        in_order(row, table.first, table.last)
        row.finish()
        return table

    def notice(self, row: Row) -> said.Notice:
        notice = said.Notice(
            self.somewhere(row, "scope"), row.moment("start"), row.moment("end"), row.moment("known", ALWAYS)
        )
        after(row, notice.start, notice.end, "end")
        row.finish()
        return notice

    def parameters(self, row: Row) -> said.Parameters:
        values: dict[str, Any] = {name: row.number(name) for name in PARAMETER_NUMBERS if row.has(name)}
        if row.has("place"):
            values["place"] = row.text("place", among=PLACES)
        if row.has("marks"):
            values["marks"] = row.text("marks", among=MARKS)
        parameters = said.Parameters(
            region=self.somewhere(row, "region"),
            since=row.day("from"),
            locked=row.truth("locked", False),
            values=values,
            known=row.moment("known", ALWAYS),
        )
        row.finish()
        return parameters

    def holding(self, row: Row) -> said.Holding:
        holding = said.Holding(
            post=row.text("post"),
            person=self.somebody(row, "person"),
            first=row.day("from"),
            last=row.day("to", date.max),
            known=row.moment("known", ALWAYS),
        )
        in_order(row, holding.first, holding.last)
        row.finish()
        return holding

    def away(self, row: Row) -> said.Away:
        away = said.Away(
            person=self.somebody(row, "person"),
            kind=row.text("kind", among=AWAY_KINDS),
            first=row.day("from"),
            last=row.day("to", date.max),
            known=row.moment("known", ALWAYS),
        )
        in_order(row, away.first, away.last)
        row.finish()
        return away

    def binding(self, row: Row) -> said.Binding:
        lost = row.moment("lost", None)
        binding = said.Binding(
            card=row.text("card"),
            person=self.somebody(row, "person"),
            start=row.moment("from"),
            end=row.moment("to", NEVER),
            lost=lost,
            lost_known=row.moment("lost_known", lost or ALWAYS),
            known=row.moment("known", ALWAYS),
        )
        after(row, binding.start, binding.end, "to")
        row.finish()
        return binding

    def order(self, row: Row) -> said.Order:
        order = said.Order(row.text("card"), self.somebody(row, "person"), row.moment("known", ALWAYS))
        row.finish()
        return order

    def roster(self, row: Row) -> said.Roster:
        windows = []
        for text in row.texts("windows"):
            try:
                start, end = text.split("-")
                windows.append((clock_of(start), clock_of(end)))
            except ValueError as error:
                raise row.fault("windows", 'a window is written "08:30-12:00"') from error
        named, post = row.texts("persons", []), row.text("post", None)
        if row.has("persons") == row.has("post"):
            raise row.fault(None, "a roster is for persons or for a post")
        for name in named:
            if name not in self.names:
                raise row.fault("persons", f"there is no person {name}")
        if isinstance(row.values.get("days"), str):
            row.text("days", among=("working",))
            days = None
        else:
            days = row.days("days")
        weekdays = frozenset(row.several("weekdays", [1, 2, 3, 4, 5], lambda day: day in range(1, 8)))
        if row.has("weekdays") and (days is not None or not weekdays):
            raise row.fault("weekdays", "weekdays go with working days, and are some")
        number = int(row.path[-1])
        roster = said.Roster(
            number=number,
            village=self.somewhere(row, "village"),
            windows=tuple(windows),
            persons=named,
            post=post,
            days=days,
            known=row.moment("known", ALWAYS),
            name=row.text("roster", f"row {number}"),
            weekdays=weekdays,
            first=row.day("from", date.min),
            last=row.day("to", date.max),
            marks=row.text("marks", None, among=MARKS),
        )
        in_order(row, roster.first, roster.last)
        row.finish()
        return roster

    def residency(self, row: Row) -> said.Residency:
        residency = said.Residency(
            self.somebody(row, "person"), self.somewhere(row, "village"), row.moment("known", ALWAYS)
        )
        row.finish()
        return residency

    def month(self, row: Row) -> said.MonthRow:
        month = row.text("month")
        try:
            first_of_month(month)
        except ValueError as error:
            raise row.fault("month", 'a month is written "2026-03"') from error
        found = said.MonthRow(month, row.moment("shown", None), row.moment("closed", None), row.moment("known", ALWAYS))
        row.finish()
        return found
