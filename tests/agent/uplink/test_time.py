"""The county's signed time is believed only as the prompt answer to this connection's question."""

from agent.events import Delivered
from protocol.topics import topic
from tests.agent.uplink.parts import STATION, Bench


def welcome_for(bench: Bench) -> bytes:
    """The county's answer to the newest birth."""
    birth = next(sent for sent in reversed(bench.link.sent) if sent.leaf == "birth")
    [(_, payload)] = bench.book.hear(topic(shard=0, station=STATION, leaf="birth"), birth.payload)
    return payload


def quiet_bench() -> Bench:
    bench = Bench()
    bench.silent_broker = True
    bench.connect()
    return bench


def test_a_prompt_answer_tells_the_time_once() -> None:
    bench = quiet_bench()
    asked = bench.clock.now
    bench.clock.now += 2_000
    welcome = welcome_for(bench)
    bench.say("welcome", welcome)
    bench.say("welcome", welcome)
    assert bench.host.times == [(1_760_000_000_000, asked, asked + 2_000)]


def test_a_late_answer_tells_no_time_but_is_an_answer() -> None:
    bench = quiet_bench()
    bench.clock.now += 2_001
    bench.say("welcome", welcome_for(bench))
    assert not bench.host.times
    assert bench.uplink.state == "connected"


def test_an_answer_to_another_connection_is_none() -> None:
    bench = quiet_bench()
    old = welcome_for(bench)
    bench.drop()
    bench.wait(5_000, play=False)
    bench.connect()
    bench.say("welcome", old)
    assert not bench.host.times
    assert bench.uplink.state == "connecting"


def test_an_answer_kept_back_past_a_second_birth_tells_no_time() -> None:
    bench = quiet_bench()
    kept_back = welcome_for(bench)
    bench.uplink.handle(Delivered(bench.attempt, bench.link.sent[-1].ticket, 0))
    bench.wait(21_000, play=False)
    assert bench.leaves().count("birth") == 2
    bench.say("welcome", kept_back)
    assert not bench.host.times


def test_a_birth_that_nobody_heard_does_not_spoil_the_next() -> None:
    bench = quiet_bench()
    bench.uplink.handle(Delivered(bench.attempt, bench.link.sent[-1].ticket, 0x10))
    bench.wait(3_000, play=False)
    assert bench.leaves().count("birth") == 2
    bench.say("welcome", welcome_for(bench))
    assert len(bench.host.times) == 1
