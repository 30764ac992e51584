"""A county restored from a backup older than the current stream gets back the facts of earlier streams, too."""

import pytest

from agent.events import LinkUp
from agent.uplink import agreement
from protocol.birth import Compare, Match, seal_match
from protocol.codec import decode
from protocol.facts import HelpAsked, Reissued, decode_fact
from tests.agent.uplink.bench import STATION, UplinkBench, help_asked


def screens(bench: UplinkBench) -> list[str]:
    """The screens of all `HelpAsked` facts that the county has. A reissued fact counts under its first name."""
    said: dict[tuple[bytes, int], str] = {}
    for (_, epoch), kept in bench.book.streams.items():
        for seq, body in enumerate(kept.bodies, 1):
            fact, name = decode_fact(body), (epoch, seq)
            if isinstance(fact, Reissued):
                name, fact = (fact.epoch, fact.seq), decode_fact(fact.body)
            if isinstance(fact, HelpAsked):
                said[name] = fact.screen
    return sorted(said.values())


def two_streams_ended(bench: UplinkBench) -> None:
    """``a`` to ``f`` are in the first stream, ``g`` to ``i`` in the second, ``j`` in the third; all with the county."""
    bench.connect()
    bench.commit(*"abcdef")
    bench.play()
    end_the_stream(bench)
    bench.commit(*"ghi")
    bench.play()
    end_the_stream(bench)
    bench.commit("j")
    bench.play()
    assert len(bench.outbox.ended) == 2
    assert screens(bench) == list("abcdefghij")


def end_the_stream(bench: UplinkBench) -> None:
    """End the current stream: a clone of the SD card sends a fact which this one does not have."""
    other = f"other {bench.outbox.through}"
    bench.outbox.commit(help_asked(other))
    bench.uplink.facts_committed()
    bench.play()
    bench.outbox.roll_back(bench.outbox.through - 1)
    reconnect(bench)
    kept = [kept for kept in bench.book.streams.values() if kept.through and other.encode() in kept.bodies[-1]]
    del kept[0].bodies[-1], kept[0].heads[-1]


def restore(bench: UplinkBench, *, first: int = 0, generation: int = 2) -> None:
    """Restore the county from a backup with the first ``first`` facts of the first stream, and nothing else."""
    kept = next(iter(bench.book.streams.values()))
    epoch = bench.outbox.ended[-1][0].epoch
    del kept.bodies[first:], kept.heads[first + 1 :]
    bench.book.streams.clear()
    bench.book.streams[(STATION, epoch)] = kept
    bench.book.generation = generation


def reconnect(bench: UplinkBench) -> None:
    bench.drop()
    come_back(bench)


def come_back(bench: UplinkBench) -> None:
    bench.heard = len(bench.link.sent)
    bench.wait(5_000)
    bench.uplink.handle(LinkUp(attempt=bench.attempt))
    bench.play()


def step(bench: UplinkBench) -> None:
    """Let one thing happen."""
    if bench.heard < len(bench.link.sent):
        bench.step()
    else:
        bench.wait(2, play=False)


def compares(bench: UplinkBench) -> list[bytes]:
    return [decode(sent.payload, Compare).epoch for sent in bench.link.sent if sent.leaf == "compare"]


def expect_all_receipted(bench: UplinkBench) -> None:
    """Wait a second: then the county must have receipted every fact."""
    bench.wait(1_000)
    assert bench.uplink.state == "connected"
    assert bench.outbox.receipted == bench.outbox.through


def test_nothing_is_asked_of_a_county_that_was_not_restored() -> None:
    bench = UplinkBench()
    two_streams_ended(bench)
    asked = len(compares(bench))
    for _ in range(3):
        reconnect(bench)
    assert len(compares(bench)) == asked


@pytest.mark.parametrize("first", [0, 1, 4, 7])
def test_what_the_county_lost_of_every_stream_is_reissued(first: int) -> None:
    bench = UplinkBench()
    two_streams_ended(bench)
    restore(bench, first=first)
    asked, before = len(compares(bench)), list(bench.host.alarms)
    reconnect(bench)
    expect_all_receipted(bench)
    assert screens(bench) == list("abcdefghij")
    assert bench.outbox.generation == 2
    assert compares(bench)[asked:] == [earlier.epoch for earlier, _ in bench.outbox.ended]
    assert bench.host.alarms == before, "the county says itself that it was restored"
    size = bench.outbox.through
    reconnect(bench)
    expect_all_receipted(bench)
    assert bench.outbox.through == size, "it is not asked again"


