"""What windows came to, as months bring it to the kiosk: bad news the next night, the rest twice a month, few bytes."""

import datetime as dt
import random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from msgspec import UNSET, structs

from protocol.bundle_contents import Month
from protocol.china_time import milliseconds
from protocol.codec import encode
from protocol.months import MonthResult
from server_broker.months.month_source import month_drafts
from server_broker.months.own_results import WORDS
from server_broker.people.models import Person
from server_broker.settling.models import SettledWindow
from server_broker.settling.moments import minute
from server_broker.settling.words import RESULT_WORDS
from tests.cast import CROWD, LI, SHILI, SHILI_VILLAGE, YANSHI, YANSHI_VILLAGE, ZHANG, Cadre
from tests.server_broker.county import FictionalCounty, add_station, touch
from tests.server_broker.months.test_month_source import months
from tests.server_broker.settling.kept_rows import settled_row

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 24, 1, 0, tzinfo=dt.UTC)
"""09:00 in the village, in the second half of the month."""
DAY = dt.timedelta(days=1)
EVENING = NOW - dt.timedelta(hours=12)
LATE: dict[str, Any] = {"line": "12", "late": 12, "reason": "8:42 到，迟 12 分钟；12:05 走。"}
BESIDE_BYTES = 160
"""What lies beside each document that is fetched."""


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    return county.people[ZHANG]


def kept(person: Person, day: int, result: str = "√", *, at: dt.datetime = EVENING, **fields: Any) -> SettledWindow:
    return settled_row(person, dt.date(2026, 11, day), result, settled_at=at, known_at=at, **fields)


def results(county: FictionalCounty, now: dt.datetime = NOW) -> list[MonthResult]:
    settled = months(county, now)[ZHANG.number].settled
    assert settled is not UNSET
    return settled.results


def test_every_result_that_is_not_in_order_has_a_word() -> None:
    assert set(WORDS) == set(RESULT_WORDS) - {"√", "休", ""}


def test_bad_news_comes_the_night_after_and_is_the_same_all_day(county: FictionalCounty, zhang: Person) -> None:
    kept(zhang, 22)
    kept(zhang, 23, "迟", **LATE)
    (one,) = results(county)
    assert (one.day, one.start, one.result, one.late, one.early) == ("2026-11-23", 510, "late", 12, 0)
    assert one.why == "8:42 到，迟 12 分钟；12:05 走。"
    settled = months(county)[ZHANG.number].settled
    assert settled is not UNSET
    assert (settled.through, settled.told) == ("2026-11-15", milliseconds(EVENING))
    before = months(county)
    kept(zhang, 23, "旷", at=NOW + dt.timedelta(hours=1), start=840, line="10")
    assert months(county, NOW + dt.timedelta(hours=14)) == before
    assert [one.result for one in results(county, NOW + DAY)] == ["absent", "late"]


def test_what_is_neither_bad_nor_waits_comes_with_half_a_month(county: FictionalCounty, zhang: Person) -> None:
    for day, result in ((2, "假"), (3, "停"), (4, "休"), (5, "√"), (23, "假"), (22, "出")):
        kept(zhang, day, result, kind="病" if result == "假" else "", reason="请假盖住了这个班。")
    assert [(one.day, one.result, one.kind) for one in results(county)] == [
        ("2026-11-03", "down", None),
        ("2026-11-02", "leave", "sick"),
    ]
    december = dt.datetime(2026, 12, 1, 1, tzinfo=dt.UTC)
    assert len(results(county, december)) == 4


def test_a_window_that_was_put_right_is_no_more_named(county: FictionalCounty, zhang: Person) -> None:
    bad = kept(zhang, 20, "缺", at=EVENING - 2 * DAY, line="11", reason="没有上班卡；12:05 走。")
    assert [one.result for one in results(county)] == ["missing"]
    SettledWindow.objects.filter(pk=bad.pk).update(superseded_at=NOW + dt.timedelta(hours=2))
    kept(zhang, 20, at=NOW + dt.timedelta(hours=2))
    assert [one.result for one in results(county)] == ["missing"]
    assert results(county, NOW + DAY) == []


