"""When the station connects, how long it waits, and when it gives a connection up."""

from collections.abc import Callable

from agent.events import Delivered, LinkDown, LinkUp
from agent.uplink.reconnector import SHORTEST_WAIT_MS, Backoff, wait_cap_ms
from protocol.birth import Gone
from protocol.codec import decode
from tests.agent.uplink.bench import STATION, UplinkBench


def test_the_cap_grows_with_the_trouble() -> None:
    assert wait_cap_ms(0) == wait_cap_ms(119_999) == 5_000
    assert wait_cap_ms(120_000) == wait_cap_ms(599_999) == 30_000
    assert wait_cap_ms(600_000) == wait_cap_ms(10**9) == 300_000


def test_a_wait_is_drawn_from_the_whole_span() -> None:
    draws = iter([0.0, 0.5, 0.999])
    backoff = Backoff(lambda: next(draws))
    assert [backoff.wait_ms(0) for _ in range(3)] == [SHORTEST_WAIT_MS, 2_500, 4_995]


def test_the_first_attempt_comes_at_once_and_leaves_a_will() -> None:
    bench = UplinkBench()
    bench.uplink.tick()
    [(attempt, keepalive_s, will)] = bench.link.attempts
    gone = decode(will, Gone)
    assert (attempt, keepalive_s, gone.station, gone.reason) == (1, 240, STATION, "broken")


def attempts_by_five_minutes(bench: UplinkBench, dialled: Callable[[], None]) -> list[int]:
    """Return how often the broker was dialled in each of four spans of five minutes.

    Args:
        dialled: Plays what becomes of an attempt.
    """
    counts = []
    for _ in range(4):
        before = len(bench.link.attempts)
        end = bench.clock.now + 300_000
        while bench.clock.now < end:
            due = bench.uplink.tick()
            if bench.link.is_open:
                dialled()
            else:
                bench.clock.now = min(end, due)
        counts.append(len(bench.link.attempts) - before)
    return counts


def test_a_dead_broker_is_tried_ever_more_rarely() -> None:
    bench = UplinkBench(jitter=lambda: 0.99)
    counts = attempts_by_five_minutes(bench, lambda: bench.drop("connection refused"))
    assert counts[0] <= 33
    assert counts[-1] <= 2
    assert bench.host.states == ["offline"]


def test_a_connection_that_never_holds_is_tried_ever_more_rarely() -> None:
    """Each costs some kilobytes of a metered line."""
    bench = UplinkBench(jitter=lambda: 0.99)

    def flap() -> None:
        bench.uplink.handle(LinkUp(attempt=bench.attempt))
        bench.play()
        assert bench.uplink.state == "connected"
        bench.clock.now += 10_000
        bench.drop()

    counts = attempts_by_five_minutes(bench, flap)
    assert counts[0] <= 20
    assert counts[-1] <= 2


def test_a_touch_tries_at_once() -> None:
    bench = UplinkBench(jitter=lambda: 0.99)
    bench.uplink.tick()
    bench.drop()
    bench.clock.now += 700_000
    bench.uplink.tick()
    bench.drop()
    bench.clock.now += 6_000
    assert len(bench.link.attempts) == 2
    bench.commit("home")
    assert len(bench.link.attempts) == 3


def test_a_storm_of_touches_does_not_hammer_on_a_dead_broker() -> None:
    bench = UplinkBench(jitter=lambda: 0.99)
    for _ in range(6_000):
        bench.clock.now += 10
        bench.commit("home")
        bench.uplink.tick()
        if bench.link.is_open:
            bench.drop("connection refused")
    assert len(bench.link.attempts) <= 60_000 / 4_000


def test_an_attempt_that_says_nothing_is_given_up() -> None:
    bench = UplinkBench()
    bench.uplink.tick()
    bench.wait(46_000, play=False)
    assert bench.link.hung_up >= 1
    bench.uplink.handle(LinkUp(attempt=1))
    assert not bench.link.sent


def test_events_of_an_earlier_connection_are_ignored() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.drop()
    bench.wait(5_000)
    assert bench.attempt == 2
    bench.uplink.handle(LinkUp(attempt=2))
    bench.uplink.handle(LinkDown(attempt=1, reason="late news"))
    bench.play()
    assert bench.uplink.state == "connected"


def test_keepalive_is_short_in_duty_hours_and_changes_with_them_at_rest() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.host.duty = True
    bench.wait(31_000)
    bench.uplink.handle(LinkUp(attempt=bench.attempt))
    bench.wait(600_000)
    assert [keepalive for _, keepalive, _ in bench.link.attempts] == [240, 60]


def test_a_keepalive_change_waits_for_the_facts() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.book.silent.add("facts")
    bench.host.duty = True
    bench.commit("home")
    bench.wait(15_000)
    assert len(bench.link.attempts) == 1


def test_a_keepalive_change_waits_for_a_live_view() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.uplink.expect_frames(True)
    bench.host.duty = True
    bench.wait(60_000)
    assert len(bench.link.attempts) == 1
    bench.uplink.expect_frames(False)
    bench.wait(31_000)
    assert [keepalive for _, keepalive, _ in bench.link.attempts] == [240, 60]


def test_silence_ends_a_connection_only_while_something_waits() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.silent_broker = True
    bench.wait(600_000)
    assert len(bench.link.attempts) == 1
    bench.commit("home")
    began = bench.clock.now
    bench.wait(89_000)
    assert bench.link.is_open
    assert len(bench.link.attempts) == 1
    bench.wait(8_000)
    assert len(bench.link.attempts) == 2
    assert bench.clock.now - began <= 97_000


def test_what_only_left_the_machine_is_no_answer() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.silent_broker = True
    bench.commit("home")
    bench.host.camera_ready = False
    bench.wait(61_000, play=False)
    for sent in bench.link.sent[bench.heard :]:
        if sent.qos == 0:
            bench.uplink.handle(Delivered(bench.attempt, sent.ticket, 0))
    assert "vitals" in [sent.leaf for sent in bench.link.sent[bench.heard :]]
    bench.wait(36_000)
    assert len(bench.link.attempts) == 2


def test_an_answer_to_one_thing_does_not_answer_the_other() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.commit("home")
    bench.say("receipt", bench.book.receipt(STATION, bench.outbox.epoch))
    bench.wait(80_000, play=False)
    assert bench.link.is_open, "something was heard"
    bench.wait(18_000, play=False)
    assert len(bench.link.attempts) == 2, "and the facts have no answer still"


def test_a_farewell_says_why() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.uplink.say_gone("shutdown")
    assert bench.link.sent[-1].leaf == "gone"
    gone = decode(bench.link.sent[-1].payload, Gone)
    assert (gone.reason, gone.nonce) == ("shutdown", bench.book.births[-1].nonce)
    assert not bench.link.is_open


def test_a_publish_on_a_dead_connection_is_a_lost_connection() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.link.is_open = False
    bench.commit("home")
    assert bench.uplink.state == "offline"
    bench.wait(5_000)
    bench.uplink.handle(LinkUp(attempt=bench.attempt))
    bench.play()
    assert len(bench.book.bodies(STATION)) == 2
