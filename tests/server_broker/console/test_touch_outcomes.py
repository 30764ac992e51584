"""Whether a touch counts is one answer: in the list, its sums, the person's month and what a decision is said to do."""

import datetime as dt
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from protocol.facts import NumberEntered
from server_broker.attendance.effects import Moved, watched
from server_broker.attendance.models import Touch
from server_broker.attendance.touches import touch_rows
from server_broker.ingest.batch import BatchProcessor
from server_broker.months.own_touches import state_of
from server_broker.people.cards import card_found, end_binding, report_lost
from server_broker.public.month import month_of
from server_broker.regions.models import Region
from tests.cast import COUNTY, OPERATOR, REGIONS, SHILI, ZHANG
from tests.server_broker.county import FictionalCounty, signed_in, touch
from tests.server_broker.pages import cells_of, text_of
from tests.server_broker.station_double import StationDouble, moment

pytestmark = pytest.mark.django_db
BY = "chen-shili"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def noon() -> dt.datetime:
    """A moment of a day that is over, in the month that it is now or the one before."""
    return timezone.make_aware(dt.datetime.combine(timezone.localdate() - dt.timedelta(days=1), dt.time(12)))


def on(day: dt.datetime) -> tuple[dict[str, int], Counter[str], str]:
    """Return the sums of 今日打卡, how often each outcome is in its list, and the page."""
    answer = signed_in(OPERATOR).get(f"/today/?date={timezone.localdate(day)}")
    return answer.context["counts"], Counter(row.outcome for row in answer.context["rows"]), answer.content.decode()


def test_a_card_that_never_was_lost_counts_everywhere(county: FictionalCounty, noon: dt.datetime) -> None:
    card, zhang = county.cards[ZHANG], county.people[ZHANG]
    report_lost(card, actor=BY, since=noon - MINUTE)
    made = touch(county.stations[SHILI], ZHANG.token, at=noon, answer="lost")
    assert [state_of(row) for row in touch_rows([made])] == ["lost_card"]
    assert [one.review for day in month_of(zhang, noon).days for one in day.touches] == ["这张卡已挂失，待审"]
    effect = watched(
        lambda: card_found(card, actor=BY, reason="看错了", since=noon - MINUTE), lambda: None, [ZHANG.token]
    )
    assert effect.moved == [Moved(timezone.localdate(noon), "", f"{zhang.name}（{zhang.number}）", touches=1)]
    sums, listed, html = on(noon)
    assert (sums["recorded"], sums["lost"], dict(listed)) == (1, 0, {"recorded": 1})
    assert "打卡成功" in cells_of(html, f"touch-{made.pk}")[3]
    assert [state_of(row) for row in touch_rows([made])] == ["counted"]
    assert [one.review for day in month_of(zhang, noon).days for one in day.touches] == [""]


def test_a_loss_that_is_told_afterwards_takes_the_touches_since_out_of_the_sum(
    county: FictionalCounty, noon: dt.datetime
) -> None:
    touch(county.stations[SHILI], ZHANG.token, at=noon)
    report_lost(county.cards[ZHANG], actor=BY, since=noon - MINUTE)
    sums, listed, html = on(noon)
    assert (sums["recorded"], sums["lost"], dict(listed)) == (0, 1, {"lost": 1})
    assert "另有 1 次挂失卡，不计" in html


def test_a_touch_of_a_card_that_had_been_handed_in_waits_for_a_person(
    county: FictionalCounty, noon: dt.datetime
) -> None:
    touch(county.stations[SHILI], ZHANG.token, at=noon)
    effect = watched(
        lambda: end_binding(county.cards[ZHANG], actor=BY, reason="交回", since=noon - MINUTE),
        lambda: None,
        [ZHANG.token],
    )
    assert [one.after for one in effect.moved] == [""]
    sums, listed, _ = on(noon)
    assert (sums["recorded"], sums["unknown"], sums["to_check"], dict(listed)) == (0, 1, 1, {"unknown": 1})


@pytest.mark.parametrize("state", ["held", "lost", "nobodys"])
def test_the_sums_are_those_of_the_list(county: FictionalCounty, noon: dt.datetime, state: str) -> None:
    place, card = county.stations[SHILI], county.cards[ZHANG]
    for seq, answer in enumerate(("recorded", "repeat", "unknown", "lost")):
        touch(place, ZHANG.token, at=noon, answer=answer, seq=seq)
    touch(place, b"", at=noon, person_number=ZHANG.number, reader="number")
    touch(place, b"", at=noon, person_number="nobody9", reader="number")
    touch(place, b"", at=noon, answer="unknown", reader="number")
    if state == "lost":
        report_lost(card, actor=BY, since=noon - MINUTE)
    elif state == "nobodys":
        end_binding(card, actor=BY, reason="交回", since=noon - MINUTE)
    sums, listed, _ = on(noon)
    assert {outcome: sums[outcome] for outcome in listed} == listed
    assert sum(listed.values()) == sums["touches"] == 7
    assert (listed["no_person"], sums["cards"]) == (2, 1)


def test_more_touches_cost_no_more_queries(county: FictionalCounty, noon: dt.datetime) -> None:
    page = signed_in(OPERATOR)

    def asked(seqs: range) -> int:
        for seq in seqs:
            at = noon + seq * MINUTE
            touch(county.stations[SHILI], ZHANG.token, at=at, seq=seq)
            touch(county.stations[SHILI], b"u" * 16, at=at, seq=seq, answer="unknown")
            touch(county.stations[SHILI], b"", at=at, seq=seq, person_number=f"nobody{seq}", reader="number")
        with CaptureQueriesContext(connection) as queries:
            text_of(page, f"/today/?date={timezone.localdate(noon)}")
        return len(queries)

    assert asked(range(1)) == asked(range(1, 12))


def test_a_number_of_nobody_is_no_card_and_the_page_says_what_it_is(
    station: StationDouble, processor: BatchProcessor
) -> None:
    Region.objects.create(code=COUNTY, name=REGIONS[COUNTY])
    entered = NumberEntered(at=moment(), person="nobody9", answer="accepted", clocks=True, direction="in")
    processor.process_batch([station.add(entered).facts_message()])
    made = Touch.objects.get()
    page = signed_in(OPERATOR)
    day = timezone.localdate(touch_rows([made])[0].at)
    html = text_of(page, f"/today/?date={day}")
    assert "去绑定" not in html
    assert cells_of(html, f"touch-{made.pk}")[1:4] == ["—", "上班 编号打卡", "△ 编号对不上人"]
    assert "1 次编号打卡对不上人" in html
    assert 'name="token" value=""' not in text_of(page, f"/desk/?date={day}")
