"""A station writes for its reader: what a county of an older contract can't read is not sent to it."""

from agent.uplink.county_contract import CountyContract
from protocol import MINOR
from protocol.health import DeviceHealth, Health
from tests.agent.uplink.bench import UplinkBench
from tests.fakes.state import MemoryState

DEVICES = [
    DeviceHealth(name="pcsc", kind="reader", ready=True),
    DeviceHealth(name="speaker", kind="speaker", ready=True),
]


def bench_with(contract: int, state: MemoryState | None = None) -> UplinkBench:
    bench = UplinkBench(state=state or MemoryState())
    bench.book.contract = contract
    bench.host.health = Health(devices=DEVICES)
    bench.host.saving = ("blobs", "packs")
    return bench


def test_a_birth_says_which_contract_the_station_speaks() -> None:
    bench = bench_with(0)
    bench.connect()
    assert bench.book.births[0].contract == MINOR


def test_a_county_of_an_older_contract_gets_no_later_word() -> None:
    bench = bench_with(0)
    bench.connect()
    [vitals] = bench.book.vitals
    assert vitals.saving == ["blobs"]
    assert vitals.health is not None
    assert [device.name for device in vitals.health.devices] == ["pcsc"]


def test_a_county_of_this_contract_gets_all() -> None:
    bench = bench_with(MINOR)
    bench.connect()
    [vitals] = bench.book.vitals
    assert vitals.saving == ["blobs", "packs"]
    assert vitals.health == Health(devices=DEVICES)


def test_what_the_county_speaks_is_known_after_a_restart() -> None:
    state = MemoryState()
    bench_with(MINOR, state).connect()
    assert CountyContract(state).minor == MINOR


def test_a_county_that_went_back_a_release_is_written_for_again() -> None:
    bench = bench_with(MINOR)
    bench.connect()
    bench.book.contract = 0
    bench.drop()
    bench.wait(10_000, play=False)
    bench.connect()
    assert bench.book.vitals[-1].saving == ["blobs"]
