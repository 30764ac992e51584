"""A station whose identity another machine has, such as a copy of its SD card, tells that apart from a dead network."""

import pytest

from agent.events import LinkDown
from agent.uplink.take_overs import ENOUGH, LASTS_MS, TakeOvers
from protocol.topics import DOWN
from tests.agent.uplink.bench import ManualClock, UplinkBench
from tests.agent.uplink.pki import Authority
from tests.agent.uplink.test_not_let_in import CONNACK, SUBACK, last_word

DISCONNECT = 0xE0


def taken_over(bench: UplinkBench) -> None:
    bench.link.is_open = False
    bench.uplink.handle(LinkDown(bench.attempt, "test", taken_over=True))


def test_once_or_twice_may_be_chance_and_three_times_are_another_machine() -> None:
    bench = UplinkBench()
    for number in range(1, ENOUGH + 1):
        bench.connect()
        taken_over(bench)
        assert bench.uplink.identity_shared == (number == ENOUGH)
        bench.wait(5_000, play=False)
    assert bench.host.shared_states[-1]
    # It stays so while this machine has its turn, because the other one's is next.
    bench.connect()
    assert (bench.uplink.state, bench.uplink.identity_shared) == ("connected", True)
    bench.wait(LASTS_MS)
    assert (bench.uplink.identity_shared, bench.host.shared_states[-1]) == (False, False)


def test_what_an_earlier_connection_of_its_own_still_hears_does_not_count() -> None:
    bench = UplinkBench()
    bench.connect()
    for _ in range(ENOUGH):
        given_up = bench.attempt
        bench.drop()
        bench.wait(5_000)
        bench.connect()
        bench.uplink.handle(LinkDown(given_up, "late news", taken_over=True))
        assert bench.uplink.state == "connected"
    assert not bench.uplink.identity_shared
    assert not any(bench.host.shared_states)


def test_three_times_count_only_if_they_are_near() -> None:
    clock = ManualClock()
    take_overs = TakeOvers(clock)
    for _ in range(ENOUGH * 2):
        take_overs.heard()
        assert not take_overs.go_on
        clock.now += LASTS_MS // 2
    # Once it is known, taking turns at the longest waits of both keeps it known.
    for _ in range(ENOUGH):
        take_overs.heard()
    for _ in range(5):
        clock.now += 600_000
        assert take_overs.go_on
        take_overs.heard()
    clock.now += LASTS_MS
    assert not take_overs.go_on
    # And then it begins anew: one may be chance again.
    take_overs.heard()
    assert not take_overs.go_on


@pytest.mark.parametrize(("code", "taken"), [(0x8E, True), (0x8B, False), (0x98, False), (0x00, False)])
def test_a_broker_that_ends_the_connection_says_why(code: int, taken: bool, authority: Authority) -> None:
    accepted = bytes((CONNACK, 3, 0, 0, 0))
    down = last_word(authority, lambda _: [accepted], lambda _: [bytes((DISCONNECT, 2, code, 0))])
    assert (down.taken_over, down.refused) == (taken, False)


def test_a_broker_that_just_closes_said_nothing(authority: Authority) -> None:
    def answers(asked: bytes) -> list[bytes]:
        return [bytes((SUBACK, 3 + len(DOWN), *asked[3:5], 0, *([0x80] * len(DOWN))))]

    assert not last_word(authority, lambda _: [bytes((CONNACK, 3, 0, 0, 0))], answers).taken_over
