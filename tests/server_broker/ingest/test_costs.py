"""The station that makes batches slow is found by halves, and nobody is blamed for a slow machine."""

import random
from collections import Counter
from dataclasses import dataclass

import pytest

from server_broker.ingest.costs import DEAR_FOR_S, LIMIT_S, OWN_TIMES, WINDOW_S, Costs, Verdict
from server_broker.ingest.inbox import price_s
from server_broker.ingest.messages import Incoming

STATIONS = [f"shili-{number:02}" for number in range(51)]
QUICK_S, DEAR_S = 0.02, 6.0


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def costs(clock: Clock) -> Costs:
    return Costs(clock)


def one_of_each(stations: list[str]) -> list[Incoming]:
    return [Incoming(f"cunhui/1/0/{station}/facts", b"x" * 300) for station in stations]


def play(costs: Costs, stations: list[str], *, dear: str = "", at_least: float = QUICK_S) -> tuple[float, int]:
    """Let each station send a message; return what was charged, and how many neighbours waited with the dear one."""
    charged, neighbours = 0.0, 0
    for batch in costs.batches(one_of_each(stations)):
        has_dear = dear in {message.station for message in batch}
        verdict = costs.took(batch, at_least + (DEAR_S if has_dear else 0.0))
        assert verdict.dear.keys() <= {dear}
        charged += verdict.pays_s
        neighbours += len(batch) - 1 if has_dear else 0
    return charged, neighbours


def test_nobody_is_apart_where_all_is_quick(costs: Costs) -> None:
    for _ in range(50):
        assert play(costs, STATIONS) == (0.0, 0)
        assert len(costs.batches(one_of_each(STATIONS))) == 1


def test_the_dear_one_is_alone_after_a_few_of_its_messages(costs: Costs) -> None:
    play(costs, STATIONS)
    waited = [play(costs, STATIONS, dear="shili-30")[1] for _ in range(8)]
    assert waited[0] == 50
    assert waited[-1] == 0
    assert sum(waited) <= 2 * 51


def test_from_then_on_it_pays_and_no_one_else_stays_apart(costs: Costs, clock: Clock) -> None:
    for _ in range(20):
        play(costs, STATIONS, dear="shili-30")
    charged, neighbours = play(costs, STATIONS, dear="shili-30")
    assert charged == pytest.approx(DEAR_S, abs=0.1)
    assert neighbours == 0
    clock.now += WINDOW_S
    assert len(costs.batches(one_of_each(STATIONS))) == 2


def test_a_dear_one_that_is_quick_now_stays_apart_for_a_while(costs: Costs, clock: Clock) -> None:
    for _ in range(20):
        play(costs, STATIONS, dear="shili-30")
    clock.now = WINDOW_S
    for _ in range(20):
        play(costs, STATIONS)
    assert len(costs.batches(one_of_each(STATIONS))) == 2
    clock.now = DEAR_FOR_S + 1
    play(costs, STATIONS)
    assert len(costs.batches(one_of_each(STATIONS))) == 1


def test_a_slow_disk_is_nobodys_cost(costs: Costs, clock: Clock) -> None:
    play(costs, STATIONS)
    for _ in range(20):
        play(costs, STATIONS, at_least=0.6)
    assert play(costs, STATIONS, at_least=0.6) == (0.0, 0)
    clock.now = WINDOW_S
    assert len(costs.batches(one_of_each(STATIONS))) == 1


def test_a_batch_that_needs_a_second_commit_on_a_slow_disk_is_not_slow(costs: Costs) -> None:
    for number in range(40):
        assert play(costs, STATIONS, at_least=1.0 if number % 5 == 4 else 0.5) == (0.0, 0)
        assert len(costs.batches(one_of_each(STATIONS))) == 1


def test_on_a_slow_disk_few_are_apart_however_often_the_machine_stands_still(costs: Costs) -> None:
    """Whatever stands still makes halves, and a COMMIT for each of them is what the others wait for."""
    chance = random.Random(7)
    for _ in range(60):
        batches = costs.batches(one_of_each(STATIONS))
        assert len(batches) <= 1 + 4
        for batch in batches:
            assert not costs.took(batch, 0.5 + (3.0 if chance.random() < 0.2 else 0.0)).dear


