"""A line of a person's page names who recorded first what it says, and not who cut its time later."""

import datetime as dt

import pytest
from django.utils import timezone

from server_broker.attendance.leaving import leave
from server_broker.attendance.timelines import Line, person_lines, window_lines
from server_broker.duty.windows import Terms, add_window
from server_broker.people.cards import bind_card, card_found, report_lost
from server_broker.people.models import Person
from server_broker.regions.models import Region
from tests.cast import LI, SHILI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

TOKEN = b"another-card--16"
MINUTE = dt.timedelta(minutes=1)


def lines(person: Person, kind: str, known: dt.datetime | None = None) -> list[Line]:
    return [line for line in person_lines(person, known=known) if line.kind == kind]


def test_a_card_s_first_line_stays_its_giver_s_when_it_is_lost_and_found(county: FictionalCounty) -> None:
    zhang = county.people[ZHANG]
    card = bind_card(TOKEN, zhang, actor="root")
    [given] = [line for line in lines(zhang, "卡") if line.recorded_by == "root"]
    now = timezone.now()
    report_lost(card, actor="clerk", reason="丢在集市上", since=now)
    lost = timezone.now()
    in_use, gone = [line for line in lines(zhang, "卡") if line.recorded_by in ("root", "clerk")]
    assert (in_use.recorded_by, in_use.recorded_at, in_use.reason) == ("root", given.recorded_at, "")
    assert (gone.recorded_by, gone.reason, gone.since) == ("clerk", "丢在集市上", now)
    assert gone.recorded_at > given.recorded_at
    card.refresh_from_db()
    card_found(card, actor="officer", reason="又找到了", since=now + MINUTE, now=now + 2 * MINUTE)
    tellers = [line.recorded_by for line in lines(zhang, "卡") if line.recorded_by]
    assert tellers == ["root", "clerk", "officer"]
    assert [line.recorded_by for line in lines(zhang, "卡", lost) if line.recorded_by] == ["root", "clerk"]


def test_what_came_back_is_its_last_recorder_s(county: FictionalCounty) -> None:
    """The row of before said the same, but another one stood between."""
    zhang = county.people[ZHANG]
    card = bind_card(TOKEN, zhang, actor="root")
    since = timezone.now() - MINUTE
    report_lost(card, actor="clerk", reason="丢在集市上", since=since)
    card.refresh_from_db()
    card_found(card, actor="officer", reason="并没有丢", since=since)
    assert [one.recorded_by for one in lines(zhang, "卡") if one.recorded_by][-1] == "officer"


def test_a_colleague_s_leaving_is_no_reason_of_one_s_own_duty(county: FictionalCounty) -> None:
    zhang, li, today = county.people[ZHANG], county.people[LI], timezone.localdate()
    terms = Terms("上午", [1, 2, 3, 4, 5], 480, 720, [zhang.pk, li.pk])
    made = add_window(Region.objects.get(pk=SHILI_VILLAGE), terms, since=today, actor="clerk", reason="开始坐班")
    [before] = lines(li, "值班")
    leave(zhang, last=today, actor="officer", reason="换届离任")
    assert lines(li, "值班") == [before]
    assert before.reason == "开始坐班"
    named = window_lines(made, seen=Person.objects.all())
    assert [(one.recorded_by, one.reason) for one in named] == [("clerk", "开始坐班"), ("officer", "换届离任")]
    assert named[0].recorded_at == before.recorded_at
