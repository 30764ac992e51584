"""The list of who is due on each date of a village and why, by the reckoning that stations and the settlement get."""

import datetime as dt
import re
from collections.abc import Sequence

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from server_broker.api.asking import (
    AskedMoment,
    AskedPage,
    Code,
    Found,
    Moment,
    Page,
    PersonNamed,
    Place,
    known_at,
    named,
    page_of_places,
    place,
    regions_in,
    viewer_of,
)
from server_broker.api.refusals import Refused
from server_broker.console.queries import people_of
from server_broker.dated.days import begin_of
from server_broker.duty.due import Turn
from server_broker.duty.reading import Asked, turns_in
from server_broker.duty.reasons import Reason
from server_broker.duty.values import minute_at
from server_broker.regions.models import Region

MOST_DAYS = 31
router = Router(tags=["值班"])
_INNER_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


class AskedDue(AskedPage):
    """Which village and dates. One village at a time, because each page reckons all of it."""

    region: Code = Field(description="哪个村，或哪个镇、县的机关；不含下面的")
    first: dt.date = Field(description="从这天起")
    last: dt.date = Field(description=f"到这天止，最多 {MOST_DAYS} 天")
    known: AskedMoment | None = Field(None, description="按县里到哪个时刻所知道的；不写就是现在")


class DueRow(Schema):
    """One person and one window on one date."""

    day: dt.date
    window: int = Field(description="值班时段的 id，与 windows 里的相同")
    window_name: str
    region: Place
    person: PersonNamed | None
    is_elsewhere: bool = Field(description="是外辖区的人，接口不给姓名")
    due: bool = Field(description="该不该在岗")
    leads: bool = Field(description="带班")
    begin: Moment | None = Field(description="停班以后剩下的时间，从几点起；不该在岗就没有")
    end: Moment | None
    share: str = Field(description="算一天的几分之几，如 1/2")
    marks: str = Field(description="each 上下班都打卡，ends 一天打首尾两次，arrival 只打上班")
    provisional: bool = Field(description="这天是不是工作日，以后还可能变")
    why: list[str] = Field(description="为什么，按 docs/api.md 里的词")


@router.get("/due", response=Page[DueRow], summary="哪天谁该在岗")
def due(request: HttpRequest, asked: Query[AskedDue]) -> Found:
    """List whose windows lie on some dates of a village, whether each is due, and why."""
    if not 0 <= (asked.last - asked.first).days < MOST_DAYS or not 2000 <= asked.first.year < 2100:
        raise Refused(422, f"last 不能早于 first，最多 {MOST_DAYS} 天")
    known, viewer = known_at(asked.known, timezone.now()), viewer_of(request)
    village = regions_in(request, asked.region).get(pk=asked.region)
    turns = turns_in([village.identity], Asked(asked.first, asked.last, known))
    turns.sort(key=lambda turn: (turn.day, turn.window.id, turn.person))

    def shown(listed: Sequence[Turn]) -> list[DueRow]:
        people = people_of(viewer).in_bulk({turn.person for turn in listed})
        names = {pk: named(person) for pk, person in people.items()}
        return [_shown(turn, village, names.get(turn.person)) for turn in listed]

    return page_of_places(request, "due", asked, turns, shown, known=known)


def _shown(turn: Turn, village: Region, person: PersonNamed | None) -> DueRow:
    return DueRow(
        day=turn.day,
        window=turn.window.id,
        window_name=turn.window.name,
        region=place(village),
        person=person,
        is_elsewhere=person is None,
        due=turn.due,
        leads=turn.leads,
        begin=_moment(turn.day, turn.begin) if turn.due else None,
        end=_moment(turn.day, turn.end) if turn.due else None,
        share=str(turn.share),
        marks=turn.window.marks,
        provisional=turn.provisional,
        why=[word_of(type(reason)) for reason in turn.why],
    )


def _moment(day: dt.date, minute: int) -> dt.datetime:
    return begin_of(day) + dt.timedelta(minutes=minute - minute_at(day, 0))


def word_of(reason: type[Reason]) -> str:
    """Return the word for a kind of reason: ``by_post`` for `ByPost`. It names nobody."""
    return _INNER_CAPITAL.sub("_", reason.__name__).lower()
