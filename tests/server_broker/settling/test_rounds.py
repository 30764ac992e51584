"""What is settled piece by piece is what the whole comes to. Only what is touched is settled anew; the old stays."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from msgspec import structs

from protocol.facts import Booted, Reissued
from protocol.facts_station import ShutDown
from server_broker.attendance.models import DutyWindow, Swap, SwapRecord
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period, acting, put
from server_broker.duty.models import Absence, AbsenceRecord
from server_broker.duty.windows import Terms, change_window
from server_broker.ingest.held import held_facts, write_off
from server_broker.people.cards import bind_card
from server_broker.people.models import HoldingState, Person, UnitKind
from server_broker.people.posts import change_holding, give_post, make_unit
from server_broker.regions.models import Region
from server_broker.requests.models import Answer, Correction, CountyRequest
from server_broker.settlement.version import RULES
from server_broker.settling import due, seen
from server_broker.settling.due import Marks
from server_broker.settling.models import (
    DeadStation,
    SettleDue,
    SettledWindow,
    SettlingState,
    SheetMonth,
    SheetMonthRecord,
)
from server_broker.settling.rounds import DAYS_A_TIME, go_on, mark_due, settle_days, settle_due
from server_broker.settling.setting_terms import set_term
from server_broker.settling.whereabouts import Whereabouts
from server_broker.today.reading import today
from server_broker.workdays.county_table import CountyWord, write_days
from server_broker.workdays.notices import set_notice
from tests.cast import (
    LI,
    OPERATOR,
    SHILI,
    SHILI_VILLAGE,
    TOWNSHIP,
    UNKNOWN_CARD,
    YANGBAN,
    YANGBAN_VILLAGE,
    YANSHI,
    YANSHI_VILLAGE,
    ZHANG,
    ZHAO,
)
from tests.server_broker.county import FictionalCounty, add_station, user_of
from tests.server_broker.settling.lived import (
    BY,
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    LivedStation,
    announced,
    at,
    morning,
    recorded,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

DAY = dt.timedelta(days=1)


def lives_on(now: dt.datetime) -> list[tuple[str, dt.date, str, str]]:
    """Do all that is due, and return what is new: number, date, result, and why it was settled."""
    last = SettledWindow.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    mark_due(now)
    settle_due(now, rounds=1000)
    assert not SettleDue.objects.exists()
    rows = SettledWindow.objects.filter(pk__gt=last).order_by("day", "person__number")
    return [(row.person.number, row.day, row.result, row.why) for row in rows.select_related("person")]


def whole(first: dt.date, last: dt.date, now: dt.datetime) -> tuple[int, int]:
    """Settle everything at one go, and return how many results differ from those that stand."""
    days = [first + n * DAY for n in range((last - first).days + 1)]
    kept = settle_days({(village, day): "first" for village in Whereabouts(now).everybody for day in days}, now)
    return kept.made, kept.superseded


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    announced(MONDAY - 14 * DAY, 50)
    return county.people[ZHANG]


@pytest.fixture
def window(zhang: Person, county: FictionalCounty) -> DutyWindow:
    return morning(zhang, county.people[LI])


@pytest.fixture
def shili(window: DutyWindow) -> LivedStation:
    station = LivedStation()
    station.send(at(MONDAY, 6))
    return station


def came(station: LivedStation, day: dt.date, *cards: bytes) -> None:
    for card in cards:
        station.touched(card, at(day, 8, 20))
        station.touched(card, at(day, 12, 5))
    station.closed(at(day, 15, 1))


def test_late_data_settles_what_they_touch_and_the_old_stays(shili: LivedStation) -> None:
    for day in (MONDAY, TUESDAY):
        came(shili, day, ZHANG.token)
        if day == MONDAY:
            shili.send(at(day, 15, 2))
        lives_on(at(day, 20))
    assert lives_on(at(TUESDAY, 21)) == []
    shili.send(at(WEDNESDAY, 7))
    assert [one[:3] for one in lives_on(at(WEDNESDAY, 7, 1))] == [
        (ZHANG.number, TUESDAY, "√"),
        (LI.number, TUESDAY, "旷"),
        (ZHANG.number, WEDNESDAY, ""),
        (LI.number, WEDNESDAY, ""),
    ]
    history = SettledWindow.objects.filter(person__number=LI.number, day=TUESDAY).order_by("pk")
    assert [(row.result, row.superseded_at is None) for row in history] == [("未", False), ("旷", True)]
    assert history[0].awaited[0][0] == SHILI
    assert (history[1].line, history[1].rules, history[1].share_denominator) == ("10", RULES, 1)
    assert "record" in history[1].why
    # What stood at the first moment of an evening can still be read.
    turned = at(WEDNESDAY, 7, 1)
    assert history[0].superseded_at == history[1].settled_at == turned
    stood = SettledWindow.objects.filter(person__number=LI.number, day=TUESDAY)
    assert [stood.known(when).get().result for when in (turned - dt.timedelta(seconds=1), turned)] == ["未", "旷"]
    assert stood.current().get() == history[1]
    assert whole(MONDAY, WEDNESDAY, at(WEDNESDAY, 7, 1)) == (0, 0)


def test_what_many_stations_told_is_marked_in_as_many_queries_as_of_one(shili: LivedStation) -> None:
    more = [LivedStation.at_village(f"more-{number}", YANSHI_VILLAGE) for number in range(2)]
    for one in more:
        one.send(at(MONDAY, 6))
    lives_on(at(MONDAY, 7))
    counted = []
    for hour, stations in ((9, [shili]), (11, [shili, *more])):
        for one, cadre in zip(stations, (ZHANG, LI, ZHAO), strict=False):
            one.touched(cadre.token, at(MONDAY, hour))
            one.send(at(MONDAY, hour))
        with CaptureQueriesContext(connection) as queries:
            mark_due(at(MONDAY, hour, 1))
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_whatever_marks_a_date_before_it_is_settled_is_told(shili: LivedStation) -> None:
    lives_on(at(MONDAY, 8))
    village = int(SettledWindow.objects.values_list("village", flat=True)[0])
    codes = [value for name, value in vars(due).items() if name.isupper() and isinstance(value, str)]
    for code in (*codes, *codes[:3]):
        marks = Marks(MONDAY, MONDAY)
        marks.add_days([(village, MONDAY)], code)
        marks.write(at(MONDAY, 9))
    came(shili, MONDAY, ZHANG.token)
    shili.send(at(MONDAY, 15, 2))
    told = {why for *_, why in lives_on(at(MONDAY, 15, 3))}
    assert [sorted(why.split()) for why in told] == [sorted(codes)]


def test_a_window_is_settled_when_its_last_minute_has_passed(shili: LivedStation) -> None:
    assert {one[2] for one in lives_on(at(MONDAY, 8))} == {""}
    came(shili, MONDAY, ZHANG.token)
    shili.send(at(MONDAY, 15, 2))
    assert [one[2:3] for one in lives_on(at(MONDAY, 15, 3))] == [("√",), ("旷",)]
    assert whole(MONDAY, MONDAY, at(MONDAY, 15, 3)) == (0, 0)


def test_a_bound_card_an_absence_and_a_correction_settle_only_their_persons_dates(
    shili: LivedStation, county: FictionalCounty, window: DutyWindow
) -> None:
    for day in (MONDAY, TUESDAY, WEDNESDAY):
        came(shili, day, ZHANG.token)
        if day == TUESDAY:
            shili.touched(UNKNOWN_CARD, at(day, 16))
    shili.send(at(WEDNESDAY, 15, 2))
    lives_on(at(WEDNESDAY, 20))
    assert lives_on(at(WEDNESDAY, 21)) == []
    li = county.people[LI]
    with recorded(at(WEDNESDAY, 22)), transaction.atomic():
        absence = Absence.objects.create(person=li, kind="leave", source="")
        put(AbsenceRecord, [absence.pk], Period(at(MONDAY, 8), at(MONDAY, 18)), {"code": "sick"}, actor=BY)
    assert lives_on(at(WEDNESDAY, 22, 1)) == [(LI.number, MONDAY, "假", "absence")]
    asked = CountyRequest.objects.create(
        request=bytes(16), number="1", person=li, kind="correction", window=window, day=TUESDAY, mark="arrival",
        mark_at=at(TUESDAY, 8, 25), asked_at=at(WEDNESDAY, 22, 2),
    )  # fmt: skip
    answer = Answer.objects.create(asked=asked, outcome="accepted", at=at(WEDNESDAY, 22, 3), actor="chen", step=1)
    Correction.objects.create(
        answer=answer, person=li, window=window, day=TUESDAY, mark="arrival", mark_at=at(TUESDAY, 8, 25),
        approved_at=at(WEDNESDAY, 22, 3),
    )  # fmt: skip
    assert lives_on(at(WEDNESDAY, 22, 4)) == [(LI.number, TUESDAY, "缺", "correction")]
    with recorded(at(WEDNESDAY, 22, 5)):
        bind_card(UNKNOWN_CARD, li, actor=BY)
    lives_on(at(WEDNESDAY, 22, 6))
    assert whole(MONDAY, WEDNESDAY, at(WEDNESDAY, 22, 6)) == (0, 0)
    assert SettledWindow.objects.current().get(person=li, day=MONDAY).kind == "病"


@pytest.mark.parametrize("gives_away", [False, True])
def test_a_first_post_settles_the_dates_before_it_on_which_its_holder_was_named(
    shili: LivedStation, county: FictionalCounty, window: DutyWindow, gives_away: bool
) -> None:
    zhang = county.people[ZHANG]
    came_instead = county.add(ZHAO) if gives_away else zhang
    if gives_away:
        swap = Swap.objects.create(window=window, day=MONDAY, giver=zhang, taker=came_instead)
        with recorded(at(MONDAY, 7)), acting(BY):
            agreed = {"agreed_at": at(MONDAY, 7).isoformat()}
            put(SwapRecord, [swap.pk], Period(begin_of(MONDAY), end_of(MONDAY)), agreed, actor=BY)
    came(shili, MONDAY, (ZHAO if gives_away else ZHANG).token)
    shili.send(at(MONDAY, 15, 2))
    lives_on(at(TUESDAY, 20))
    of_monday = SettledWindow.objects.filter(person=came_instead, day=MONDAY)
    assert of_monday.current().get().result == "√"
    unit = make_unit("示例村委", UnitKind.COMMITTEE, Region.objects.get(pk=SHILI_VILLAGE), actor=BY)
    with recorded(at(TUESDAY, 21)):
        holding = give_post(zhang, unit, "文书", since=WEDNESDAY, actor=BY)
    lives_on(at(TUESDAY, 22))
    assert not of_monday.current().filter(result="√").exists()
    assert whole(MONDAY, TUESDAY, at(TUESDAY, 22)) == (0, 0)
    with recorded(at(TUESDAY, 22, 5)):
        change_holding(holding, HoldingState.ENDED, since=WEDNESDAY, actor=BY, reason="弄错了")
    lives_on(at(TUESDAY, 23))
    assert of_monday.current().get().result == "√"
    assert whole(MONDAY, TUESDAY, at(TUESDAY, 23)) == (0, 0)


def test_a_corrected_clock_settles_the_dates_of_its_boot(shili: LivedStation) -> None:
    came(shili, MONDAY, LI.token)
    shili.send(at(MONDAY, 15, 2))
    lives_on(at(MONDAY, 20))
    shili.booted(at(TUESDAY, 7), quality="unknown", alive=at(MONDAY, 23))
    shili.touched(ZHANG.token, at(TUESDAY, 8, 20), wall=at(dt.date(2020, 1, 1), 0))
    shili.touched(ZHANG.token, at(TUESDAY, 12, 5), wall=at(dt.date(2020, 1, 1), 4))
    shili.send(at(TUESDAY, 13))
    lives_on(at(TUESDAY, 20))
    shili.learnt(at(WEDNESDAY, 7))
    shili.send(at(WEDNESDAY, 7, 1))
    new = lives_on(at(WEDNESDAY, 7, 2))
    assert (ZHANG.number, TUESDAY, "√") in [one[:3] for one in new]
    assert {day for _, day, *_ in new} == {TUESDAY, WEDNESDAY}
    assert whole(MONDAY, WEDNESDAY, at(WEDNESDAY, 7, 2)) == (0, 0)


@pytest.mark.parametrize("a_time", [2_000, 1])
def test_an_undated_touch_of_a_station_that_was_away_settles_all_dates_on_which_it_may_have_been(
    shili: LivedStation, county: FictionalCounty, monkeypatch: pytest.MonkeyPatch, a_time: int
) -> None:
    monkeypatch.setattr(seen, "_STREAM_A_TIME", a_time)
    add_station(county, YANSHI, YANSHI_VILLAGE)
    yanshi = LivedStation(YANSHI)
    yanshi.send(at(MONDAY, 6))
    came(shili, MONDAY, LI.token)
    shili.send(at(MONDAY, 15, 2))
    yanshi.booted(at(TUESDAY, 7), quality="unknown", alive=at(MONDAY, 23))
    yanshi.touched(ZHANG.token, at(TUESDAY, 8, 20), wall=at(dt.date(2020, 1, 1), 0))
    last = MONDAY
    for number in range(1, 18):
        last = MONDAY + number * DAY
        came(shili, last, ZHANG.token, LI.token)
        shili.send(at(last, 15, 2))
        lives_on(at(last, 20))
    of_monday = SettledWindow.objects.filter(person__number=ZHANG.number, day=MONDAY)
    assert of_monday.current().get().result == "旷"
    yanshi.booted(at(last, 20))
    yanshi.send(at(last, 21))
    for _ in range(len(yanshi.sealed)):
        lives_on(at(last, 22))
    assert of_monday.current().get().result == "待"
    assert whole(MONDAY, last, at(last, 22)) == (0, 0)


def test_a_held_fact_of_a_station_that_was_away_settles_all_dates_on_which_it_may_have_been(
    shili: LivedStation,
) -> None:
    came(shili, MONDAY, LI.token)
    shili.send(at(MONDAY, 15, 2))
    lives_on(at(MONDAY, 20))
    # Its clock is set far ahead when it touches nothing but this, so nothing dates what follows.
    shili.booted(at(TUESDAY, 7), quality="unknown", alive=at(MONDAY, 23))
    shili.touched(LI.token, at(TUESDAY, 8, 20), wall=at(MONDAY + 60 * DAY, 0))
    shili.add_body(b"\x81\xa4kind\xa7someday")
    last = MONDAY + 14 * DAY
    shili.booted(at(last, 7))
    shili.send(at(last, 8))
    lives_on(at(last, 20))
    assert whole(MONDAY, last, at(last, 20)) == (0, 0)
    with recorded(at(last, 21)), transaction.atomic():
        write_off(held_facts(), reason="查过了", actor=BY, at=at(last, 21))
    lives_on(at(last, 22))
    assert whole(MONDAY, last, at(last, 22)) == (0, 0)


def test_a_notice_of_one_village_settles_what_a_window_there_bounded_in_another(
    shili: LivedStation, county: FictionalCounty, zhang: Person
) -> None:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    yanshi = LivedStation(YANSHI)
    elsewhere = morning(zhang, village=YANSHI_VILLAGE, start=780, end=1020)
    # After noon it belongs to the window of the afternoon: half-way between the two is 12:30.
    shili.touched(ZHANG.token, at(MONDAY, 8, 20))
    shili.touched(ZHANG.token, at(MONDAY, 12, 40))
    shili.closed(at(MONDAY, 20, 1))
    yanshi.touched(ZHANG.token, at(MONDAY, 17, 5))
    yanshi.closed(at(MONDAY, 20, 1))
    for station in (shili, yanshi):
        station.send(at(MONDAY, 20, 2))
    lives_on(at(MONDAY, 21))
    own = SettledWindow.objects.filter(person=zhang, day=MONDAY, start=510)
    assert own.current().get().result == "缺"
    with recorded(at(MONDAY, 22)), transaction.atomic():
        set_notice(
            Region.objects.get(pk=elsewhere.village_id), Period(at(MONDAY, 12, 50), at(MONDAY, 18)), "防汛", actor=BY
        )
    lives_on(at(MONDAY, 23))
    assert own.current().get().result == "√"
    assert whole(MONDAY, MONDAY, at(MONDAY, 23)) == (0, 0)


def test_a_new_version_of_the_rules_settles_every_month_that_is_not_closed(
    shili: LivedStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    came(shili, MONDAY, ZHANG.token)
    shili.send(at(MONDAY, 15, 2))
    assert len(lives_on(at(MONDAY, 20))) == 2
    for module in ("rounds", "keeping"):
        monkeypatch.setattr(f"server_broker.settling.{module}.RULES", "9.9")
    village = SettledWindow.objects.current()[0].village_id
    with transaction.atomic():
        month, _ = SheetMonth.objects.get_or_create(village_id=village, month="2027-03")
        closed = {"shown_at": at(MONDAY, 20).isoformat(), "closed_at": at(MONDAY, 21).isoformat()}
        put(SheetMonthRecord, [month.pk], Period(None), closed, actor=BY)
    assert lives_on(at(MONDAY, 22)) == []
    SettlingState.objects.update(rules="9.8")
    with transaction.atomic():
        put(SheetMonthRecord, [month.pk], Period(None), {"shown_at": None, "closed_at": None}, actor=BY)
    assert {(one[1], one[3]) for one in lives_on(at(MONDAY, 23))} == {(MONDAY, "rules")}
    assert {row.rules for row in SettledWindow.objects.current()} == {"9.9"}


def test_a_boot_settles_all_since_the_shutdown_that_it_ends(shili: LivedStation) -> None:
    """The boot before was lost, so the station told of touches after its shutdown as if it had gone on."""
    came(shili, MONDAY, ZHANG.token)
    shili.state(ShutDown(at=shili.moment(at(MONDAY, 15, 30))))
    for number in range(1, 5):
        came(shili, MONDAY + number * DAY, ZHANG.token)
    friday = MONDAY + 4 * DAY
    shili.send(at(friday, 15, 2))
    lives_on(at(friday, 20))
    shili.booted(at(friday + DAY, 7), alive=at(friday, 23))
    shili.send(at(friday + DAY, 7, 1))

    new = lives_on(at(friday + DAY, 7, 2))

    assert (LI.number, TUESDAY, "停") in [one[:3] for one in new]
    assert whole(MONDAY, friday + DAY, at(friday + DAY, 7, 2)) == (0, 0)


def test_a_result_can_only_be_superseded(shili: LivedStation) -> None:
    lives_on(at(MONDAY, 20))
    for change in ("UPDATE settling_settledwindow SET result = '√'", "DELETE FROM settling_settledwindow"):
        with pytest.raises((InternalError, ProgrammingError)), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


def test_lived_days_are_the_same_piece_by_piece_and_at_one_go(
    shili: LivedStation, county: FictionalCounty, zhang: Person, window: DutyWindow
) -> None:
    """Whatever comes in whatever order, what stands is what the whole comes to."""
    zhao = county.add(ZHAO)
    add_station(county, YANSHI, YANSHI_VILLAGE)
    morning(zhao, village=YANSHI_VILLAGE)
    yanshi = LivedStation(YANSHI)
    li = county.people[LI]
    nine = Terms("上午", [1, 2, 3, 4, 5], 540, 720, [zhang.pk, li.pk])
    alone = Terms("上午", [1, 2, 3, 4, 5], 540, 730, [zhang.pk])
    since = MONDAY + 5 * DAY
    news: dict[int, Callable[[dt.date], object]] = {
        1: lambda _: bind_card(UNKNOWN_CARD, li, actor=BY),
        2: lambda day: change_window(window, nine, since=day, actor=BY, reason="改九点"),
        3: lambda day: write_days({day - DAY: CountyWord(False, "放假")}, actor=BY),
        4: lambda day: write_off(held_facts(), reason="查过了", actor=BY, at=at(day, 19)),
        6: lambda _: put(DeadStation, [YANSHI], Period(at(since, 0)), {"dead": True}, actor=BY, reason="坏了"),
        9: lambda _: change_window(window, alone, since=MONDAY, actor=BY, reason="改错了"),
    }
    for number in range(10):
        day = MONDAY + number * DAY
        if number == 3:
            shili.add_body(b"\x81\xa4kind\xa7someday")
        came(shili, day, ZHANG.token, UNKNOWN_CARD)
        if number in (2, 5):
            yanshi.touched(ZHANG.token, at(day, 13))
        if number < 5 or number == 8:
            yanshi.touched(ZHAO.token, at(day, 8, 30 + number))
            yanshi.closed(at(day, 15, 1))
        if number % 3 != 1:
            shili.send(at(day, 15, 2))
        if number % 4 == 2 or number == 8:
            yanshi.send(at(day, 16))
        if number == 6:
            shili.booted(at(day, 22), quality="unknown", alive=at(day, 21))
        if number == 7:
            shili.learnt(at(day, 18))
            shili.send(at(day, 18, 1))
        if number in news:
            with recorded(at(day, 19)), transaction.atomic():
                news[number](day)
        lives_on(at(day, 20))
        if number in {4, 7, 9}:
            assert whole(MONDAY, day, at(day, 20)) == (0, 0), number
    assert SettledWindow.objects.exclude(superseded_at=None).exists()


def test_where_the_whole_county_counts_a_station_of_another_township_has_windows_settled(shili: LivedStation) -> None:
    """A window there awaits it too, and so nobody was at fault before its record was there."""
    township = Region.objects.get(pk=TOWNSHIP)
    set_term(township, "place", "county", since=TUESDAY, by=user_of(OPERATOR), reason="按县里文件", now=at(MONDAY, 5))
    yangban = LivedStation(YANGBAN)
    yangban.send(at(MONDAY, 6))
    came(shili, TUESDAY, ZHANG.token)
    shili.send(at(TUESDAY, 15, 2))
    assert (LI.number, TUESDAY, "未") in [one[:3] for one in lives_on(at(TUESDAY, 15, 3))]
    yangban.closed(at(TUESDAY, 15, 1))
    yangban.send(at(TUESDAY, 16))
    assert lives_on(at(TUESDAY, 16, 1)) == [(LI.number, TUESDAY, "旷", "record")]
    assert whole(MONDAY, TUESDAY, at(TUESDAY, 16, 1)) == (0, 0)


def test_years_of_one_village_keep_nobody_waiting_for_today(shili: LivedStation) -> None:
    lives_on(at(MONDAY, 7))
    old, new = (Region.objects.get(pk=code) for code in (SHILI_VILLAGE, YANGBAN_VILLAGE))
    SettleDue.objects.bulk_create(
        SettleDue(village=old, day=MONDAY - number * DAY, why=["clock"], marked_at=at(MONDAY, 7))
        for number in range(1, 100)
    )
    SettleDue.objects.create(village=new, day=MONDAY, why=["touch"], marked_at=at(MONDAY, 8))
    go_on(at(MONDAY, 8))
    assert not SettleDue.objects.filter(village=new).exists()
    assert SettleDue.objects.count() == 99 - DAYS_A_TIME


def test_a_time_beyond_all_calendars_ends_nobodys_settling(
    shili: LivedStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The county holds such facts. What was taken before it did must not stand in everybody's way for good."""
    lives_on(at(MONDAY, 7))
    came(shili, MONDAY, ZHANG.token)
    far = structs.replace(shili.moment(at(MONDAY, 16)), wall=2**53 - 1)
    sealed = shili.sealed[0]
    carrier = Reissued(at=far, epoch=b"old stream, long", seq=1, salt=sealed.salt, body=sealed.body)
    shili.state(carrier, Booted(at=shili.moment(at(MONDAY, 17)), cause="power_on", software="", last_alive=far))
    with monkeypatch.context() as before:
        before.setattr("protocol.reissues.LAST_WALL_MS", 2**53)
        before.setattr("server_broker.fleet.facts.wall_time", lambda wall_ms: None)
        shili.send(at(MONDAY, 18))
    assert not held_facts().exists()
    assert (ZHANG.number, MONDAY, "√") in [one[:3] for one in lives_on(at(MONDAY, 20))]
    assert today(list(Region.objects.filter(code=SHILI_VILLAGE)), MONDAY, at(MONDAY, 20))
