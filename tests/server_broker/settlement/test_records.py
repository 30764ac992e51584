"""What a station has told: dated, between what an undated fact lies, without a gap, up and down."""

from typing import Any

import pytest

from server_broker.settlement.record import Bracket, Record
from server_broker.settlement.times import END_OF_TIME, FIRST_MINUTE, LAST_MINUTE, begin_of
from server_broker.settlement.ups_and_downs import Downs, none_up
from server_broker.settlement.values import EpochEnd, Fact, Lost, Station
from tests.server_broker.settlement.small import fact, minute, moment, station, undated


def record(*facts: Fact, at: int = END_OF_TIME, **more: Any) -> Record:
    return Record(station(*facts, **more), at)


def downs(*facts: Fact, **more: Any) -> list[tuple[int, int]]:
    """Return the minutes of the day from 06:00 to 18:00 in which a station was down."""
    return Downs(record(*facts, **more)).within(minute("06:00"), minute("18:00") - 1)


def clocks(*stretches: tuple[str, str]) -> list[tuple[int, int]]:
    return [(minute(begin), minute(end)) for begin, end in stretches]


class TestDating:
    def test_several_corrections_the_last_in_seq_stands(self) -> None:
        told = record(
            undated(1, "touch", "09:00"),
            fact(2, "09:00", "time_fix", of=1, time=moment("08:10")),
            fact(3, "09:01", "time_fix", of=1, time=moment("08:20")),
        ).told

        assert told[0].minute == minute("08:20")

    def test_a_correction_holds_in_its_own_epoch_only(self) -> None:
        told = record(
            undated(1, "touch", "09:00"),
            fact(1, "10:00", "boot", epoch=2),
            fact(2, "10:01", "time_fix", epoch=2, of=1, time=moment("08:10")),
        ).told

        assert [one.minute for one in told] == [None, minute("08:10"), minute("10:01")]

    def test_a_fact_counts_from_its_receipt_on(self) -> None:
        facts = (fact(1, "08:00", "boot"), fact(2, "08:10", "tick", received=moment("12:00")))

        assert len(record(*facts, at=moment("12:00") - 1).told) == 1
        assert len(record(*facts, at=moment("12:00")).told) == 2


class TestBrackets:
    def test_between_the_dated_facts_before_and_after(self) -> None:
        one = record(fact(1, "08:00", "boot"), undated(2, "touch", "12:00"), fact(3, "08:30", "tick"))

        assert one.bracket(one.told[1]) == Bracket(minute("08:00"), minute("08:30"))

    def test_backwards_between_the_earlier_and_the_later(self) -> None:
        one = record(fact(1, "08:30", "boot"), undated(2, "touch", "12:00"), fact(3, "08:00", "tick"))

        assert one.bracket(one.told[1]) == Bracket(minute("08:00"), minute("08:30"))

    def test_from_the_enrolment_to_the_countys_receipt(self) -> None:
        one = record(undated(1, "touch", "12:00"), enrolled=minute("07:00"))

        assert one.bracket(one.told[0]) == Bracket(minute("07:00"), minute("12:00"))

    def test_facts_of_the_epoch_before_bound_it_too(self) -> None:
        one = record(
            fact(1, "08:00", "boot"),
            undated(1, "touch", "12:00", epoch=2),
            fact(2, "09:00", "boot", epoch=2),
            epoch_ends=(EpochEnd(epoch=1, last=1),),
        )

        assert one.bracket(one.told[1]) == Bracket(minute("08:00"), minute("09:00"))

    @pytest.mark.parametrize(
        ("known", "more", "last"),
        [
            (moment("13:00"), {}, minute("13:00")),
            (None, {"retired": minute("14:00")}, minute("14:00")),
            (None, {"dead": minute("15:00"), "dead_known": moment("16:00")}, minute("15:00")),
            (None, {}, LAST_MINUTE),
        ],
    )
    def test_of_a_lost_seq_with_nothing_after(self, known: int | None, more: dict[str, int], last: int) -> None:
        lost = Lost(epoch=1, first=2, last=2) if known is None else Lost(epoch=1, first=2, last=2, known=known)
        (unread,) = record(fact(1, "08:00", "boot"), lost=(lost,), **more).unread()

        assert unread.bracket == Bracket(minute("08:00"), last)

    def test_lost_seqs_around_facts_that_came_lie_apart(self) -> None:
        unread = record(
            fact(1, "08:00", "boot"),
            fact(4, "09:00", "tick"),
            fact(7, "10:00", "tick"),
            lost=(Lost(epoch=1, first=2, last=6),),
        ).unread()

        assert [(one.ref.seq, one.bracket.first, one.bracket.last) for one in unread] == [
            (2, minute("08:00"), minute("09:00")),
            (5, minute("09:00"), minute("10:00")),
        ]


