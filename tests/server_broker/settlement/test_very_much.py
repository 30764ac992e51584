"""However much of one kind a station states, the rules come to the same, and nobody looks at each with each."""

from random import Random

import pytest

from server_broker.settlement import could_be
from server_broker.settlement.record import Bracket, Record, Ref
from server_broker.settlement.results import MOST_NAMED
from server_broker.settlement.stretches import Stretches
from server_broker.settlement.times import ALWAYS, END_OF_TIME, MINUTES_A_DAY
from server_broker.settlement.values import Lost, Station
from tests.server_broker.settlement.small import fact, result, small_world, station, touch, undated


def made_up(random: Random) -> Station:
    taken = sorted(random.sample(range(1, 30), random.randint(1, 20)))
    facts = [fact(seq, f"{8 + seq // 6:02}:{seq % 60:02}", "tick", epoch=random.choice((1, 1, 2))) for seq in taken]
    lost = []
    for _ in range(random.randint(0, 8)):
        first = random.randint(1, 30)
        written_off = random.choice((ALWAYS, END_OF_TIME + 1))
        last = first + random.randint(0, 9)
        lost.append(Lost(epoch=random.choice((1, 2)), first=first, last=last, written_off=written_off))
    return station(*facts, lost=tuple(lost))


def gap_free(given: Station) -> int:
    """How many facts of the first epoch stand before its first gap, seq by seq."""
    there = {one.seq for one in given.facts if one.epoch == 1}
    filled = {seq for row in given.lost if row.epoch == 1 for seq in range(row.first, row.last + 1)}
    seq = 0
    while seq + 1 in there | filled:
        seq += 1
    return sum(one <= seq for one in there)


def lost_refs(given: Station) -> list[Ref]:
    """Where each stretch of lost seqs between facts that came begins, range by range and seq by seq."""
    came = {(one.epoch, one.seq) for one in given.facts}
    return [
        Ref(given.id, row.epoch, seq)
        for row in given.lost
        if row.written_off > END_OF_TIME
        for seq in range(row.first, row.last + 1)
        if (row.epoch, seq) not in came and (seq == row.first or (row.epoch, seq - 1) in came)
    ]


@pytest.mark.parametrize("seed", range(60))
def test_lost_seqs_fill_gaps_and_are_unread_as_seq_by_seq(seed: int) -> None:
    given = made_up(Random(seed))
    record = Record(given, END_OF_TIME)
    assert len(record.gap_free) == gap_free(given)
    assert [one.ref for one in record.unread()] == lost_refs(given)


@pytest.mark.parametrize("seed", range(60))
def test_what_may_lie_on_some_dates_is_found_in_its_order(seed: int) -> None:
    random = Random(seed)
    begins = [random.randint(0, 20 * MINUTES_A_DAY) for _ in range(60)]
    brackets = [Bracket(one, one + random.choice((0, 30, MINUTES_A_DAY, 9 * MINUTES_A_DAY))) for one in begins]
    things = [(number, random.choice(brackets)) for number in range(300)]
    stretches = Stretches(things, lambda one: one[1], lambda one: None)
    first = random.randint(0, 20 * MINUTES_A_DAY)
    last = first + random.randint(0, 2 * MINUTES_A_DAY)
    found = list(stretches.around(first, last))
    assert found == sorted(set(found))
    assert {one for one in things if one[1].first <= last and first <= one[1].last} <= set(found)


def test_of_one_bracket_as_many_are_looked_at_as_a_window_names() -> None:
    things = list(range(3 * MOST_NAMED))
    stretches = Stretches(things, lambda _: Bracket(1, 2), lambda one: one % 2)
    assert list(stretches.around(0, 5)) == things[: 2 * MOST_NAMED]


def test_what_was_not_tried_is_held_against_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = [fact(1, "06:00", "boot"), fact(2, "07:00", "tick"), undated(3, "held", "07:10"), fact(4, "07:10", "tick")]
    given = station(*facts, touch(5, "08:20"), touch(6, "11:00"), fact(7, "15:00", "window_closed"))
    assert result(small_world(given)).result == "早"
    monkeypatch.setattr(could_be, "MOST_TRIED", 0)
    assert result(small_world(given)).result == "待"
