"""The station that makes batches slow is found by halves, and nobody is blamed for a slow machine."""

from collections import Counter
from dataclasses import dataclass

import pytest

from server_broker.ingest.costs import WATCHED_S, Costs
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
        pays, proven = costs.took(batch, at_least + (DEAR_S if has_dear else 0.0))
        assert proven.keys() <= {dear}
        charged += pays
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


def test_from_then_on_it_pays_and_no_one_else_is_apart(costs: Costs) -> None:
    for _ in range(9):
        play(costs, STATIONS, dear="shili-30")
    charged, neighbours = play(costs, STATIONS, dear="shili-30")
    assert charged == pytest.approx(DEAR_S, abs=0.1)
    assert neighbours == 0
    assert len(costs.batches(one_of_each(STATIONS))) == 2


def test_a_dear_one_that_is_quick_now_stays_apart_for_a_while(costs: Costs, clock: Clock) -> None:
    for _ in range(9):
        play(costs, STATIONS, dear="shili-30")
    costs.took(one_of_each(STATIONS[:1]), QUICK_S)
    for _ in range(20):
        play(costs, STATIONS)
    assert len(costs.batches(one_of_each(STATIONS))) == 2
    clock.now = WATCHED_S + 1
    play(costs, STATIONS)
    assert len(costs.batches(one_of_each(STATIONS))) == 1


def test_a_slow_disk_is_nobodys_cost(costs: Costs) -> None:
    play(costs, STATIONS)
    for _ in range(20):
        play(costs, STATIONS, at_least=0.6)
    assert play(costs, STATIONS, at_least=0.6) == (0.0, 0)
    assert len(costs.batches(one_of_each(STATIONS))) == 1


def test_a_disk_that_turns_slow_names_nobody_where_batches_have_one_station(costs: Costs) -> None:
    for number in range(60):
        slow = 20 <= number < 50
        for batch in costs.batches(one_of_each([STATIONS[number % 4]])):
            assert costs.took(batch, 0.6 if slow else QUICK_S) == (0.0, {})
    assert len(costs.batches(one_of_each(STATIONS))) == 1


def test_a_station_that_was_dear_once_is_not_named_for_a_slow_disk(costs: Costs) -> None:
    costs.watch(STATIONS[1])
    for number in range(60):
        assert not costs.took(one_of_each([STATIONS[number % 4]]), QUICK_S if number < 20 else 0.6)[1]


@pytest.mark.parametrize("dear", [STATIONS[2:3], STATIONS[1:3]])
def test_dear_ones_are_found_where_batches_have_one_station(costs: Costs, dear: list[str]) -> None:
    charged: Counter[str] = Counter()
    for number in range(40):
        station = STATIONS[number % 4]
        charged.update(costs.took(one_of_each([station]), 0.6 if station in dear else QUICK_S)[1])
    assert sorted(charged) == dear
    assert min(charged.values()) > 4


def test_one_whose_batches_fail_is_apart(costs: Costs) -> None:
    costs.watch("shili-07")
    batches = costs.batches(one_of_each(STATIONS))
    assert [message.station for message in batches[1]] == ["shili-07"]
    assert len(batches[0]) == 50
