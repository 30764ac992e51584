"""A person's month as the kiosk reads it: what the county has of each touch, and no more often than it is worth."""

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import UNSET

from protocol.bundle_contents import Month, read_content
from protocol.bundles import Bundle as BundleDocument
from protocol.china_time import milliseconds
from protocol.codec import decode
from server_broker.attendance.models import Touch
from server_broker.bundles.drafts import Draft, document
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.index_keeper import IndexKeeper, wanted
from server_broker.bundles.models import Bundle
from server_broker.ingest.models import Fact
from server_broker.months import month_source
from server_broker.months.month_source import MOST_TOUCHES, month_drafts
from server_broker.people.cards import card_found, report_lost
from server_broker.people.models import Person
from server_broker.requests.answering import answer
from server_broker.requests.asking import Wish, ask
from server_broker.requests.deciding import decide_case
from server_broker.requests.models import CountyRequest, Outcome
from server_broker.supervisor.chores import shelf_sources_of_many
from tests.cast import LI, SHILI, SHILI_VILLAGE, TOWNSHIP_OFFICER, YANSHI, YANSHI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty, add_station, requested, touch, user_of

pytestmark = pytest.mark.django_db
# 09:00 in the village, in the second half of the month.
NOW = dt.datetime(2026, 11, 24, 1, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
EPOCH = bytes(range(16))


def drafts_of(county: FictionalCounty, now: dt.datetime = NOW, *, station: str = SHILI) -> list[Draft]:
    return month_drafts([county.stations[station]], now)[station]


def months(county: FictionalCounty, now: dt.datetime = NOW, *, station: str = SHILI) -> dict[str, Month]:
    """Return what a station reads, by person."""
    found = {}
    for draft in drafts_of(county, now, station=station):
        assert (draft.access, draft.station) == ("station", station)
        assert len(draft.id) <= 64
        content = read_content(decode(document(draft, 1), BundleDocument, limit=2**22))
        assert isinstance(content, Month)
        for month in (content, *(content.others or ())):
            found[month.person] = month
    return found


def made(county: FictionalCounty, at: dt.datetime, seq: int = 1, *, station: str = SHILI, **values: object) -> Touch:
    return touch(county.stations[station], ZHANG.token, at=at, epoch=EPOCH, seq=seq, **values)


def test_each_touch_comes_with_what_the_county_has_it_as(county: FictionalCounty) -> None:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    earlier = NOW - 10 * DAY
    made(county, earlier, 1)
    made(county, earlier, 2, quality="unknown")
    made(county, earlier, 3, corrected_wall=earlier + dt.timedelta(hours=2), chosen_direction="out")
    lost = earlier + dt.timedelta(minutes=1)
    report_lost(county.cards[ZHANG], actor="chen-shili", since=lost, now=NOW)
    made(county, lost, 4, answer="lost")
    found = lost + dt.timedelta(minutes=1)
    card_found(county.cards[ZHANG], actor="chen-shili", reason="找回来了", since=found, now=NOW)
    made(county, earlier - DAY, 5, station=YANSHI, card_token=b"", person_number=ZHANG.number)
    made(county, earlier, 6, answer="repeat")
    month = months(county)[ZHANG.number]
    shown = [(one.state, one.direction, one.by_number, one.touch and one.touch.seq, one.where) for one in month.touches]
    assert shown == [
        ("corrected", "out", False, 3, ""),
        ("lost_card", "in", False, 4, ""),
        ("undated", "in", False, 2, ""),
        (None, "in", False, 1, ""),
        (None, "in", True, None, "演示村"),
    ]
    assert (month.month, month.streams) == ("2026-11", [EPOCH])
    assert month.touches[0].at == milliseconds(earlier + dt.timedelta(hours=2))


def test_what_the_station_knows_itself_waits_for_half_a_month_and_what_it_can_not_know_for_the_night(
    county: FictionalCounty,
) -> None:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    yesterday = NOW - DAY
    made(county, NOW - 9 * DAY, 1)
    before = months(county)[ZHANG.number]
    made(county, yesterday, 2)
    assert months(county)[ZHANG.number] == before
    made(county, yesterday, 3, quality="unknown")
    made(county, yesterday, 4, station=YANSHI)
    made(county, NOW, 5, station=YANSHI)
    known = months(county)[ZHANG.number]
    assert [one.at for one in known.touches] == [milliseconds(at) for at in (yesterday, yesterday, NOW - 9 * DAY)]
    assert months(county, NOW + dt.timedelta(hours=14))[ZHANG.number] == known
    assert len(months(county, NOW + DAY)[ZHANG.number].touches) == 4
    assert len(months(county, NOW + 7 * DAY)[ZHANG.number].touches) == 5


def test_a_touch_that_the_station_took_for_a_lost_card_s_is_told_to_count_the_next_night(
    county: FictionalCounty,
) -> None:
    yesterday = NOW - DAY
    report_lost(county.cards[ZHANG], actor="chen-shili", since=yesterday, now=NOW)
    made(county, yesterday, answer="lost")
    assert [one.state for one in months(county)[ZHANG.number].touches] == ["lost_card"]
    card_found(county.cards[ZHANG], actor="chen-shili", reason="看错了", since=yesterday, now=NOW)
    assert [one.state for one in months(county)[ZHANG.number].touches] == [None]


def test_the_first_half_of_a_month_still_has_the_month_before(county: FictionalCounty) -> None:
    made(county, dt.datetime(2026, 11, 2, tzinfo=dt.UTC))
    first, second = dt.datetime(2026, 12, 15, tzinfo=dt.UTC), dt.datetime(2026, 12, 16, tzinfo=dt.UTC)
    assert len(months(county, first)[ZHANG.number].touches) == 1
    assert months(county, second) == {}


def test_a_request_comes_with_its_answer(county: FictionalCounty) -> None:
    disputed = made(county, NOW - 10 * DAY, 7)
    asked = requested(county.stations[SHILI], disputed, wall=NOW - 4 * DAY, received_at=NOW - 4 * DAY)
    (one,) = months(county)[ZHANG.number].requests
    assert (one.request, one.kind, one.code, one.state) == (bytes(asked.request), "objection", "time", "open")
    assert one.about is not None
    assert (one.about.seq, one.begin, one.answer) == (7, milliseconds(disputed.wall), "")
    answer(asked, Outcome.REFUSED, text="时间没有错", actor="chen-shili", at=NOW)
    (one,) = months(county)[ZHANG.number].requests
    assert (one.state, one.answer, one.answered) == ("refused", "时间没有错", milliseconds(NOW))


def test_a_request_of_the_county_comes_with_the_office_that_decided_and_without_its_note(
    county: FictionalCounty,
) -> None:
    zhang, begin = county.people[ZHANG], NOW + 2 * DAY
    wish = Wish(kind="leave", code="sick", begin=begin, end=begin + DAY, note="家里有事")
    made_here = ask(zhang, wish, now=NOW - 2 * DAY)
    ask(zhang, Wish(kind="residency", begin=begin, end=begin + DAY), now=NOW + DAY)
    (one,) = months(county)[ZHANG.number].requests
    assert (one.request, one.kind, one.code, one.state) == (bytes(made_here.request), "leave", "sick", "open")
    assert (one.begin, one.answer) == (milliseconds(begin), "")
    decide_case(f"c{made_here.pk}", Outcome.ACCEPTED, text="", user=user_of(TOWNSHIP_OFFICER), at=NOW)
    (one,) = months(county)[ZHANG.number].requests
    assert (one.state, one.answer, one.answered) == ("accepted", "示例镇 镇办干部：同意", milliseconds(NOW))


def swap_asked(county: FictionalCounty, at: dt.datetime) -> CountyRequest:
    """张示例 asks 李示例 to take a window over."""
    begin = NOW + 2 * DAY
    return CountyRequest.objects.create(
        request=b"r" * 16, number="000001", person=county.people[ZHANG], substitute=county.people[LI], kind="swap",
        begin_at=begin, end_at=begin + DAY, asked_at=at,
    )  # fmt: skip


def test_a_swap_that_the_partner_s_station_can_t_know_comes_at_once_and_by_day(county: FictionalCounty) -> None:
    li, there = county.add(LI), add_station(county, YANSHI, YANSHI_VILLAGE)

    def waits_for_night() -> list[bool]:
        drafts = {draft.id: draft.night for draft in drafts_of(county)}
        return [night for name, night in drafts.items() if name == f"month-{SHILI}-{li.pk}"]

    assert waits_for_night() == []
    asked = swap_asked(county, NOW)
    assert waits_for_night() == [False], "on a telephone"
    made_there = requested(there, made(county, NOW, station=YANSHI), kind="swap", request=bytes(asked.request))
    assert waits_for_night() == [False], "at another station"
    made_there.station = county.stations[SHILI]
    made_there.save()
    assert waits_for_night() == [], "the station has shown it since it was asked there"
    asked.asked_at = NOW - DAY
    asked.save()
    assert waits_for_night() == [True]
    made_there.delete()
    assert waits_for_night() == [False]
    asked.agrees = False
    asked.save()
    assert waits_for_night() == []


def test_who_is_asked_to_take_a_window_over_reads_it_until_they_answer(county: FictionalCounty) -> None:
    county.add(LI)
    asked, begin = swap_asked(county, NOW - DAY), NOW + 2 * DAY
    found = months(county)
    (swap,) = found[LI.number].swaps or []
    assert (swap.request, swap.name, swap.begin) == (b"r" * 16, "张示例", milliseconds(begin))
    assert (found[ZHANG.number].requests[0].whom, found[ZHANG.number].swaps) == ("李示例", UNSET)
    asked.agrees = False
    asked.save()
    assert LI.number not in months(county)


def test_a_record_that_the_county_holds_is_named(county: FictionalCounty) -> None:
    made(county, NOW - 10 * DAY)
    stream = county.stations[SHILI].streams.create(epoch=EPOCH, opened_at=NOW - 9 * DAY, head=bytes(32), through=9)
    values = {"digest": bytes(32), "salt": bytes(16), "body": b"x", "kind": "touch", "held_reason": "unknown_kind"}
    Fact.objects.create(stream=stream, seq=9, received_at=NOW - 2 * DAY, **values)
    month = months(county)[ZHANG.number]
    assert [(month.streams[one.stream], one.seq) for one in month.held] == [(EPOCH, 9)]


def test_four_hundred_touches_are_the_newest_and_fit(county: FictionalCounty) -> None:
    Touch.objects.bulk_create(
        Touch(
            station=county.stations[SHILI], epoch=EPOCH, seq=seq, card_token=ZHANG.token, quality="synced",
            wall=NOW - 12 * DAY + dt.timedelta(minutes=seq), boot=bytes(16), mono_ms=seq, reader="simulated",
            received_at=NOW - 11 * DAY, answer="recorded", direction="in",
        )
        for seq in range(1, 451)
    )  # fmt: skip
    (draft,) = drafts_of(county)
    assert len(draft.content) < 12_000
    touches = months(county)[ZHANG.number].touches
    assert len(touches) == MOST_TOUCHES
    assert touches[0].touch is not None
    assert touches[0].touch.seq == 450


def test_a_month_is_one_version_in_its_half_and_goes_with_its_person(county: FictionalCounty, tmp_path: Path) -> None:
    county.add(LI)
    made(county, NOW - 10 * DAY)
    touch(county.stations[SHILI], LI.token, at=NOW - 10 * DAY)
    folder = tmp_path / "bundles"
    folder.mkdir()
    keeper = IndexKeeper(folder=BundleFolder(folder), sources=(), sources_of_many=[month_drafts])
    for hours in (0, 2, 9, 20):
        keeper.go_on(NOW + dt.timedelta(hours=hours))
        made(county, NOW + dt.timedelta(hours=hours), seq=hours + 10)
    rows = Bundle.objects.filter(kind="month", station=SHILI)
    assert sorted(row.version for row in rows) == [1, 1]
    zhang = county.people[ZHANG]
    Person.objects.filter(pk=zhang.pk).update(village=YANSHI_VILLAGE)
    keeper.go_on(NOW + dt.timedelta(hours=22))
    names = [row.bundle for row in wanted(county.stations[SHILI], NOW + dt.timedelta(hours=22))]
    assert names == [f"month-{SHILI}-{county.people[LI].pk}"]


def test_neighbours_and_people_of_whom_nothing_is_known_have_no_month_here(county: FictionalCounty) -> None:
    county.add(LI)
    made(county, NOW - 10 * DAY)
    assert list(months(county)) == [ZHANG.number]
    Person.objects.filter(village=SHILI_VILLAGE).update(left=True)
    assert months(county) == {}


def test_whoever_moved_finds_their_touches_in_the_new_village(county: FictionalCounty) -> None:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    made(county, NOW - 10 * DAY)
    Person.objects.filter(pk=county.people[ZHANG].pk).update(village=YANSHI_VILLAGE)
    month = months(county, station=YANSHI)[ZHANG.number]
    assert [(one.touch, one.where) for one in month.touches] == [(None, "示例村")]
    assert months(county) == {}


def test_more_people_and_stations_take_no_more_queries(
    county: FictionalCounty, django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    for place, cadre in enumerate((LI, *(replace(LI, number=f"a{n}", token=b"%016d" % n) for n in range(20, 40)))):
        county.add(cadre)
        station = county.stations[SHILI if place % 2 else YANSHI]
        Person.objects.filter(number=cadre.number).update(village=station.village_id)
        requested(station, touch(station, cadre.token, at=NOW - 10 * DAY), received_at=NOW - DAY)
    with django_assert_max_num_queries(20):
        found = month_drafts([county.stations[SHILI], county.stations[YANSHI]], NOW)
    assert {station: len(drafts) for station, drafts in found.items()} == {SHILI: 10, YANSHI: 11}


@pytest.mark.parametrize("people_a_time", [1, 200])
def test_stations_computed_together_get_what_each_alone_gets(
    county: FictionalCounty, monkeypatch: pytest.MonkeyPatch, people_a_time: int
) -> None:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    county.add(LI)
    Person.objects.filter(number=LI.number).update(village=YANSHI_VILLAGE)
    for station in (SHILI, YANSHI):
        made(county, NOW - 10 * DAY, 7, station=station)
        touch(county.stations[station], LI.token, at=NOW - 9 * DAY, epoch=EPOCH, seq=8)
    alone = {station: drafts_of(county, station=station) for station in (SHILI, YANSHI)}
    assert [len(drafts) for drafts in alone.values()] == [1, 1]
    monkeypatch.setattr(month_source, "PEOPLE_A_TIME", people_a_time)
    assert month_drafts([county.stations[SHILI], county.stations[YANSHI]], NOW) == alone


def test_everybody_of_a_large_village_has_a_month_in_few_bundles(
    county: FictionalCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(month_source, "MOST_BUNDLES", 3)
    station = county.stations[SHILI]
    people = [replace(LI, number=f"a{n}", name="示例", token=b"%016d" % n) for n in range(20, 28)]
    for cadre in people:
        county.add(cadre)
        touch(station, cadre.token, at=NOW - 10 * DAY)
    drafts = {draft.id: draft.content for draft in drafts_of(county)}
    assert len(drafts) == 3
    assert set(months(county)) == {cadre.number for cadre in people}
    Person.objects.filter(pk=county.people[people[0]].pk).update(left=True)
    assert set(months(county)) == {cadre.number for cadre in people[1:]}
    changed = {draft.id for draft in drafts_of(county) if drafts.get(draft.id) != draft.content}
    assert len(changed) <= 1, "whoever leaves changes no other bundle"


def test_the_chore_computes_months() -> None:
    assert month_drafts in shelf_sources_of_many()
