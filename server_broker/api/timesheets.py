"""The lists of months by village and by person, as the sheets that offices sign."""

from collections.abc import Sequence
from typing import Literal

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from server_broker.api.asking import (
    AskedPage,
    Code,
    Found,
    Moment,
    Page,
    PersonNamed,
    Place,
    named,
    opened_of,
    page_of_places,
    place,
    refuse_unknown,
    regions_in,
    viewer_of,
)
from server_broker.api.refusals import Refused
from server_broker.api_tokens.uses import count_use
from server_broker.closing.models import ClosedMonth
from server_broker.closing.month import PersonMonth, month_of
from server_broker.console.queries import people_of
from server_broker.regions.models import RegionQuerySet
from server_broker.settlement.counting import Totals
from server_broker.settlement.times import first_of_month
from server_broker.timesheets.hiding import unseen_in
from server_broker.timesheets.summary import VillageRow, rows_of
from server_broker.timesheets.workbooks import csv_of

router = Router(tags=["考勤"])

_MONTH = Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-03"])


class AskedMonths(AskedPage):
    """Which month of which villages."""

    month: str = _MONTH
    region: Code | None = Field(None, description="只要这个区划和它下面的")


class AskedTimesheets(AskedPage):
    """Which month of which village."""

    month: str = _MONTH
    region: Code = Field(description="哪个村，或哪个镇、县的机关；不含下面的")
    form: Literal["json", "csv"] = Field("json", description="csv：整张表的规范 CSV；定稿的就是签名的那些字节，不分页")


class Sums(Schema):
    """What windows add up to (docs/rules.md, section 4). Days are exact fractions such as 45/2."""

    due: str
    present: str
    days: dict[str, str] = Field(description="按结果的字（√ 迟 早 缺 旷 假 出 会 停 暂 未 待）的天数")
    leave: dict[str, str] = Field(description="整班请假的天数，按假别")
    late_times: int
    late_minutes: int
    early_times: int
    early_minutes: int
    missing_times: int
    part_leave_minutes: int


class MonthRow(Schema):
    """A village's month."""

    id: int
    region: Place
    month: str
    state: str = Field(description="进行中、未定稿、可公示、公示、定稿")
    people: int = Field(description="有班的人数")
    sums: Sums
    rules: str | None = Field(description="定稿按哪一版考勤规则")
    closed_at: Moment | None
    sha256: str | None = Field(description="定稿内容的摘要")


class TimesheetRow(Schema):
    """A person's month in one village."""

    id: int = Field(description="人的 id")
    person: PersonNamed | None
    is_elsewhere: bool = Field(description="是外辖区的人，接口不给姓名")
    region: Place
    month: str
    state: str
    sums: Sums


@router.get("/months", response=Page[MonthRow], summary="各村的月考勤表到哪一步、合计多少")
def months(request: HttpRequest, asked: Query[AskedMonths]) -> Found:
    """List how far a month is in each village that has windows, and what they add up to."""
    villages = regions_in(request, asked.region)
    rows = rows_of(list(villages), _month(asked.month), timezone.now())

    def shown(listed: Sequence[VillageRow]) -> list[MonthRow]:
        places = _places(villages, [row.village for row in listed])
        closed = ClosedMonth.objects.filter(village__identity__in=places, month=asked.month).defer("content", "people")
        signed = {row.village_id: row for row in closed.select_related("village")}
        return [_month_row(row, asked.month, places[row.village], signed.get(row.village)) for row in listed]

    return page_of_places(request, "months", asked, rows, shown)


@router.get("/timesheets", response=Page[TimesheetRow], summary="一个村的月考勤表")
def timesheets(request: HttpRequest, asked: Query[AskedTimesheets]) -> Found | HttpResponse:
    """List what the windows of each person of a village add up to in a month."""
    viewer = viewer_of(request)
    village = regions_in(request, asked.region).get(pk=asked.region)
    month = month_of(village.identity, _month(asked.month), timezone.now())
    people = people_of(viewer).in_bulk([one.person for one in month.people])
    if asked.form == "csv":
        refuse_unknown(request, asked)
        if unseen_in(month, lambda _: people):
            raise Refused(422, "表里有外辖区的人，不能给原文：请用 json，或由县里的令牌读")
        count_use(opened_of(request).token, "timesheets", len(month.people), now=timezone.now())
        return HttpResponse(csv_of(month), content_type="text/csv; charset=utf-8")

    def shown(listed: Sequence[PersonMonth]) -> list[TimesheetRow]:
        return [
            TimesheetRow(
                id=one.person,
                person=named(people[one.person]) if one.person in people else None,
                is_elsewhere=one.person not in people,
                region=place(village),
                month=month.month,
                state=month.state,
                sums=_sums(one.totals),
            )
            for one in listed
        ]

    return page_of_places(request, "timesheets", asked, month.people, shown)


def _month(given: str) -> str:
    """Return a month that has begun.

    Raises:
        Refused: It has not.
    """
    if first_of_month(given) > timezone.localdate():
        raise Refused(422, "month 还没有开始")
    return given


def _places(villages: RegionQuerySet, wanted: Sequence[int]) -> dict[int, Place]:
    return {one.identity: place(one) for one in villages.filter(identity__in=wanted)}


def _month_row(row: VillageRow, month: str, where: Place, closed: ClosedMonth | None) -> MonthRow:
    return MonthRow(
        id=row.village,
        region=where,
        month=month,
        state=row.state,
        people=row.added.people,
        sums=_sums(row.added.totals),
        rules=None if closed is None else closed.rules,
        closed_at=None if closed is None else closed.closed_at,
        sha256=None if closed is None else bytes(closed.sha256).hex(),
    )


def _sums(totals: Totals) -> Sums:
    return Sums(
        due=str(totals.due),
        present=str(totals.present),
        days={word: str(days) for word, days in totals.days.items() if word},
        leave={kind: str(days) for kind, days in totals.leave.items()},
        late_times=totals.late_times,
        late_minutes=totals.late_minutes,
        early_times=totals.early_times,
        early_minutes=totals.early_minutes,
        missing_times=totals.missing_times,
        part_leave_minutes=totals.part_leave_minutes,
    )
