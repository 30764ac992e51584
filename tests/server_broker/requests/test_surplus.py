"""What a station says in people's names beyond a day's measure waits apart for one decision and buries nobody's."""

import datetime as dt
import itertools
import secrets
from collections.abc import Iterable
from typing import Any

import pytest
from django.utils import timezone

from agent.kiosk.request_book import MOST_A_DAY, MOST_A_DAY_HERE
from server_broker.attendance.models import Touch
from server_broker.audit.models import AuditEntry
from server_broker.dated.days import begin_of
from server_broker.fleet import day_measure
from server_broker.fleet.alarms import AlarmCall, close_over, raise_alarms
from server_broker.fleet.day_measure import Measure, Measuring
from server_broker.fleet.models import Alarm, Station
from server_broker.requests import surplus
from server_broker.requests.models import Answer, Request, Surplus, SurplusDecision, Withdrawal
from server_broker.requests.reading import requests_of
from server_broker.requests.station_cases import judge_new
from server_broker.requests.surplus import A_DAY, OF_ONE, decide_surplus, lines, measuring
from server_broker.requests.taking_back import take_back
from server_broker.requests.taking_up import take_up
from server_broker.requests.waiting import Waiting
from tests.cast import (
    COUNTY_OFFICER,
    LI,
    OPERATOR,
    OTHER_TOWNSHIP_OFFICER,
    SECRETARY,
    SHILI,
    TOWNSHIP_OFFICER,
    WANG,
    YANGBAN,
    ZHANG,
)
from tests.server_broker.county import FictionalCounty, signed_in, touch, user_of
from tests.server_broker.pages import text_of, words_of
from tests.server_broker.requests.asked_here import NOW, approves, asks, days, duty, now_is
from tests.server_broker.requests.test_from_stations import DAY, MINUTE, at_kiosk, card, state_of
from tests.server_broker.requests.test_requests import objection
from tests.server_broker.station_double import StationDouble
from tests.server_broker.station_double import touch as said_touch
from tests.server_broker.ways_in import Way, way

__all__ = ["way"]

pytestmark = pytest.mark.django_db
ANSWERED = ("objection", "correction", "errand", "transfer")
AWAY = ("leave", "field_duty", "residency")
MORE = 7


def flood(by: Touch, count: int, kind: str = "leave", *, at: dt.datetime = NOW) -> list[Request]:
    """``count`` requests of a kind by whoever touched ``by``, each with an id of its own."""
    first = at_kiosk(by, kind, at=at)
    values = {field.attname: getattr(first, field.attname) for field in Request._meta.fields if not field.primary_key}
    ids = [{"request": secrets.token_bytes(16), "epoch": secrets.token_bytes(16)} for _ in range(count - 1)]
    return [first, *Request.objects.bulk_create([Request(**values | each) for each in ids])]


def flood_of_all(county: FictionalCounty, more: int = MORE, *, at: dt.datetime = NOW) -> list[Request]:
    """So many more than a station's measure, and of nobody more than is one person's. The last are times to be away."""
    county.add(LI)
    zhang, li = card(county, ZHANG, at), card(county, LI, at)
    made = [one for kind in ANSWERED for one in flood(zhang, OF_ONE, kind, at=at)]
    for kind, count in zip(AWAY, (OF_ONE, A_DAY - 5 * OF_ONE, more), strict=True):
        made += flood(li, count, kind, at=at)
    assert len(made) == A_DAY + more
    return made


def judged(now: dt.datetime = NOW) -> int:
    take_up(now)
    return sum(iter(lambda: judge_new(now), 0))


def test_an_honest_kiosk_never_meets_the_measure() -> None:
    assert OF_ONE >= MOST_A_DAY
    assert A_DAY >= MOST_A_DAY_HERE + MOST_A_DAY, "lost cards are not counted there"


