"""What a window's result says beyond the row of a case: its facts, what it awaits, and what it changes with T."""

import datetime as dt
from fractions import Fraction
from typing import Any

import pytest

from server_broker.settlement.counting import totals
from server_broker.settlement.record import Ref
from server_broker.settlement.results import Awaited
from server_broker.settlement.values import (
    Agreement,
    Decision,
    Fact,
    Holding,
    Leave,
    Notice,
    ParameterRow,
    Station,
    Swap,
    Table,
    World,
)
from tests.server_broker.settlement.small import (
    DAY,
    fact,
    minute,
    moment,
    result,
    roster_window,
    sheet,
    small_world,
    station,
    touch,
    undated,
)

BOOT, CLOSED = fact(1, "06:00", "boot"), fact(9, "15:00", "window_closed")
CLOSED_AS_FOURTH = fact(4, "15:00", "window_closed")


def full(*facts: Fact) -> Station:
    """Return a station whose record is complete: what is not given is filled with facts that only count."""
    taken = {one.seq for one in (BOOT, *facts, CLOSED)}
    ticks = (undated(seq, "tick", "15:00") for seq in range(1, 10) if seq not in taken)
    return station(BOOT, *facts, *ticks, CLOSED)


def leave(begin: str, end: str, **more: Any) -> Leave:

    given: dict[str, Any] = {
        "person": "zhang",
        "cover": "假",
        "kind": "事",
        "begin": moment(begin),
        "end": moment(end),
        "asked": moment("07:00"),
        "asked_by": "zhang",
        "decisions": (Decision(by="sec", at=moment("07:30"), yes=True),),
    }
    return Leave(**{**given, **more})


def parameters(**values: int | str) -> tuple[ParameterRow, ...]:
    return (ParameterRow(region="v1", first=dt.date(2026, 1, 1), locked=False, values=tuple(sorted(values.items()))),)


class TestFacts:
    def test_a_result_names_the_facts_of_its_marks(self) -> None:
        one = result(small_world(full(touch(2, "08:20"), touch(3, "08:21"), touch(4, "12:05"))))

        assert (one.result, one.refs) == ("√", (Ref("s1", 1, 2), Ref("s1", 1, 3), Ref("s1", 1, 4)))

    def test_a_touch_that_was_not_used_is_not_named(self) -> None:
        one = result(small_world(full(touch(2, "08:20"), touch(3, "09:00"), touch(4, "12:05"))))

        assert one.refs == (Ref("s1", 1, 2), Ref("s1", 1, 4))

    def test_ten_thousand_touches_of_one_card_are_one_arrival_and_one_departure(self) -> None:
        every_three_seconds = [
            Fact(epoch=1, seq=seq, at=at, kind="touch", dated=True, received=at, card="k")
            for seq, at in enumerate(range(moment("06:31"), moment("06:31") + 10_000 * 3_000_000, 3_000_000), start=2)
        ]
        one = result(small_world(station(BOOT, *every_three_seconds, fact(10_002, "15:00", "window_closed"))))

        in_a_run = 120 // 3 + 1
        assert (one.result, one.reason) == ("√", "7:01 到；14:50 走。")
        assert len(one.refs) <= 2 * in_a_run

    def test_of_very_many_touches_within_two_minutes_the_first_and_the_last_are_named(self) -> None:
        many = [
            Fact(epoch=1, seq=seq, at=at, kind="touch", dated=True, received=at, card="k")
            for seq, at in enumerate(range(moment("08:20"), moment("08:20") + 5_000 * 20_000, 20_000), start=2)
        ]
        one = result(small_world(station(BOOT, *many, touch(5_002, "12:05"), fact(5_003, "15:00", "window_closed"))))

        assert (one.result, one.reason) == ("√", "8:20 到；12:05 走。")
        assert [ref.seq for ref in one.refs] == [*range(2, 34), *range(4_970, 5_002), 5_002]


class TestAwaited:
    def test_of_very_many_touches_that_could_be_some_are_named(self) -> None:
        many = [undated(seq, "touch", "14:50", card="k") for seq in range(3, 2_003)]
        shown = station(BOOT, fact(2, "06:01", "other"), *many, fact(2_003, "15:00", "window_closed"))
        one = result(small_world(shown))

        assert one.result == "待"
        assert [awaited.ref for awaited in one.awaited] == [Ref("s1", 1, seq) for seq in range(3, 67)]
        assert one.reason.endswith("条等可能是本人的打卡，待审。")

    def test_a_record_is_awaited_since_what_it_told_last(self) -> None:
        one = result(small_world(station(BOOT, touch(2, "08:20"))))

        assert (one.result, one.awaited) == ("未", (Awaited("s1", minute("08:20")),))
        assert one.reason == "8:20 到；没有下班卡；站点 s1 的记录只到 8:20，要齐到 15:00。"

    def test_of_a_station_that_told_nothing_no_minute_is_named(self) -> None:
        one = result(small_world(station()))

        assert (one.result, one.awaited) == ("未", (Awaited("s1", None),))

    def test_a_held_fact_is_awaited_since_its_receipt(self) -> None:
        held = fact(2, "00:00", "held", received=moment("08:31"))
        one = result(small_world(full(held, touch(3, "12:05"))))

        assert (one.result, one.awaited) == ("待", (Awaited("s1", minute("08:31"), Ref("s1", 1, 2)),))

    def test_an_undated_touch_is_awaited_since_its_receipt(self) -> None:
        one = result(small_world(full(undated(2, "touch", "08:40", card="k"), fact(3, "08:30", "tick"))))

        assert (one.result, one.awaited) == ("待", (Awaited("s1", minute("08:40"), Ref("s1", 1, 2)),))

    def test_a_settled_window_awaits_nothing(self) -> None:
        assert result(small_world(full(touch(2, "08:50")))).awaited == ()