def test_where_a_disk_turns_slow_all_are_together_again_within_seconds(costs: Costs, clock: Clock) -> None:
    """Its first COMMIT that takes half a second is slow for all that the county knows, and so is each half's."""
    for _ in range(20):
        play(costs, STATIONS)
    turned = clock.now
    while clock.now < turned + 60.0:
        batches = costs.batches(one_of_each(STATIONS))
        for batch in batches:
            clock.now += 0.5
            assert not costs.took(batch, 0.5).dear
        assert clock.now < turned + 10.0 or len(batches) <= 1 + 4


def test_a_dear_one_is_found_on_a_slow_disk_too(costs: Costs) -> None:
    for _ in range(5):
        play(costs, STATIONS, at_least=0.5)
    charged, neighbours = [play(costs, STATIONS, dear="shili-30", at_least=0.5) for _ in range(40)][-1]
    assert charged == pytest.approx(DEAR_S, abs=1.0)
    assert neighbours == 0


def test_a_disk_that_turns_slow_names_nobody_where_batches_have_one_station(costs: Costs, clock: Clock) -> None:
    for number in range(60):
        slow = 20 <= number < 50
        for batch in costs.batches(one_of_each([STATIONS[number % 4]])):
            assert costs.took(batch, 0.6 if slow else QUICK_S) == Verdict()
    clock.now = WINDOW_S
    assert len(costs.batches(one_of_each(STATIONS))) == 1


def test_a_station_that_was_dear_once_is_not_named_for_a_slow_disk(costs: Costs) -> None:
    costs.watch(STATIONS[1])
    for number in range(60):
        assert not costs.took(one_of_each([STATIONS[number % 4]]), QUICK_S if number < 20 else 0.6).dear


@pytest.mark.parametrize("dear", [STATIONS[2:3], STATIONS[1:3]])
def test_dear_ones_are_found_where_batches_have_one_station(costs: Costs, dear: list[str]) -> None:
    charged: Counter[str] = Counter()
    for number in range(40):
        station = STATIONS[number % 4]
        charged.update(costs.took(one_of_each([station]), 0.6 if station in dear else QUICK_S).dear)
    assert sorted(charged) == dear
    assert min(charged.values()) > 4


def test_one_that_is_watched_is_apart(costs: Costs) -> None:
    costs.watch("shili-07")
    batches = costs.batches(one_of_each(STATIONS))
    assert [message.station for message in batches[1]] == ["shili-07"]
    assert len(batches[0]) == 50


@pytest.mark.parametrize("one_in", [2, 10])
def test_a_machine_that_stands_still_now_and_then_names_nobody_not_even_the_one_that_sends_most(
    costs: Costs, clock: Clock, one_in: int
) -> None:
    """Of ``one_in`` batches all but one are one station's. So are most of those that a busy machine lets stand."""
    chance = random.Random(7)
    for number in range(5_000):
        clock.now += 0.5
        station = chance.choice(STATIONS[1:]) if number % one_in == 0 else STATIONS[0]
        stands = chance.random() < 0.1
        assert not costs.took(one_of_each([station]), 5.0 if stands else QUICK_S).dear


def test_one_slow_moment_is_forgotten_however_quick_the_others_are_later(costs: Costs, clock: Clock) -> None:
    costs.took(one_of_each(STATIONS[:1]), 6.0)
    for number in range(600):
        clock.now += 60.0
        assert not costs.took(one_of_each([STATIONS[number % 2]]), QUICK_S).dear
    assert len(costs.batches(one_of_each(STATIONS))) == 1


@pytest.mark.parametrize("every", [1, 2, 4])
def test_a_dear_one_is_named_within_a_minute_though_it_is_quick_now_and_then(
    costs: Costs, clock: Clock, every: int
) -> None:
    turn, named_at = 0, []
    while clock.now < WINDOW_S:
        turn += 1
        for batch in costs.batches(one_of_each(STATIONS)):
            is_dear = turn % every == 0 and "shili-30" in {message.station for message in batch}
            seconds = 2.0 if is_dear else QUICK_S
            clock.now += seconds
            if costs.took(batch, seconds).dear:
                named_at.append(clock.now)
    assert named_at[0] < WINDOW_S * 0.7