class TestGaps:
    def test_a_held_fact_and_a_lost_seq_fill_a_gap(self) -> None:
        one = record(
            fact(1, "08:00", "boot"),
            fact(2, "00:00", "held"),
            fact(5, "15:00", "window_closed"),
            lost=(Lost(epoch=1, first=3, last=4),),
        )

        assert one.complete(minute("15:00"))
        assert not one.complete(minute("15:01"))

    def test_an_epoch_after_one_without_a_known_end_does_not_count(self) -> None:
        facts = (fact(1, "08:00", "boot"), fact(1, "15:00", "boot", epoch=2))

        assert record(*facts).told_until == minute("08:00")
        assert record(*facts, epoch_ends=(EpochEnd(epoch=1, last=1),)).told_until == minute("15:00")

    def test_a_record_that_has_not_begun_tells_of_nothing(self) -> None:
        assert record(fact(2, "08:00", "tick")).told_until == FIRST_MINUTE

    def test_retirement_completes_what_ends_at_it_or_later(self) -> None:
        one = record(fact(1, "08:00", "boot"), retired=minute("15:00"))

        assert (one.complete(minute("14:59")), one.complete(minute("15:00"))) == (False, True)


class TestDowns:
    def test_before_the_first_boot_and_between_shutdown_and_boot(self) -> None:
        facts = (
            fact(1, "07:00", "boot"),
            fact(2, "08:00", "shutdown"),
            fact(3, "08:30", "tick"),
            fact(4, "09:00", "boot"),
            fact(5, "17:00", "tick"),
        )

        assert downs(*facts) == clocks(("06:00", "07:00"), ("08:00", "09:00"))

    def test_a_power_cut_begins_at_what_came_last(self) -> None:
        alive = fact(3, "09:00", "boot", last_alive=moment("08:20"))
        facts = (fact(1, "06:00", "boot"), fact(2, "08:10", "tick"), alive, fact(4, "17:00", "tick"))

        assert downs(*facts) == clocks(("08:20", "09:00"))

    def test_an_undated_shutdown_begins_at_the_dated_fact_before(self) -> None:
        facts = (
            fact(1, "06:00", "boot"),
            fact(2, "08:10", "tick"),
            undated(3, "shutdown", "12:00"),
            undated(4, "boot", "12:00"),
            undated(5, "tick", "12:00"),
            fact(6, "09:30", "tick"),
        )

        assert downs(*facts) == clocks(("08:10", "09:30"))

    def test_a_shutdown_that_no_boot_ever_ends_lasts_to_the_next_dated_fact(self) -> None:
        facts = (fact(1, "06:00", "boot"), fact(2, "08:00", "shutdown"), fact(3, "08:40", "tick"))

        assert downs(*facts) == clocks(("08:00", "08:40"))

    def test_a_boot_ends_the_loss_of_the_reader(self) -> None:
        facts = (
            fact(1, "06:00", "boot"),
            fact(2, "08:00", "reader_lost"),
            fact(3, "08:40", "tick"),
            fact(4, "09:00", "boot"),
            fact(5, "17:00", "tick"),
        )

        assert downs(*facts) == clocks(("08:00", "09:00"))

    def test_a_loss_that_never_ends_lasts_as_far_as_the_record(self) -> None:
        facts = (fact(1, "06:00", "boot"), fact(2, "08:00", "reader_lost"), fact(3, "10:00", "tick"))

        assert downs(*facts) == clocks(("08:00", "10:01"))

    def test_a_retired_station_is_not_up_again(self) -> None:
        assert downs(fact(1, "06:00", "boot"), retired=minute("16:00")) == clocks(("16:00", "18:00"))

    def test_without_a_station_none_is_up(self) -> None:
        assert none_up([], minute("08:00"), minute("08:40"))

    def test_none_was_up_only_where_all_were_down_in_one_minute(self) -> None:
        def down(first: str, last: str) -> Downs:
            facts = (fact(1, "06:00", "boot"), fact(2, first, "shutdown"), fact(3, last, "boot"), fact(4, "17:00", "x"))
            return Downs(record(*facts))

        in_turn = [down("08:00", "08:20"), down("08:20", "08:40")]
        together = [down("08:00", "08:21"), down("08:20", "08:40")]

        assert not none_up(in_turn, minute("08:00"), minute("08:40"))
        assert none_up(together, minute("08:00"), minute("08:40"))

    def test_a_minute_of_which_nothing_is_known_is_not_down(self) -> None:
        silent = Downs(record(fact(1, "06:00", "boot"), fact(2, "07:00", "tick")))

        assert not none_up([silent], minute("08:00"), minute("08:40"))


def test_a_declaration_holds_from_when_it_was_made() -> None:
    dead: Station = station(fact(1, "06:00", "boot"), dead=minute("07:00"), dead_known=moment("12:00"))

    assert Record(dead, begin_of(minute("11:59"))).gone == LAST_MINUTE
    assert Record(dead, begin_of(minute("12:00"))).gone == minute("07:00")


def test_a_later_dated_fact_withdraws_a_declaration() -> None:
    dead = station(fact(1, "06:00", "boot"), fact(2, "08:00", "tick"), dead=minute("07:00"), dead_known=moment("12:00"))

    assert Record(dead, END_OF_TIME).gone == LAST_MINUTE