class TestReasons:
    @pytest.mark.parametrize(
        ("facts", "reason"),
        [
            ((touch(2, "08:20"), touch(3, "12:05")), "8:20 到；12:05 走。"),
            ((touch(2, "08:50"), touch(3, "11:30")), "8:50 到，迟 20 分钟；11:30 走，早 30 分钟。"),
            ((touch(2, "08:20"),), "8:20 到；没有下班卡。"),
            ((), "没有上班卡；没有下班卡。"),
            (
                (touch(2, "08:20"), fact(3, "11:00", "reader_lost")),
                "8:20 到；没有下班卡；离岗时村里没有能用的站点，不怪本人。",
            ),
        ],
    )
    def test_an_officer_reads_when_somebody_came_and_left(self, facts: tuple[Fact, ...], reason: str) -> None:
        assert result(small_world(full(*facts))).reason == reason

    def test_an_officer_reads_that_it_is_too_early(self) -> None:
        one = result(small_world(full(touch(2, "08:20"))), moment("14:59"))

        assert (one.result, one.line, one.reason) == ("", "0", "过了 15:00 才下结论。")

    def test_an_officer_reads_what_is_left_of_a_window(self) -> None:
        world = small_world(full(touch(2, "10:20"), touch(3, "12:05")), leave=(leave("08:30", "10:00"),))

        assert result(world).reason == "只看 10:00 到 12:00；10:20 到，迟 20 分钟；12:05 走。"

    def test_an_officer_reads_why_somebody_is_absent_though_they_came(self) -> None:
        world = small_world(full(touch(2, "09:50"), touch(3, "12:05")), parameters=parameters(late_absence=60))

        assert result(world).reason == "9:50 到，迟 80 分钟；12:05 走，够得上旷工。"


class TestKnownAtT:
    def test_each_row_counts_from_when_it_was_known(self) -> None:
        known = moment("16:00")
        stations = (full(),)
        later = {
            "holidays": small_world(*stations, notices=(_notice(known),)),
            "leave": small_world(*stations, leave=(leave("08:30", "12:00", known=known),)),
        }
        for world in later.values():
            assert result(world, known - 1).result == "旷"
        assert result(later["holidays"], known).result == "休"
        assert result(later["leave"], known).result == "假"

    def test_an_agreement_counts_from_when_it_was_given(self) -> None:
        words = (Agreement(by="zhang", at=moment("07:00")), Agreement(by="sec", at=moment("08:00")))
        swap = Swap(date=DAY, start=510, giver="zhang", taker="sec", agreed=words)
        world = small_world(full(), swaps=(swap,))

        before = {one.person: one.result for one in sheet(world, moment("08:00") - 1).results()}
        after = {one.person: one.result for one in sheet(world, moment("08:00")).results()}

        assert before == {"zhang": ""}
        assert after == {"sec": "", "zhang": "休"}

    def test_who_took_a_window_over_gets_its_share(self) -> None:
        words = (Agreement(by="zhang", at=moment("07:00")), Agreement(by="sec", at=moment("08:00")))
        swap = Swap(date=DAY, start=510, giver="zhang", taker="sec", agreed=words)
        world = small_world(full(), swaps=(swap,), windows=(roster_window(), roster_window(840, 1050)))

        shares = {(one.person, one.start): one.share for one in sheet(world).results()}

        assert shares == {("sec", 510): Fraction(1, 2), ("zhang", 510): 0, ("zhang", 840): Fraction(1, 2)}


def _notice(known: int) -> Notice:
    return Notice(scope="v1", begin=minute("08:00"), end=minute("12:00"), known=known)


