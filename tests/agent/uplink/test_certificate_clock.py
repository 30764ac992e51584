"""A clock in the far future: one connection for time only tells the time, and no date shuts the station out."""

from agent.events import LinkDown, LinkUp
from protocol.commands import Command, seal_command
from tests.agent.uplink.bench import STATION, UplinkBench

WALL = 1_760_000_000_000


def refused_for_its_dates(bench: UplinkBench) -> None:
    bench.link.is_open = False
    bench.uplink.handle(LinkDown(bench.attempt, "certificate has expired", dates_refused=True))


def dial_for_time_only(bench: UplinkBench) -> None:
    """Have a certificate refused for its dates, and let the attempt begin that is for time only."""
    bench.uplink.tick()
    refused_for_its_dates(bench)
    bench.wait(5_000, play=False)
    assert bench.link.judged_at == ["system", "never"]


def test_time_comes_first_and_then_an_ordinary_connection_judged_by_it() -> None:
    bench = UplinkBench()
    dial_for_time_only(bench)
    bench.commit("a")
    bench.uplink.handle(LinkUp(attempt=2))
    bench.play()
    assert bench.leaves() == ["birth"], "nothing but the question for the time"
    assert [wall for wall, _, _ in bench.host.times] == [WALL]
    assert bench.attempt == 3
    judged_at = bench.link.judged_at[2]
    assert isinstance(judged_at, int)
    assert abs(judged_at - WALL) <= 2_000
    bench.uplink.handle(LinkUp(attempt=3))
    bench.play()
    assert bench.outbox.receipted == 2


def test_a_connection_for_time_takes_nothing_else() -> None:
    bench = UplinkBench()
    dial_for_time_only(bench)
    bench.silent_broker = True
    bench.uplink.handle(LinkUp(attempt=2))
    command = Command(id=bytes(16), station=STATION, order="identify", not_after=2**50, issuer="operator", reason="")
    bench.say("command", seal_command(bench.book.key, command))
    bench.say("command", seal_command(bench.book.key, command), retained=True)
    bench.say("receipt", bench.book.receipt(STATION, bench.outbox.epoch))
    assert not bench.host.commands
    assert not bench.host.refused
    assert not bench.outbox.receipts
    bench.clock.now += 2_500
    bench.silent_broker = False
    bench.play()
    assert not bench.host.times, "too late to be believed"
    assert not bench.outbox.receipts, "nor anything else of what the welcome says"
    assert bench.uplink.state == "offline"
    bench.wait(5_000, play=False)
    assert bench.link.judged_at[2] == "never", "tried again"


def test_a_certificate_that_really_is_over_opens_nothing() -> None:
    bench = UplinkBench()
    dial_for_time_only(bench)
    bench.uplink.handle(LinkUp(attempt=2))
    bench.play()
    refused_for_its_dates(bench)
    bench.wait(5_000, play=False)
    assert bench.link.judged_at[3] == "system"
    assert bench.uplink.state == "offline"
    assert set(bench.leaves()) == {"birth"}
