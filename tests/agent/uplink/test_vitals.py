"""When vitals are sent, and when they include the health."""

import msgspec

from agent.uplink.vitals_sender import HEALTH_EVERY_MS, HealthPace
from protocol.health import DeviceHealth, Health, Machine
from tests.agent.uplink.bench import UplinkBench

CALM = Health(
    machine=Machine(temperature_c=50, undervoltage="no", link="modem", signal_percent=60),
    devices=[DeviceHealth(name="pcsc", kind="reader", ready=True)],
)


def changed(**machine: object) -> Health:
    return Health(machine=msgspec.structs.replace(CALM.machine, **machine), devices=CALM.devices)


def test_vitals_come_at_connect_at_changes_and_every_quarter_of_an_hour() -> None:
    bench = UplinkBench()
    bench.connect()
    assert [vitals.waiting for vitals in bench.book.vitals] == [1]
    bench.wait(61_000)
    assert [vitals.waiting for vitals in bench.book.vitals] == [1, 0]
    bench.wait(898_000)
    assert len(bench.book.vitals) == 2
    bench.wait(62_000)
    assert len(bench.book.vitals) == 3
    for ready in (False, True, False):
        bench.host.camera_ready = ready
        bench.wait(5_000)
    bench.wait(60_000)
    assert len(bench.book.vitals) == 4
    assert not bench.book.vitals[-1].camera_ready


def test_an_idle_day_says_little() -> None:
    bench = UplinkBench()
    bench.connect()
    bench.wait(120_000)
    sent = len(bench.link.sent)
    bench.wait(24 * 3_600_000)
    said = bench.link.sent[sent:]
    assert {item.leaf for item in said} == {"vitals"}
    assert sum(len(item.payload) for item in said) < 60_000


def test_the_health_is_said_at_connect_and_then_once_an_hour() -> None:
    pace = HealthPace()
    pace.begin()
    assert pace.pick(CALM, now_ms=0) == CALM
    assert pace.pick(CALM, now_ms=HEALTH_EVERY_MS - 1) is None
    assert pace.pick(changed(temperature_c=61), now_ms=HEALTH_EVERY_MS) == changed(temperature_c=61)
    pace.begin()
    assert pace.pick(CALM, now_ms=HEALTH_EVERY_MS + 1) == CALM


def test_only_what_matters_is_a_change_of_health() -> None:
    pace = HealthPace()
    pace.pick(CALM, now_ms=0)
    assert not pace.changed(changed(temperature_c=70, signal_percent=20, memory_free_kib=5))
    assert pace.changed(changed(undervoltage="now"))
    assert pace.changed(changed(link="wifi"))
    assert pace.changed(msgspec.structs.replace(CALM, devices=[]))
    assert pace.changed(msgspec.structs.replace(CALM, camera_untried=True))
    assert not pace.changed(None)


def test_a_change_of_health_goes_out_within_a_minute_and_an_idle_day_stays_small() -> None:
    bench = UplinkBench()
    bench.host.health = CALM
    bench.connect()
    bench.wait(61_000)
    assert [vitals.health for vitals in bench.book.vitals] == [CALM, None]
    bench.host.health = changed(undervoltage="now")
    bench.wait(61_000)
    assert bench.book.vitals[-1].health == changed(undervoltage="now")
    before = len(bench.link.sent)
    bench.wait(24 * 3_600_000)
    vitals = bench.book.vitals[3:]
    assert 23 <= sum(one.health is not None for one in vitals) <= 25
    assert sum(len(item.payload) for item in bench.link.sent[before:]) < 60_000
