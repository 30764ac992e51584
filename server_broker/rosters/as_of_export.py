"""Write people, cards and duty windows as they were at a time, by what the county knew at another, as an Excel file."""

from collections.abc import Iterator

from django.utils import timezone

from server_broker.attendance.as_of import Due, cards_under, due_under, people_under, places_under
from server_broker.attendance.models import StationPlace
from server_broker.attendance.times import clock
from server_broker.dated.models import AsOf
from server_broker.people.models import Binding, Person
from server_broker.regions.models import Region, RegionRecord, subtree_prefix
from server_broker.rosters.changes import days
from server_broker.rosters.roster_export import terms_written
from server_broker.rosters.rows import BOOK
from server_broker.sheets.writing import workbook_of


def export_as_of(scope: str, asked: AsOf) -> bytes:
    """Return what lay in the subtree of the code ``scope`` of that time.

    The sheet of cards has the ends of the numbers, because the county stores no more of them.
    """
    prefix = subtree_prefix(scope)
    places = list(RegionRecord.objects.as_of(asked).filter(subject__in=places_under(prefix, asked)).order_by("code"))
    codes = {row.subject_id: row.code for row in places}
    people = people_under(prefix, asked)
    numbers = {row.subject_id: row.number for row in people}
    stations = StationPlace.objects.as_of(asked).filter(village__in=codes).select_related("subject").order_by("subject")
    known = asked.known or timezone.now()
    notes = (
        f"这是 {timezone.localtime(asked.at):%Y-%m-%d %H:%M} 的情况，"
        f"按县里到 {timezone.localtime(known):%Y-%m-%d %H:%M} 所知道的。",
        "卡只有尾号，县里不保存卡号原文，这一页不能再导入。",
    )
    rows = {
        "区划": ((row.code, row.name) for row in places),
        "站点": ((row.subject.pk, row.subject.name, codes[row.village_id]) for row in stations),
        "人员": ((row.number, row.name, codes[row.village_id]) for row in people),
        "卡": (_card(row, numbers) for row in cards_under(prefix, asked)),
        "值班": _windows(due_under(prefix, asked), codes),
    }
    return workbook_of(BOOK, rows, notes)


def _card(row: Binding, numbers: dict[int, str]) -> tuple[str, str, str]:
    assert row.person_id is not None  # a binding of nobody is not among the people's
    return f"尾号 {row.subject.tail or '无'}（{row.get_state_display()}）", numbers[row.person_id], ""


def _windows(due: list[Due], codes: dict[int, str]) -> Iterator[tuple[str, ...]]:
    # Somebody of another township may be in a window here, so the numbers are not those of the scope alone.
    people = dict(Person.objects.filter(pk__in={pk for one in due for pk in one.people}).values_list("pk", "number"))
    for one in due:
        row = one.window
        listed = "，".join(people[pk] for pk in one.people)
        leaders = (people[pk] for pk in one.people if pk in row.leaders)
        times = (days(row.weekdays), clock(row.start), clock(row.end))
        yield codes[row.village_id], row.name, *times, listed, *terms_written(row, leaders)


def county_code() -> str:
    """Return the code of the county itself, or an empty text if there is none yet."""
    found = Region.objects.filter(code__endswith="000000").order_by("code").first()
    return "" if found is None else found.code