def live(
    costs: Costs,
    clock: Clock,
    *,
    dear_s: float = 0.0,
    own: float = 1.0,
    padding_s: float = 1e9,
    others_s: float = 10.0,
    slow_s: float = QUICK_S,
) -> float:
    """Live for ten minutes with a dear batch of shili-30 each ten seconds; return when it was named at first, or 0.

    Args:
        dear_s: How long its batch takes, and ``own`` the part of that which it is worked on.
        padding_s: It sends a cheap message as often, and the 50 others send one of them all each ``others_s``.
        slow_s: How long all other batches take.
    """
    due = {"dear": 1.0, "padding": padding_s, "others": others_s}
    every = {"dear": 10.0, "padding": padding_s, "others": others_s}
    costs.took(one_of_each(STATIONS), slow_s)
    turn, named = 0, 0.0
    while clock.now < 600.0:
        kind = min(due, key=lambda one: due[one])
        clock.now = max(clock.now, due[kind])
        due[kind] += every[kind]
        turn += kind == "others"
        station = STATIONS[turn % 30] if kind == "others" else "shili-30"
        seconds = dear_s or slow_s if kind == "dear" else slow_s
        clock.now += seconds
        dear = costs.took(one_of_each([station]), seconds, seconds * own if kind == "dear" and dear_s else 0.005).dear
        assert dear.keys() <= {"shili-30"}
        named = named or (clock.now if dear else 0.0)
    return named


@pytest.mark.parametrize("others_s", [10.0, 1e9])
@pytest.mark.parametrize("padding_s", [0.004, 0.05, 1e9])
def test_a_dear_one_is_named_within_a_minute_however_few_the_others_and_however_much_it_pads(
    costs: Costs, clock: Clock, others_s: float, padding_s: float
) -> None:
    assert 0 < live(costs, clock, dear_s=2.0, padding_s=padding_s, others_s=others_s) < WINDOW_S


def test_one_that_is_a_little_dear_without_end_is_named_too(costs: Costs, clock: Clock) -> None:
    costs.took(one_of_each(STATIONS), QUICK_S)
    named = False
    while clock.now < WINDOW_S and not named:
        costs.took(one_of_each(STATIONS[:1]), QUICK_S)
        clock.now += 0.7
        named = STATIONS[0] in costs.took(one_of_each(STATIONS[:1]), 0.7, 0.6).dear
    assert named


def test_a_machine_with_far_too_much_to_do_names_nobody(costs: Costs, clock: Clock) -> None:
    """Of ten batches three are worked on for half a second, whoever sent them; one station sends one each 1.5 s."""
    chance = random.Random(7)
    costs.took(one_of_each(STATIONS), QUICK_S)
    for number in range(2_000):
        clock.now += 1.0
        station = STATIONS[number % 50] if number % 3 == 0 else "shili-50"
        slow = chance.random() < 0.3
        assert not costs.took(one_of_each([station]), 0.8 if slow else QUICK_S, 0.5 if slow else 0.01).dear


def test_what_waited_for_the_disk_names_nobody_where_no_other_sends(costs: Costs, clock: Clock) -> None:
    assert not live(costs, clock, dear_s=5.0, own=0.02, others_s=1e9)
    assert not live(costs, clock, slow_s=0.6, others_s=1e9)


def test_a_machine_on_which_everything_takes_long_names_nobody(costs: Costs, clock: Clock) -> None:
    """PostgreSQL plans a statement badly: each touch of anybody costs it 2 s, and one station sends most of them."""
    for number in range(300):
        clock.now += 1.0
        station = STATIONS[number % 7] if number % 5 == 0 else STATIONS[0]
        assert not costs.took(one_of_each([station]), 2.0, 1.9).dear


def test_a_slow_processor_makes_nobody_s_backlog_dear(costs: Costs, clock: Clock) -> None:
    backlog = [Incoming(f"cunhui/1/0/{STATIONS[0]}/facts", b"x" * 60_000) for _ in range(8)]
    price = 8 * (0.0005 + 60_000 * 0.5 / 2**20)
    for _ in range(100):
        clock.now += 7 * price
        assert not costs.took(backlog, 7 * price, 7 * price).dear