def test_what_is_beyond_the_measure_waits_in_one_line_with_one_alarm_and_is_all_kept(county: FictionalCounty) -> None:
    duty(county.people[ZHANG])
    made = flood_of_all(county)
    honest = at_kiosk(touch(county.stations[YANGBAN], WANG.token, at=NOW))
    assert judged() == 2 * OF_ONE + 1
    assert measuring().go_on(NOW) == 0, "once"
    assert list(Request.objects.filter(apart=True).order_by("pk")) == made[-MORE:], "indexes leave it out"
    waiting = list(Waiting(user_of(COUNTY_OFFICER), NOW).at_stations())
    assert honest in waiting
    assert len(waiting) == 2 * OF_ONE + 1
    assert Request.objects.count() == len(made) + 1
    [alarm] = Alarm.objects.filter(code="many_requests")
    assert (alarm.station_id, alarm.origin, alarm.severity) == (SHILI, "county", "major")
    assert f"站点 {SHILI}" in alarm.detail
    assert f"多出的 {MORE} 条先不办，一条不少" in alarm.detail
    more = flood(card(county, LI), 3, "residency")
    assert judged(NOW + MINUTE) == 0
    assert Surplus.objects.filter(request__in=more).count() == 3
    assert Alarm.objects.filter(code="many_requests").count() == 1
    officer = signed_in(TOWNSHIP_OFFICER)
    for page in ("/todo/", "/requests/"):
        assert f"一天里报来的太多，多出的 {MORE + 3} 条先不办，一条不少" in words_of(text_of(officer, page))
    assert f'等答复<span class="n">{len(ANSWERED) * OF_ONE}</span>' in text_of(officer, "/requests/")
    close_over(NOW + 2 * DAY)
    assert not Alarm.objects.filter(code="many_requests", resolved_at=None).exists()


def test_too_much_of_one_person_takes_nothing_of_the_others(county: FictionalCounty) -> None:
    zhang, li = county.people[ZHANG], county.add(LI)
    duty(zhang)
    flood(card(county, ZHANG), A_DAY + MORE)
    late = flood(card(county, LI), OF_ONE)
    assert judged() == 2 * OF_ONE
    assert not Surplus.objects.filter(request__in=late).exists()
    assert requests_of([zhang]).count() == requests_of([li]).count() == OF_ONE, "what their telephones list"


def test_a_day_is_the_countys_and_the_next_one_has_a_measure_of_its_own(county: FictionalCounty) -> None:
    flood(card(county, ZHANG), OF_ONE)
    assert measuring().go_on(NOW) == 0
    tomorrow = flood(card(county, ZHANG), OF_ONE + 1, at=NOW + DAY)
    # The station dates them all on one day, and the county received them on two.
    Request.objects.update(wall=NOW)
    assert measuring().go_on(NOW + DAY) == 1
    assert Surplus.objects.get().request == tomorrow[-1]


def test_whatever_way_it_came_what_is_beyond_the_measure_is_set_apart(county: FictionalCounty, way: Way) -> None:
    station = StationDouble()
    station.enrol()
    station.add(said_touch())
    for number in range(OF_ONE + 3):
        station.add(objection(station.ref(1), mono=2_000 + number, request=number.to_bytes(16)))
    way(station, NOW)
    assert (measuring().go_on(NOW), Surplus.objects.count(), Request.objects.count()) == (3, 3, OF_ONE + 3)
    # What comes after somebody decided waits for another decision.
    waiting = Surplus.objects.order_by("pk").last()
    assert waiting is not None
    through = int(waiting.pk)
    decided = decide_surplus(county.stations[SHILI], take_up=True, through=through, reason="", actor="a", at=NOW)
    more = flood(card(county, ZHANG), 2, "objection")
    assert (decided, measuring().go_on(NOW + MINUTE)) == (3, 2)
    assert {one.request for one in Surplus.objects.filter(decision=None)} == set(more)


def test_it_is_thrown_away_as_one_decision_by_an_officer_of_the_region(county: FictionalCounty) -> None:
    duty(county.people[ZHANG])
    made = flood_of_all(county)
    measuring().go_on(NOW)
    place = f"/requests/surplus/{SHILI}/"
    officer = signed_in(TOWNSHIP_OFFICER)
    page = text_of(officer, place)
    assert made[-1].number in page
    assert made[0].number not in page
    last = Surplus.objects.order_by("-pk")[0].pk
    since = flood(card(county, LI), 1, "residency")
    measuring().go_on(NOW)
    form = {"what": "drop", "through": str(last), "reason": "站点被偷，村里没有提过"}
    for stranger, status in ((OTHER_TOWNSHIP_OFFICER, 404), (OPERATOR, 403), (SECRETARY, 403)):
        assert signed_in(stranger).post(f"{place}decide/", form).status_code == status
    assert "没有作废" in officer.post(f"{place}decide/", form | {"reason": ""}, follow=True).content.decode()
    assert not SurplusDecision.objects.exists()
    assert f"{MORE} 条已一起作废" in officer.post(f"{place}decide/", form, follow=True).content.decode()
    decision = SurplusDecision.objects.get()
    assert (decision.taken_up, decision.count, decision.actor) == (False, MORE, TOWNSHIP_OFFICER.username)
    entry = AuditEntry.objects.get(action="request.surplus_dropped")
    assert entry.detail == {"station": SHILI, "count": MORE, "reason": form["reason"]}
    assert judge_new(NOW) == 2 * OF_ONE, "nothing comes of what was thrown away"
    assert Request.objects.filter(pk__in=[one.pk for one in made]).count() == len(made), "what was said stays"
    assert "一起作废：站点被偷" in words_of(text_of(officer, f"/requests/{made[-1].pk}/"))
    assert [one.request for one in Surplus.objects.filter(decision=None)] == since, "it came after the page"


