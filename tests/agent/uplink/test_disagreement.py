"""An SD card that was rolled back or cloned, and a county that was restored from a backup."""

from agent.events import LinkUp
from protocol.birth import Match, seal_match
from protocol.facts import EpochOpened, Reissued, decode_fact
from protocol.topics import topic
from tests.agent.uplink.bench import STATION, UplinkBench, help_asked


def known(bench: UplinkBench) -> set[bytes]:
    """The bodies of all facts that the county has. A reissue counts as its fact."""
    bodies = bench.book.bodies(STATION)
    read = [decode_fact(body) for body in bodies]
    return {*bodies, *(fact.body for fact in read if isinstance(fact, Reissued))}


def sent_some(bench: UplinkBench) -> None:
    bench.connect()
    bench.commit(*"abcdef")
    bench.play()
    assert bench.outbox.receipted == 7


def reconnect(bench: UplinkBench) -> None:
    bench.drop()
    bench.wait(5_000)
    bench.uplink.handle(LinkUp(attempt=bench.attempt))
    bench.play()


def test_an_older_copy_of_the_outbox_opens_a_new_epoch() -> None:
    bench = UplinkBench()
    sent_some(bench)
    bench.outbox.roll_back(4)
    reconnect(bench)
    assert bench.outbox.opened == [("ahead", 4)]
    first = decode_fact(bench.outbox.facts[0].body)
    assert isinstance(first, EpochOpened)
    assert bench.outbox.through == 1, "all that the copy holds is with the county already"
    assert ("stream_ahead", "critical") in bench.host.alarms
    assert bench.uplink.state == "connected"


def test_what_was_green_on_the_older_copy_is_reissued() -> None:
    bench = UplinkBench()
    sent_some(bench)
    bench.outbox.roll_back(4)
    bench.outbox.commit(help_asked("after the roll-back"))
    green = bench.outbox.facts[-1].body
    reconnect(bench)
    assert bench.outbox.opened == [("ahead", 4)]
    assert green in known(bench)
    assert bench.outbox.receipted == bench.outbox.through


def test_a_stream_that_went_another_way_opens_a_new_epoch() -> None:
    bench = UplinkBench()
    sent_some(bench)
    bench.outbox.roll_back(4)
    bench.outbox.commit(*(help_asked(f"other {n}") for n in range(10)))
    green = [fact.body for fact in bench.outbox.facts]
    reconnect(bench)
    assert bench.outbox.opened == [("differs", 4)]
    assert set(green) <= known(bench)
    assert len(bench.book.streams) == 2
    assert ("stream_differs", "critical") in bench.host.alarms


def test_an_unanswered_comparison_is_asked_again() -> None:
    bench = UplinkBench()
    sent_some(bench)
    bench.outbox.roll_back(4)
    bench.book.silent.add("compare")
    reconnect(bench)
    assert not bench.outbox.opened
    bench.book.silent.clear()
    bench.wait(21_000)
    assert bench.outbox.opened == [("ahead", 4)]


def test_a_county_restored_from_a_backup_gets_what_it_lost() -> None:
    bench = UplinkBench()
    sent_some(bench)
    kept = bench.book.kept(STATION, bench.outbox.epoch)
    del kept.bodies[3:], kept.heads[4:]
    bench.book.generation = 2
    reconnect(bench)
    assert not bench.outbox.opened
    assert bench.book.bodies(STATION) == [fact.body for fact in bench.outbox.facts]
    assert bench.outbox.receipted == 7
    assert not bench.host.alarms, "the county says itself that it was restored"


def test_a_county_that_lost_facts_while_connected_is_found_out() -> None:
    bench = UplinkBench()
    sent_some(bench)
    kept = bench.book.kept(STATION, bench.outbox.epoch)
    del kept.bodies[3:], kept.heads[4:]
    bench.commit("g")
    bench.wait(120_000)
    assert bench.book.bodies(STATION) == [fact.body for fact in bench.outbox.facts]
    assert ("county_lost_facts", "major") in bench.host.alarms


def test_a_county_that_knows_nothing_gets_everything() -> None:
    bench = UplinkBench()
    sent_some(bench)
    bench.book.streams.clear()
    bench.book.generation = 2
    reconnect(bench)
    assert bench.book.bodies(STATION) == [fact.body for fact in bench.outbox.facts]


def test_a_late_welcome_for_the_stream_that_ended_ends_no_other() -> None:
    bench = UplinkBench()
    sent_some(bench)
    bench.outbox.roll_back(4)
    bench.drop()
    bench.wait(5_000)
    bench.uplink.handle(LinkUp(attempt=bench.attempt))
    [(_, for_the_old)] = bench.book.hear(topic(shard=0, station=STATION, leaf="birth"), bench.link.sent[-1].payload)
    bench.step()
    bench.step()
    assert bench.leaves()[-2:] == ["compare", "birth"]
    bench.say("welcome", for_the_old)
    bench.play()
    assert bench.outbox.opened == [("ahead", 4)]
    assert bench.uplink.state == "connected"


def test_a_welcome_that_comes_twice_sends_nothing_again() -> None:
    bench = UplinkBench()
    bench.silent_broker = True
    bench.connect()
    [(_, welcome)] = bench.book.hear(topic(shard=0, station=STATION, leaf="birth"), bench.link.sent[0].payload)
    bench.silent_broker = False
    bench.play()
    sent = len(bench.link.sent)
    bench.say("welcome", welcome)
    bench.play()
    assert len(bench.link.sent) == sent


def test_a_match_for_something_else_ends_no_stream() -> None:
    bench = UplinkBench()
    sent_some(bench)
    bench.outbox.roll_back(4)
    bench.book.silent.add("compare")
    reconnect(bench)
    for epoch, through in ((bytes(16), 4), (bench.outbox.epoch, 5)):
        bench.say("match", seal_match(bench.book.key, Match(station=STATION, epoch=epoch, through=through)))
    assert not bench.outbox.opened


def test_a_match_that_nobody_asked_for_changes_nothing() -> None:
    bench = UplinkBench()
    sent_some(bench)
    bench.say("match", seal_match(bench.book.key, Match(station=STATION, epoch=bench.outbox.epoch, through=7)))
    assert not bench.outbox.opened