def test_the_new_generation_is_not_stored_before_everything_is_reissued() -> None:
    bench = UplinkBench()
    two_streams_ended(bench)
    restore(bench)
    bench.book.silent.add("compare")
    reconnect(bench)
    bench.commit("k")
    bench.wait(30_000)
    assert bench.outbox.generation == 1
    assert bench.uplink.state == "connecting"
    bench.book.silent.clear()
    bench.wait(21_000)
    expect_all_receipted(bench)
    assert screens(bench) == list("abcdefghijk")


def test_a_connection_lost_at_any_moment_goes_on_where_it_stopped() -> None:
    bench = UplinkBench()
    two_streams_ended(bench)
    restore(bench)
    asked = len(compares(bench))
    bench.drop()
    for moment in range(12):
        bench.heard = len(bench.link.sent)
        bench.wait(5_000, play=False)
        bench.uplink.handle(LinkUp(attempt=bench.attempt))
        for _ in range(moment // 2):
            if bench.heard < len(bench.link.sent):
                bench.step()
        bench.drop()
    come_back(bench)
    expect_all_receipted(bench)
    assert screens(bench) == list("abcdefghij")
    again = [
        fact for fact in map(decode_fact, (fact.body for fact in bench.outbox.facts)) if isinstance(fact, Reissued)
    ]
    assert len(again) == len({(fact.epoch, fact.seq) for fact in again}), "one run reissues nothing twice"
    assert len(compares(bench)[asked:]) < 12


def test_a_county_restored_again_in_between_is_asked_from_the_beginning() -> None:
    bench = UplinkBench()
    two_streams_ended(bench)
    restore(bench)
    bench.drop()
    bench.wait(5_000, play=False)
    bench.uplink.handle(LinkUp(attempt=bench.attempt))
    while compares(bench)[-1] != bench.outbox.ended[-1][0].epoch:
        step(bench)
    bench.drop()
    restore_to_nothing(bench, generation=3)
    come_back(bench)
    expect_all_receipted(bench)
    assert screens(bench) == list("abcdefghij")
    assert bench.outbox.generation == 3


def restore_to_nothing(bench: UplinkBench, *, generation: int) -> None:
    bench.book.streams.clear()
    bench.book.generation = generation


def test_a_county_restored_under_a_living_connection_is_asked_too() -> None:
    bench = UplinkBench()
    two_streams_ended(bench)
    restore_to_nothing(bench, generation=2)
    bench.commit("k")
    bench.wait(20_000)
    expect_all_receipted(bench)
    assert screens(bench) == list("abcdefghijk")
    assert bench.outbox.generation == 2


def test_a_long_past_is_reissued_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement, "FACTS_AT_ONCE", 2)
    bench = UplinkBench()
    two_streams_ended(bench)
    restore(bench)
    before = bench.outbox.through
    bench.drop()
    bench.wait(5_000, play=False)
    bench.uplink.handle(LinkUp(attempt=bench.attempt))
    while bench.outbox.through == before:
        step(bench)
    assert bench.outbox.through <= before + 3, "two facts, and an alarm"
    bench.play()
    expect_all_receipted(bench)
    assert screens(bench) == list("abcdefghij")


def test_a_full_disk_is_waited_for() -> None:
    bench = UplinkBench()
    two_streams_ended(bench)
    restore(bench)
    bench.outbox.full = True
    reconnect(bench)
    bench.wait(60_000)
    assert bench.outbox.generation == 1
    bench.outbox.full = False
    bench.wait(30_000)
    expect_all_receipted(bench)
    assert screens(bench) == list("abcdefghij")


def test_a_match_for_something_else_changes_nothing() -> None:
    bench = UplinkBench()
    two_streams_ended(bench)
    restore(bench)
    bench.book.silent.add("compare")
    reconnect(bench)
    asked = bench.outbox.ended[0][0]
    size = bench.outbox.through
    for epoch, through in ((bench.outbox.epoch, 0), (bytes(16), 0), (asked.epoch, asked.matched + 1)):
        bench.say("match", seal_match(bench.book.key, Match(station=STATION, epoch=epoch, through=through)))
    assert bench.outbox.through == size
    assert not bench.outbox.opened[2:]
    bench.book.silent.clear()
    bench.wait(21_000)
    expect_all_receipted(bench)
    assert screens(bench) == list("abcdefghij")


def test_a_comparison_that_nobody_took_is_said_again_after_a_back_off() -> None:
    bench = UplinkBench()
    two_streams_ended(bench)
    restore(bench)
    bench.drop()
    bench.wait(5_000, play=False)
    bench.uplink.handle(LinkUp(attempt=bench.attempt))
    bench.step()
    bench.reason_code = 0x10
    bench.play()
    bench.reason_code = 0
    bench.wait(10_000)
    expect_all_receipted(bench)
    assert screens(bench) == list("abcdefghij")