class TestLittle:
    def test_with_nothing_enough_to_judge_a_window_that_is_covered_whole_is_leave(self) -> None:
        world = small_world(full(), leave=(leave("08:30", "12:00"),), parameters=parameters(min_rest=0))

        assert (result(world).result, result(world).line) == ("假", "2")

    def test_with_nothing_enough_to_judge_one_minute_is_judged(self) -> None:
        world = small_world(full(), leave=(leave("08:30", "11:59"),), parameters=parameters(min_rest=0))

        assert (result(world).result, result(world).line) == ("旷", "4.10")

    def test_leave_by_two_covers_that_leave_nothing(self) -> None:
        both = (leave("08:30", "10:00"), leave("10:00", "12:00", cover="出", kind=""))
        world = small_world(full(), leave=both, parameters=parameters(min_rest=0))

        one = result(world)
        assert (one.result, one.beside, one.kind, one.leave_minutes) == ("出", ("假",), "事", 90)


class TestOddRosters:
    def test_some_weekdays_are_those_of_them_that_are_working_days(self) -> None:
        days = [dt.date(2026, 3, 2) + dt.timedelta(days=number) for number in range(7)]
        world = small_world(full(), windows=(roster_window(weekdays=frozenset({1, 3, 6})),))
        duties = sheet(world).knowledge.duties

        due = [day.isoweekday() for day in days for turn in duties.turns("zhang", day) if turn.due]

        assert due == [1, 3]

    def test_who_has_posts_is_named_only_while_they_hold_one(self) -> None:
        holdings = (Holding(post="x", person="zhang", first=dt.date(2026, 3, 3)),)

        assert result(small_world(full(), holdings=holdings)).result == "休"

    def test_a_row_of_named_days_and_one_by_the_week_of_the_same_start_are_one_row(self) -> None:
        named = roster_window(roster="n", weekdays=frozenset(), dates=frozenset({dt.date(2026, 3, 7)}))
        world = small_world(full(), windows=(roster_window(weekdays=frozenset(range(1, 8))), named))
        (turn,) = sheet(world).knowledge.duties.turns("zhang", dt.date(2026, 3, 7))

        assert (turn.due, turn.window.roster) == (True, "n")


class TestNeighbours:
    def test_a_window_of_another_village_between_those_of_ends_bounds_nothing(self) -> None:
        touches = (touch(2, "08:20"), touch(3, "18:05"))
        day = station(BOOT, *touches, fact(4, "23:00", "window_closed"))
        evening = (touch(2, "12:50"), touch(3, "14:05"))
        other = station(BOOT, *evening, fact(4, "23:00", "window_closed"), id="s2", village="v2")
        windows = (
            roster_window(510, 720),
            roster_window(960, 1080),
            roster_window(780, 840, roster="o", village="v2"),
        )
        world = small_world(
            day,
            other,
            windows=windows,
            parameters=(
                *parameters(marks="ends"),
                ParameterRow(region="county", first=dt.date(2026, 1, 1), locked=False, values=(("place", "village"),)),
            ),
        )

        assert [(one.start, one.result) for one in sheet(world).results()] == [(510, "√"), (780, "√"), (960, "√")]


class TestStandIns:
    def test_a_stand_in_counts_in_the_township_of_the_village_for_which_it_stands_in(self) -> None:
        away = station(
            BOOT,
            touch(2, "08:20"),
            touch(3, "12:05"),
            CLOSED_AS_FOURTH,
            id="s2",
            village="t2",
            stands_in_for=frozenset({"v2"}),
        )
        world = small_world(full(), away)

        one = result(world)
        assert (one.result, one.flags) == ("√", ("异地",))


class TestCalendarChanges:
    def test_a_window_that_a_named_day_made_off_cannot_be_given_away(self) -> None:
        saturday = dt.date(2026, 3, 7)
        table = Table(
            source="county",
            first=saturday,
            last=saturday,
            holidays=frozenset(),
            workdays=frozenset({saturday}),
            known=moment("09:00"),
        )
        named = roster_window(540, 660, roster="n", weekdays=frozenset(), dates=frozenset({saturday}))
        words = (Agreement(by="zhang", at=moment("10:00")), Agreement(by="sec", at=moment("10:00")))
        swap = Swap(date=saturday, start=510, giver="zhang", taker="sec", agreed=words)
        duties = sheet(small_world(windows=(roster_window(), named), calendar=(table,), swaps=(swap,))).knowledge.duties

        due = [(turn.start, turn.due) for who in ("zhang", "sec") for turn in duties.turns(who, saturday)]
        assert due == [(minute("08:30", saturday), False), (minute("09:00", saturday), True)]


def test_days_add_up_exactly() -> None:
    world = small_world(full(), windows=tuple(roster_window(start, start + 60) for start in (480, 600, 720)))
    counted = totals("zhang", sheet(world).results())

    assert counted.due == 1


@pytest.mark.parametrize("number", range(3))
def test_a_world_of_nothing_comes_to_nothing(number: int) -> None:
    worlds = (World(), small_world(), small_world(windows=()))
    found = sheet(worlds[number]).results()

    assert [one.result for one in found] == ([] if number != 1 else ["停"])