def test_what_waits_names_the_village_and_changes_with_no_fact_of_it(county: FictionalCounty, zhang: Person) -> None:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    said = f"8:20 到；没有下班卡；站点 {YANSHI} 的记录只到 9:15，要齐到 15:00。"
    waits: dict[str, Any] = {"line": "7", "reason": said}
    first = kept(zhang, 23, "未", awaited=[[YANSHI, minute(EVENING)]], **waits)
    (one,) = results(county)
    assert (one.result, one.waits, one.why) == ("awaiting", ["演示村"], "8:20 到；没有下班卡。")
    told = results(county)
    later = EVENING + dt.timedelta(hours=1)
    SettledWindow.objects.filter(pk=first.pk).update(superseded_at=later)
    waits["reason"] = f"8:20 到；没有下班卡；站点 {YANSHI} 的记录只到 9:45，要齐到 15:00。"
    kept(zhang, 23, "未", at=later, awaited=[[YANSHI, minute(later)]], **waits)
    again = months(county)[ZHANG.number].settled
    assert again is not UNSET
    assert again.results == told
    reason = f"没有上班卡；12:05 走；站点 {SHILI} 第 7 条可能是本人的打卡，待审。"
    kept(zhang, 22, "待", line="9", reason=reason, awaited=[[SHILI, minute(EVENING), "00" * 16, 7]])
    assert [(one.result, one.waits, one.why) for one in results(county)][1] == (
        "to_review", [], "没有上班卡；12:05 走。",
    )  # fmt: skip


def test_nothing_is_said_where_nothing_was_settled(county: FictionalCounty) -> None:
    touch(county.stations[SHILI], ZHANG.token, at=NOW - 10 * DAY)
    assert months(county)[ZHANG.number].settled is UNSET


def test_the_number_of_queries_does_not_grow_with_results(county: FictionalCounty, zhang: Person) -> None:
    li = county.add(LI)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            month_drafts([county.stations[SHILI]], NOW)
        return len(caught)

    waits: dict[str, Any] = {"line": "7", "awaited": [[SHILI, minute(EVENING)]]}
    for person in (zhang, li):
        kept(person, 23, "未", **waits)
    once = queries()
    for day in range(1, 22):
        for person in (zhang, li):
            kept(person, day, "未", **waits)
    assert queries() == once


class Village:
    """Ten people who have two windows and four touches on each working day of a month, by chance."""

    def __init__(self, county: FictionalCounty, seed: int) -> None:
        self._county = county
        self._draw = random.Random(seed)
        crowd = [
            Cadre(f"c{place}", name, SHILI_VILLAGE, f"card-of-crowd-{place:02}".encode(), f"0c{place}b")
            for place, name in enumerate(CROWD[:9])
        ]
        self._people = [county.people[ZHANG], *(county.add(one) for one in crowd)]
        self._later: list[tuple[int, Person, int, int, str]] = []
        """What becomes of a window: on which date, whose, its date and start, and its result."""

    def live(self, day: int) -> None:
        """Have a date pass."""
        date, draw = dt.date(2026, 11, day), self._draw
        at = dt.datetime(2026, 11, day, 10, tzinfo=dt.UTC)
        for one in [one for one in self._later if one[0] == day]:
            self._becomes(*one[1:], at)
        if date.isoweekday() > 5:
            return
        for place, person in enumerate(self._people):
            for count, start in enumerate((510, 840)):
                for seq in range(2):
                    key = day * 100 + place * 4 + count * 2 + seq
                    touch(self._county.stations[SHILI], self._token(person), at=at - dt.timedelta(hours=seq), seq=key)
                chance = draw.random()
                result = "未" if chance < AWAITING else draw.choice("迟早缺旷") if chance < AWAITING + BAD else "√"
                self._becomes(person, day, start, result, at)
                if result == "未":
                    self._later.append((day + 2, person, day, start, draw.choice("√√缺")))
                elif result != "√" and draw.random() < CORRECTED:
                    self._later.append((day + 4, person, day, start, "√"))

    def _becomes(self, person: Person, day: int, start: int, result: str, at: dt.datetime) -> None:
        date = dt.date(2026, 11, day)
        SettledWindow.objects.current().filter(person=person, day=date, start=start).update(superseded_at=at)
        kept(person, day, result, at=at, start=start, reason="8:42 到，迟 12 分钟；12:05 走。", late=12)

    def _token(self, person: Person) -> bytes:
        return next(cadre.token for cadre, one in self._county.people.items() if one == person)


BAD, AWAITING, CORRECTED = 0.08, 0.03, 0.3
MOST_KB = 70
"""A month of results at one station, beside what its months cost without them."""


def test_a_month_of_results_of_ten_people_costs_little(county: FictionalCounty, record_property: Any) -> None:
    village, costs = Village(county, 7), {"with": 0, "without": 0}
    stood: dict[tuple[str, str], bytes] = {}
    for day in range(1, 31):
        village.live(day)
        now = dt.datetime(2026, 11, day, 18, tzinfo=dt.UTC)
        for number, month in months(county, now).items():
            for which, content in (("with", month), ("without", structs.replace(month, settled=UNSET))):
                _count(costs, stood, which, number, content)
    record_property("bytes", costs)
    print(costs)
    assert costs["with"] - costs["without"] <= MOST_KB * 1000


def _count(costs: dict[str, int], stood: dict[tuple[str, str], bytes], which: str, number: str, month: Month) -> None:
    content = encode(month)
    if stood.get((which, number)) != content:
        costs[which] += len(content) + BESIDE_BYTES
        stood[which, number] = content
