"""Facts on their way up: in order, once each, safe only by the county's receipt."""

from protocol.receipts import Receipt, seal_receipt
from tests.agent.uplink.bench import STATION, UplinkBench, some_facts


def bodies(bench: UplinkBench) -> list[bytes]:
    return [fact.body for fact in bench.outbox.facts]


def test_a_backlog_goes_up_in_order_and_is_receipted() -> None:
    bench = UplinkBench()
    bench.outbox.commit(*some_facts(450))
    bench.connect()
    assert bench.book.bodies(STATION) == bodies(bench)
    assert bench.outbox.receipted == 451
    assert bench.leaves().count("facts") == 3


def test_one_envelope_is_in_flight() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.silent_broker = True
    sent = len(bench.link.sent)
    bench.commit("a")
    bench.commit("b")
    bench.commit("c")
    assert bench.leaves()[sent:] == ["facts"]
    bench.silent_broker = False
    bench.play()
    assert bench.leaves()[sent:] == ["facts", "facts"]
    assert bench.book.bodies(STATION) == bodies(bench)


def test_a_broker_acknowledgement_is_no_receipt() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.book.silent.add("facts")
    bench.commit("a")
    bench.play()
    assert bench.outbox.receipted == 1


def test_a_lost_receipt_costs_one_repetition() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.book.silent.add("facts")
    bench.commit("a")
    bench.play()
    bench.book.silent.clear()
    bench.wait(21_000)
    assert bench.outbox.receipted == 2
    assert bench.book.bodies(STATION) == bodies(bench)


def test_without_any_receipt_the_station_asks_where_it_stands() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.book.silent.add("facts")
    bench.commit("a")
    bench.wait(60_000)
    bench.book.silent.clear()
    bench.wait(10_000)
    assert len(bench.book.births) >= 2
    assert bench.outbox.receipted == 2


def test_an_unheard_county_costs_little_and_nothing_is_lost() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.reason_code = 0x10
    bench.outbox.commit(*some_facts(200))
    bench.uplink.facts_committed()
    bench.wait(3_600_000)
    assert bench.leaves().count("facts") <= 2, "the backlog is not pumped into a void"
    assert bench.leaves().count("birth") <= 120
    assert len(bench.link.attempts) == 1, "the connection itself is well"
    bench.reason_code = 0
    bench.wait(300_000)
    assert bench.book.bodies(STATION) == bodies(bench)
    assert bench.uplink.state == "connected"


def test_a_broker_that_refuses_is_an_alarm_once_an_hour() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.reason_code = 0x87
    bench.commit("a")
    bench.wait(1_800_000)
    assert bench.host.alarms.count(("facts_refused", "major")) == 1
    assert bench.host.alarms.count(("birth_refused", "major")) == 1


def test_repeated_and_old_receipts_change_nothing() -> None:
    bench = UplinkBench()
    bench.connect()
    old = bench.book.receipt(STATION, bench.outbox.epoch)
    bench.commit("a")
    bench.play()
    new = bench.book.receipt(STATION, bench.outbox.epoch)
    sent = len(bench.link.sent)
    for receipt in (new, old, new, old):
        bench.say("receipt", receipt)
    assert bench.outbox.receipted == 2
    assert len(bench.link.sent) == sent


def test_a_receipt_may_cover_a_part() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.silent_broker = True
    bench.outbox.commit(*some_facts(5))
    bench.uplink.facts_committed()
    part = Receipt(station=STATION, epoch=bench.outbox.epoch, through=3, head=bench.outbox.heads[3], generation=1)
    bench.say("receipt", seal_receipt(bench.book.key, part))
    assert bench.outbox.receipted == 3
    bench.silent_broker = False
    bench.play()
    assert bench.book.bodies(STATION) == bodies(bench)


def test_a_receipt_for_other_facts_leads_to_a_new_birth_not_to_a_mark() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.commit("a")
    bench.play()
    false = Receipt(station=STATION, epoch=bench.outbox.epoch, through=2, head=bytes(32), generation=1)
    marked = len(bench.outbox.receipts)
    bench.say("receipt", seal_receipt(bench.book.key, false))
    assert len(bench.outbox.receipts) == marked
    bench.wait(10_000)
    assert len(bench.book.births) == 2


def test_facts_survive_any_number_of_lost_connections() -> None:
    bench = UplinkBench()
    for number in range(20):
        bench.outbox.commit(*some_facts(3))
        bench.connect()
        if number % 3:
            bench.silent_broker = True
            bench.commit("more")
            bench.drop()
            bench.heard = len(bench.link.sent)
            bench.silent_broker = False
        else:
            bench.drop()
        bench.wait(5_000)
    bench.connect()
    assert bench.book.bodies(STATION) == bodies(bench)
