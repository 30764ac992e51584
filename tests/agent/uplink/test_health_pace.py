"""The health is said at connect, at a change that matters, and once an hour."""

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


def test_it_is_said_at_connect_and_then_once_an_hour() -> None:
    pace = HealthPace()
    pace.begin()
    assert pace.pick(CALM, now_ms=0) == CALM
    assert pace.pick(CALM, now_ms=HEALTH_EVERY_MS - 1) is None
    assert pace.pick(changed(temperature_c=61), now_ms=HEALTH_EVERY_MS) == changed(temperature_c=61)
    pace.begin()
    assert pace.pick(CALM, now_ms=HEALTH_EVERY_MS + 1) == CALM


def test_only_what_matters_is_a_change() -> None:
    pace = HealthPace()
    pace.pick(CALM, now_ms=0)
    assert not pace.changed(changed(temperature_c=70, signal_percent=20, memory_free_kib=5))
    assert pace.changed(changed(undervoltage="now"))
    assert pace.changed(changed(link="wifi"))
    assert pace.changed(msgspec.structs.replace(CALM, devices=[]))
    assert pace.changed(msgspec.structs.replace(CALM, camera_untried=True))
    assert not pace.changed(None)


def test_a_change_that_matters_goes_out_within_a_minute_and_an_idle_day_stays_small() -> None:
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
