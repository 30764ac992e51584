"""The station's short memory of touches: what a day's board needs, however long the station runs."""

from agent.today import KEEP_MS, MAX_KEPT, Today
from protocol.facts import DirectionChosen, Fact, Touch
from protocol.units import FactRef, Moment
from tests.agent.bench import LI, LOST, ZHANG, Bench
from tests.fakes.clockwork import HOUR_MS, FakeSystemClock


def touch(station: Bench, *, card: int, seconds: int = 0) -> Touch:
    now = station.now()
    at = Moment(wall=now.wall + 1000 * seconds, boot=bytes(now.boot), mono=now.mono + 1000 * seconds, quality="synced")
    return Touch(at=at, card=card.to_bytes(16), reader="fake", answer="unknown")


def ref(seq: int) -> FactRef:
    return FactRef(epoch=bytes(range(16)), seq=seq)


def test_a_flood_of_cards_leaves_so_many_and_no_more(station: Bench) -> None:
    for seq in range(1, 3 * MAX_KEPT):
        station.today.add(ref(seq), touch(station, card=seq))
    assert station.today.find(ref(2 * MAX_KEPT - 1)) is None
    assert station.today.find(ref(2 * MAX_KEPT)) is not None
    assert len(station.today._touches) == len(station.today._cards) == MAX_KEPT


def test_one_card_touched_for_days_leaves_a_day(station: Bench) -> None:
    for hour in range(24 * 30):
        station.today.add(ref(hour + 1), touch(station, card=7, seconds=hour * 3_600))
    assert len(station.today._touches) == KEEP_MS // HOUR_MS + 1
    (of_card,) = station.today._cards.values()
    assert list(station.today._touches) == of_card


def test_what_is_remembered_shares_what_is_the_same(station: Bench) -> None:
    for seq in range(1, 9):
        made = FactRef(epoch=b"".join([bytes(8), bytes(8)]), seq=seq)
        station.today.add(made, touch(station, card=seq % 2))
    assert len({(id(seen.epoch), id(seen.boot)) for seen in station.today._touches}) == 1
    assert len({id(seen.token) for seen in station.today._touches}) == 2


def test_the_board_still_knows_the_morning_at_night(station: Bench, system: FakeSystemClock) -> None:
    station.touch(ZHANG)
    system.pass_ms(15 * HOUR_MS)
    station.touch(LI)
    rows = {(row.name, row.window): row.arrived for row in station.today.board(station.now())}
    assert rows[("张示例", "am")] == 510


def test_a_lost_card_marks_nobody_as_arrived(station: Bench) -> None:
    station.touch(LOST)
    rows = {(row.name, row.window): row.arrived for row in station.today.board(station.now())}
    assert rows[("李示例", "am")] is None
    assert station.today.missing("p2", station.now()) == ["arrival", "departure"]


def test_a_chosen_direction_is_recalled(station: Bench) -> None:
    first = touch(station, card=1)
    facts: list[tuple[FactRef, Fact]] = [
        (ref(1), first),
        (ref(2), touch(station, card=2)),
        (ref(3), DirectionChosen(at=station.now(), touch=ref(1), direction="out")),
    ]
    again = Today(clock=station.clock, twin=station.twin)
    again.recall(facts)
    seen = again.find(ref(1))
    assert seen is not None
    assert (seen.ref, seen.at, seen.chosen) == (ref(1), first.at, "out")
