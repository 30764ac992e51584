"""The list of what windows came to: result, line of the rules, reason, and what is awaited, as the pages show it."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from server_broker.api.asking import (
    AskedKnown,
    Found,
    Moment,
    Page,
    PersonNamed,
    Place,
    Row,
    named,
    page_of,
    place,
    regions_in,
    viewer_of,
)
from server_broker.console.queries import people_of, settled_windows_of, stations_of
from server_broker.settlement.times import begin_of as moment_of
from server_broker.settlement.times import first_of_month, next_month
from server_broker.settling.kept import settled_of
from server_broker.settling.models import SettledWindow
from server_broker.settling.moments import aware
from server_broker.settling.own import places_of
from server_broker.settling.windows import AwaitedThing, FactName, Settled
from server_broker.settling.words import SOMEWHERE, board_station, reason_words

router = Router(tags=["考勤"])
_DAY = dt.timedelta(days=1)


class AskedResults(AskedKnown):
    """Which month, and of whom."""

    month: Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")] = Field(description="哪个月，如 2026-03")
    person: int | None = Field(None, ge=1, lt=2**63, description="只要这个人的，用 people 里的 id")


class FactNamed(Schema):
    """A fact of a station that the token reads, by the identity that the station gave it."""

    station: str
    epoch: str
    seq: int


class Awaited(Schema):
    """What may still change a result."""

    station: str | None = Field(description="哪个站点；令牌看不到的就没有")
    where: str = Field(description="站点在哪个村")
    since: Moment | None = Field(description="等记录：站点的记录到这时为止，没有就是一条都没有；等人看：县里这时收到")
    fact: FactNamed | None = Field(description="等人看的那条记录；没有就是等站点的记录")
    is_fact: bool = Field(description="是等人看一条记录，不是等站点的记录")


class ResultRow(Row):
    """What one window of one person came to. A result that changes is another row, with another id."""

    region: Place = Field(description="哪个村的班")
    person: PersonNamed | None
    is_elsewhere: bool = Field(description="是外辖区的人，接口不给姓名")
    day: dt.date
    start_minute: int = Field(description="班从零点起第几分钟开始")
    result: str = Field(description="√ 迟 早 缺 旷 假 出 会 停 暂 未 待 休；空的是还没到下结论的时候")
    kind: str = Field(description="假的种类，如 病")
    beside: list[str] = Field(description="另外还有的：迟 早 停 假 出 会")
    late_minutes: int
    early_minutes: int
    flags: list[str] = Field(description="补：事后才报的；异地：在别的村打的卡")
    line: str = Field(description="由规则第 3 节哪一行定的，见 docs/rules.md")
    reason: str = Field(description="为什么，一句话")
    share: str = Field(description="算一天的几分之几，如 1/2")
    leave_minutes: int = Field(description="不到一个班的假有几分钟")
    facts: list[FactNamed] = Field(description="依据的记录，令牌看得到的站点的")
    awaited: list[Awaited] = Field(description="在等什么；没有就是等不到什么了")
    rules: str = Field(description="规则的版本")
    settled_at: Moment


@router.get("/results", response=Page[ResultRow], summary="每个班的考勤结果")
def results(request: HttpRequest, asked: Query[AskedResults]) -> Found:
    """List what the windows of a month came to, as it stands or as it stood at a moment."""
    now, viewer = timezone.now(), viewer_of(request)
    known = asked.known_at(now)
    first = first_of_month(asked.month)
    rows = settled_windows_of(viewer).known(known).filter(day__range=(first, next_month(first) - _DAY))
    if asked.region is not None:
        rows = rows.filter(village__in=regions_in(request, asked.region).values("identity"))
    if asked.person is not None:
        rows = rows.filter(person=asked.person)
    if asked.updated_since is not None:
        rows = rows.filter(settled_at__gte=asked.updated_since)

    def shown(listed: Sequence[SettledWindow]) -> list[ResultRow]:
        settled = settled_of(listed)
        names = {pk: named(one) for pk, one in people_of(viewer).in_bulk({row.person_id for row in listed}).items()}
        facts = [fact for one in settled for fact in one.facts]
        stations = {fact.station for fact in facts} | {
            board_station(thing.station) for one in settled for thing in one.awaited
        }
        seen = set(stations_of(viewer).filter(pk__in=stations).values_list("pk", flat=True))
        where = places_of(stations)
        return [
            _shown(row, one, names.get(row.person_id), seen, where) for row, one in zip(listed, settled, strict=True)
        ]

    return page_of(request, "results", asked, rows.select_related("village"), shown, known=known)


def _shown(
    row: SettledWindow, one: Settled, person: PersonNamed | None, seen: set[str], where: dict[str, str]
) -> ResultRow:
    result = one.result
    return ResultRow(
        id=row.pk,
        region=place(row.village),
        person=person,
        is_elsewhere=person is None,
        day=result.day,
        start_minute=result.start,
        result=result.result,
        kind=result.kind,
        beside=list(result.beside),
        late_minutes=result.late,
        early_minutes=result.early,
        flags=list(result.flags),
        line=result.line,
        reason=reason_words(result.reason, one.awaited, where),
        share=f"{result.share.numerator}/{result.share.denominator}",
        leave_minutes=result.leave_minutes,
        facts=[_fact(fact) for fact in one.facts if fact.station in seen],
        awaited=[_awaited(thing, seen, where) for thing in one.awaited],
        rules=row.rules,
        settled_at=row.settled_at,
    )


def _fact(one: FactName) -> FactNamed:
    return FactNamed(station=one.station, epoch=one.epoch, seq=one.seq)


def _awaited(one: AwaitedThing, seen: set[str], where: dict[str, str]) -> Awaited:
    station = board_station(one.station)
    return Awaited(
        station=station if station in seen else None,
        where=where.get(station, SOMEWHERE),
        since=None if one.since is None else aware(moment_of(one.since)),
        fact=_fact(one.fact) if one.fact is not None and station in seen else None,
        is_fact=one.fact is not None,
    )
