"""The list of touches: each with whose it is and whether it counts, by the rules of the page 今日打卡."""

import datetime as dt
from collections.abc import Sequence

from django.db.models import F, Max, Min, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router

from server_broker.accounts.models import User
from server_broker.accounts.scope import in_scope
from server_broker.api.asking import (
    AskedKnown,
    AskedMoment,
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
from server_broker.api.refusals import Refused
from server_broker.attendance.models import Touch
from server_broker.attendance.outcomes import Outcome
from server_broker.attendance.touches import TouchRow, happened_between, touch_rows
from server_broker.console.queries import touches_of

LONGEST = dt.timedelta(days=31)
router = Router(tags=["打卡"])


class AskedTouches(AskedKnown):
    """Which touches. The period is a must, because a county has millions."""

    since: AskedMoment = Field(description="从这时起打的卡")
    until: AskedMoment = Field(description="到这时以前打的卡；最多 31 天")
    last: int | None = Field(None, ge=0, lt=2**63, description="读到哪一行为止；请直接用上一页的 next")


class TouchShown(Row):
    """A touch of a card, or by number."""

    at: Moment = Field(description="打卡的时间；dated 是 false 时，是县里收到的时间")
    dated: bool = Field(description="时间可不可信")
    quality: str = Field(description="站点时钟当时的质量，如 synced；意思见 docs/protocol.md")
    corrected: bool = Field(description="县里按后来的对时改正过时间")
    received_at: Moment
    station: str
    station_name: str
    region: Place = Field(description="站点所在的村")
    by: str = Field(description="card 刷卡，number 编号")
    person: PersonNamed | None = Field(description="当时拿这张卡的人")
    is_elsewhere: bool = Field(description="是外辖区的人，接口不给姓名")
    direction: str = Field(description="in 上班，out 下班，空就是没有方向")
    counts: bool = Field(description="算不算")
    outcome: Outcome = Field(
        description="recorded 算；repeat 重复，unknown 待核对，lost 挂失卡，no_person 编号对不上人，都不算"
    )


@router.get("/touches", response=Page[TouchShown], summary="打卡")
def touches(request: HttpRequest, asked: Query[AskedTouches]) -> Found:
    """List the touches of a period, in the order in which the county received them."""
    if not dt.timedelta() < asked.until - asked.since <= LONGEST:
        raise Refused(422, f"until 要晚于 since，最多 {LONGEST.days} 天")
    known, viewer = asked.known_at(timezone.now()), viewer_of(request)
    rows = touches_of(viewer).filter(happened_between(asked.since, asked.until)).select_related("station__village")
    if asked.region is not None:
        rows = rows.filter(station__village__in=regions_in(request, asked.region))
    if asked.updated_since is not None:
        rows = rows.filter(received_at__gte=asked.updated_since)

    last = asked.last
    if last is None:
        first, last = _ends(rows)
        rows = rows.filter(pk__gte=first)

    def shown(listed: Sequence[Touch]) -> list[TouchShown]:
        found = {row.touch.pk: row for row in touch_rows(list(listed), known=known)}
        return [_shown(found[touch.pk], viewer) for touch in listed]

    return page_of(request, "touches", asked, rows.filter(pk__lte=last), shown, known=known, last=last)


def _ends(rows: QuerySet[Touch]) -> tuple[int, int]:
    """Return the first and the last row; an empty stretch if there is none.

    Pages are read in the order of the primary key. Without its ends PostgreSQL would read the county's touches from the
    first year on to find those of a month, and to the last one to find that there are no more.
    """
    # The sum is no column, so PostgreSQL can't look for the ends by walking along the key either.
    found = rows.order_by().aggregate(first=Min(F("pk") + 0), last=Max(F("pk") + 0))
    return (1, 0) if found["first"] is None else (found["first"], found["last"])


def _shown(row: TouchRow, viewer: User) -> TouchShown:
    touch, person = row.touch, row.person
    is_seen = person is not None and in_scope(viewer, person.village_id)
    return TouchShown(
        id=touch.pk,
        at=row.at,
        dated=row.dated,
        quality=touch.quality,
        corrected=touch.corrected_wall is not None,
        received_at=touch.received_at,
        station=touch.station_id,
        station_name=touch.station.name,
        region=place(touch.station.village),
        by="number" if touch.person_number else "card",
        person=named(person) if person is not None and is_seen else None,
        is_elsewhere=person is not None and not is_seen,
        direction=row.direction,
        counts=row.counts,
        outcome=row.outcome,
    )
