"""The county's signed time is believed only as the prompt answer to this connection's question."""

from agent.events import Delivered
from protocol.birth import NOT_TOLD, Birth
from protocol.codec import decode
from protocol.topics import topic
from tests.agent.uplink.bench import STATION, UplinkBench


def welcome_for(bench: UplinkBench) -> bytes:
    """The county's answer to the newest birth, which nobody has delivered yet."""
    birth = next(sent for sent in reversed(bench.link.sent) if sent.leaf == "birth")
    [(_, payload)] = bench.book.hear(topic(shard=0, station=STATION, leaf="birth"), birth.payload)
    return payload


def quiet_bench() -> UplinkBench:
    bench = UplinkBench()
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


def births(bench: UplinkBench) -> list[Birth]:
    return [decode(sent.payload, Birth) for sent in bench.link.sent if sent.leaf == "birth"]


def late_bench() -> UplinkBench:
    """Connected, and the first welcome came too late to tell the time."""
    bench = quiet_bench()
    bench.host.time_wanted = True
    bench.clock.now += 2_001
    bench.uplink.handle(Delivered(bench.attempt, bench.link.sent[-1].ticket, 0))
    bench.heard = len(bench.link.sent)
    bench.say("welcome", welcome_for(bench))
    bench.silent_broker = False
    bench.play()
    return bench


def test_where_the_time_is_wanted_it_is_asked_again_on_the_same_connection() -> None:
    bench = late_bench()
    bench.wait(30_000)
    first, again = births(bench)
    assert (again.nonce, again.question is not None, first.question) == (first.nonce, True, None)
    assert [wall for wall, _, _ in bench.host.times] == [1_760_000_000_000]
    assert len(bench.link.attempts) == 1
    assert bench.uplink.state == "connected"


def test_while_the_time_is_wanted_it_is_asked_for_ever_more_seldom_up_to_ten_minutes() -> None:
    bench = late_bench()
    bench.book.wall_ms = lambda: NOT_TOLD
    bench.wait(2 * 3_600_000)
    asked = len(births(bench)) - 1
    assert not bench.host.times, "a county that does not tell tells no time"
    assert bench.host.untold == asked, "and the station knows that it is the county"
    assert 12 <= asked <= 17
    assert len({birth.question for birth in births(bench)}) == asked + 1


def test_where_the_time_is_known_it_is_not_asked_again() -> None:
    bench = late_bench()
    bench.host.time_wanted = False
    bench.wait(3_600_000)
    assert len(births(bench)) == 1


def test_the_answer_to_an_earlier_question_tells_no_time() -> None:
    bench = late_bench()
    bench.silent_broker = True
    bench.wait(30_000, play=False)
    kept_back = welcome_for(bench)
    bench.uplink.handle(Delivered(bench.attempt, bench.link.sent[-1].ticket, 0))
    bench.wait(60_000, play=False)
    assert len(births(bench)) == 3
    bench.say("welcome", kept_back)
    assert not bench.host.times
    bench.say("welcome", welcome_for(bench))
    assert len(bench.host.times) == 1


def test_a_birth_said_again_for_want_of_an_answer_asks_anew() -> None:
    bench = quiet_bench()
    bench.uplink.handle(Delivered(bench.attempt, bench.link.sent[-1].ticket, 0))
    bench.wait(7_000, play=False)
    bench.say("welcome", welcome_for(bench))
    assert len(bench.host.times) == 1


def test_a_second_birth_that_nobody_heard_makes_the_first_no_younger() -> None:
    """The first birth was delivered. If the third had the same question, the first answer would pass for prompt."""
    bench = quiet_bench()
    kept_back = welcome_for(bench)
    bench.uplink.handle(Delivered(bench.attempt, bench.link.sent[-1].ticket, 0))
    bench.wait(21_000, play=False)
    bench.uplink.handle(Delivered(bench.attempt, bench.link.sent[-1].ticket, 0x10))
    bench.wait(15_000, play=False)
    assert len(births(bench)) >= 3
    bench.say("welcome", kept_back)
    assert not bench.host.times


def test_an_older_county_answers_with_the_connections_name_and_is_understood() -> None:
    bench = late_bench()
    bench.book.knows_questions = False
    bench.wait(30_000)
    assert len(births(bench)) == 2
    assert not bench.host.times
    assert bench.uplink.state == "connected"


def test_a_birth_states_the_countys_generation() -> None:
    bench = quiet_bench()
    bench.outbox.generation = 7
    bench.drop()
    bench.wait(5_000, play=False)
    bench.connect()
    assert births(bench)[-1].generation == 7