def test_once_is_no_habit(costs: Costs, clock: Clock) -> None:
    for _ in range(20):
        clock.now += WINDOW_S + 1
        assert not costs.took(one_of_each(STATIONS[:1]), 8.0, 8.0).dear


def end_early(costs: Costs, stations: list[str], *, too_long: set[str]) -> int:
    """Let a batch reach its limit, and some of its stations theirs; return in how many parts it is done again."""
    batch = one_of_each(stations)
    limit = costs.limit_s(batch)
    assert limit is not None
    costs.took(batch, limit + 0.1, limit + 0.1, ended_early=True)
    with costs.search(batch) as parts:
        for part in parts:
            own_s = limit + 0.1 if {one.station for one in part} & too_long else QUICK_S
            costs.took(part, own_s, own_s)
        return len(parts)


def test_a_batch_has_a_limit_that_leaves_room_for_what_is_worth_it(costs: Costs) -> None:
    short, long = one_of_each(STATIONS), [Incoming(STATIONS[0], b"x" * 2**18)] * 4
    assert costs.limit_s(short) == LIMIT_S
    assert costs.limit_s(long) == OWN_TIMES * sum(price_s(one) for one in long)
    assert costs.limit_s(one_of_each(STATIONS[:1])) is None


def test_one_that_reaches_the_limit_is_found_at_once_and_no_neighbour_is_apart(costs: Costs) -> None:
    costs.took(one_of_each(STATIONS), QUICK_S)
    assert end_early(costs, STATIONS, too_long={"shili-30"}) == len(STATIONS)
    assert costs.limit_s(one_of_each(STATIONS)) == LIMIT_S
    groups = costs.batches(one_of_each(STATIONS))
    assert sorted(len(group) for group in groups) == [1, 50]
    assert ["shili-30"] in [[one.station for one in group] for group in groups]


@pytest.mark.parametrize(
    ("stations", "too_long", "is_lifted"), [(8, 0, True), (8, 1, False), (8, 2, False), (8, 3, True), (2, 1, False)]
)
def test_more_than_one_in_four_or_none_lift_the_limit(
    costs: Costs, stations: int, too_long: int, is_lifted: bool
) -> None:
    end_early(costs, STATIONS[:stations], too_long=set(STATIONS[:too_long]))
    assert (costs.limit_s(one_of_each(STATIONS)) is None) == is_lifted


@pytest.mark.parametrize("too_long", [set(), set(STATIONS[:20])])
def test_where_nobody_or_everybody_reaches_it_there_is_no_limit_for_a_while(
    costs: Costs, clock: Clock, too_long: set[str]
) -> None:
    end_early(costs, STATIONS, too_long=too_long)
    assert costs.limit_s(one_of_each(STATIONS)) is None
    assert costs.limit_s(one_of_each(STATIONS[:1]) * 2) == LIMIT_S
    clock.now = WINDOW_S
    assert costs.limit_s(one_of_each(STATIONS)) == LIMIT_S


def test_on_a_slow_disk_a_batch_is_done_again_in_few_parts(costs: Costs) -> None:
    for _ in range(16):
        costs.took(one_of_each(STATIONS), 0.5)
    assert end_early(costs, STATIONS, too_long={"shili-30"}) == 4


def test_messages_of_one_station_are_one_part_in_their_order(costs: Costs) -> None:
    mixed = [*one_of_each(STATIONS[:3]), *one_of_each(STATIONS[:2])]
    with costs.search(mixed) as parts:
        assert parts == [[mixed[0], mixed[3]], [mixed[1], mixed[4]], [mixed[2]]]


def test_a_search_within_a_part_does_not_forget_who_was_found(costs: Costs) -> None:
    batch, too_long = one_of_each(STATIONS), LIMIT_S + 0.1
    with costs.search(batch) as parts:
        with costs.search(parts[0]) as inner:
            costs.took(inner[0][:1], too_long, too_long)
        for part in parts[1:]:
            costs.took(part, QUICK_S)
    assert costs.limit_s(batch) == LIMIT_S