def test_taken_up_it_counts_as_any_other_and_is_not_set_apart_again(county: FictionalCounty) -> None:
    duty(county.people[ZHANG])
    flood_of_all(county)
    judged()
    assert Waiting(user_of(COUNTY_OFFICER), NOW).count() == 2 * OF_ONE
    officer = signed_in(TOWNSHIP_OFFICER)
    last = Surplus.objects.order_by("-pk")[0].pk
    officer.post(f"/requests/surplus/{SHILI}/decide/", {"what": "take_up", "through": str(last)})
    assert AuditEntry.objects.get(action="request.surplus_taken_up").detail["count"] == MORE
    assert not Request.objects.filter(apart=True).exists()
    assert (measuring().go_on(NOW), judged()) == (0, MORE)
    assert Waiting(user_of(COUNTY_OFFICER), NOW).count() == 2 * OF_ONE + MORE


def test_lost_cards_beyond_the_measure_are_not_lost_until_somebody_says_so(county: FictionalCounty) -> None:
    now = timezone.now()
    li = county.add(LI)
    by = card(county, ZHANG, now - 5 * MINUTE)
    for kind in (*ANSWERED, *AWAY[1:]):
        flood(by, OF_ONE, kind, at=now)
    at_kiosk(card(county, LI, now - 5 * MINUTE), "card_lost", now - MINUTE, at=now - MINUTE, received_at=now)
    take_up(now)
    assert li.cards.filter(lost_at=None).exists()
    waiting = Surplus.objects.get()
    decide_surplus(county.stations[SHILI], take_up=True, through=waiting.pk, reason="", actor="a", at=now)
    take_up(now)
    assert not li.cards.filter(lost_at=None).exists()


def test_a_withdrawal_beyond_the_measure_takes_nothing_back(county: FictionalCounty) -> None:
    duty(county.people[ZHANG])
    asked = asks(county.people[ZHANG], days(0))
    approves(TOWNSHIP_OFFICER, asked)
    by = card(county, ZHANG)
    said: dict[str, Any] = {
        "station": by.station,
        "by_epoch": by.epoch,
        "by_seq": by.seq,
        "quality": "synced",
        "boot": bytes(16),
    }
    said |= {"wall": NOW, "received_at": NOW, "mono_ms": 0, "epoch": by.epoch}
    Withdrawal.objects.bulk_create(
        [Withdrawal(**said, seq=100 + number, request=secrets.token_bytes(16)) for number in range(A_DAY)]
        + [Withdrawal(**said, seq=900, request=bytes(asked.request))]
    )
    assert take_back(NOW) == 0
    assert now_is(asked).state == "accepted"
    waiting = Surplus.objects.get()
    decide_surplus(county.stations[SHILI], take_up=True, through=waiting.pk, reason="", actor="a", at=NOW)
    assert take_back(NOW) == 1
    assert now_is(asked).state == "withdrawn"


def test_very_much_is_set_apart_in_pieces_and_nothing_of_its_station_goes_on_before_all_is_measured(
    county: FictionalCounty, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(day_measure, "A_PIECE", 50)
    now = timezone.now()
    li, wang = county.add(LI), county.people[WANG]
    flood(card(county, ZHANG, now - 5 * MINUTE), OF_ONE + 170, at=now)
    at_kiosk(card(county, LI, now - 5 * MINUTE), "card_lost", now - MINUTE, at=now - MINUTE, received_at=now)
    honest = touch(county.stations[YANGBAN], WANG.token, at=now - 5 * MINUTE)
    at_kiosk(honest, "card_lost", now - MINUTE, at=now - MINUTE, received_at=now)
    measured, added = measuring(), []
    assert (take_up(now, measured=measured), judge_new(now, measured)) == (1, 0)
    assert not wang.cards.filter(lost_at=None).exists(), "another station waits for nothing"
    while measured.behind:
        added.append(Surplus.objects.count())
        assert measured.behind == {SHILI}
        assert li.cards.filter(lost_at=None).exists()
        with django_assert_max_num_queries(30):
            measured.go_on(now)
    assert added == sorted(set(added)), "each turn goes on where the one before stopped"
    assert max(b - a for a, b in itertools.pairwise([0, *added, Surplus.objects.count()])) <= 3 * 2 * 50
    assert (Surplus.objects.count(), Request.objects.filter(apart=True).count()) == (170, 170)
    take_up(now, measured=measured)
    assert not li.cards.filter(lost_at=None).exists(), "it is not too much, and it was measured"
    assert measuring().go_on(now) == 0, "a new process finds nothing more"
    [line] = lines(Station.objects.all())
    assert (line.station.pk, line.count) == (SHILI, 170)


def test_a_piece_that_fails_leaves_the_pieces_before_it_and_nothing_of_itself(
    county: FictionalCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_measure, "A_PIECE", 50)
    flood(card(county, ZHANG), OF_ONE + 130)
    at_most = 2

    def dies(calls: Iterable[AlarmCall], *, at: dt.datetime) -> None:
        nonlocal at_most
        at_most -= 1
        if at_most < 0:
            raise OSError("out of power")
        raise_alarms(calls, at=at)

    monkeypatch.setattr(surplus, "raise_alarms", dies)
    with pytest.raises(OSError, match="power"):
        go_on_to_the_end(measuring())
    assert Surplus.objects.count() == Request.objects.filter(apart=True).count() == 80
    at_most = 100
    assert go_on_to_the_end(measuring()) == 50, "another process goes on with the rest"
    kept = list(Surplus.objects.order_by("request").values_list("request", flat=True))
    assert kept == list(Request.objects.order_by("pk").values_list("pk", flat=True))[OF_ONE:]


def go_on_to_the_end(measured: Measuring) -> int:
    added = measured.go_on(NOW)
    while measured.behind:
        added += measured.go_on(NOW)
    return added


def test_what_came_while_nobody_measured_is_measured_by_the_day_on_which_it_came(county: FictionalCounty) -> None:
    measured = measuring()
    assert measured.go_on(NOW) == 0
    stood_still = NOW + 9 * DAY
    made = flood(card(county, ZHANG), OF_ONE + 2, at=NOW + 3 * DAY)
    # The station dates them in another year, each on a day of its own.
    for number, one in enumerate(made):
        Request.objects.filter(pk=one.pk).update(wall=NOW - (300 + number) * DAY)
    assert (measured.go_on(stood_still), measured.go_on(stood_still)) == (2, 0)
    assert {one.request for one in Surplus.objects.all()} == set(made[-2:])
    later = flood(card(county, ZHANG), OF_ONE + 3, at=NOW + 5 * DAY)
    assert measuring().go_on(stood_still) == 3, "a new process looks far back"
    assert {one.request for one in Surplus.objects.order_by("-pk")[:3]} == set(later[-3:])


def test_a_day_that_was_measured_is_not_read_again(
    county: FictionalCounty, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    del county
    measured = measuring()
    measured.go_on(NOW)
    read: list[dt.datetime] = []
    of_many = day_measure._of_many

    def noted(measure: Measure, since: dt.datetime) -> Any:
        read.append(since)
        return of_many(measure, since)

    monkeypatch.setattr(day_measure, "_of_many", noted)
    with django_assert_num_queries(3):
        measured.go_on(NOW + DAY)
    assert set(read) == {begin_of(timezone.localdate(NOW))}


def test_what_was_answered_before_it_was_found_stays_answered(county: FictionalCounty) -> None:
    made = flood(card(county, ZHANG), OF_ONE + 2, "objection")
    Answer.objects.create(request=made[-1], outcome="accepted", text="已核对过", at=NOW, actor="a")
    assert measuring().go_on(NOW) == 1
    assert (state_of(made[-1])[0], Surplus.objects.get().request) == ("accepted", made[-2])
