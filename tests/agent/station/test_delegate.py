"""What the uplink asks of the core: time, desired state, vitals, alarms."""

from pathlib import Path

import msgspec

from agent.events import MachineSeen
from agent.storage.recent import RecentFacts
from protocol.facts import AlarmRaised, BlobEvicted, ClockCorrected
from protocol.health import Machine
from protocol.kiosk import MAX_LINE_BYTES, decode_from_agent, encode_line
from protocol.twin import Person
from tests.agent.bench import ZHANG, Bench, bench, desired, window
from tests.agent.sample import pack, sealed
from tests.fakes.clockwork import HOUR_MS, FakeSystemClock

DAY_MS = 24 * HOUR_MS


def test_a_boot_that_learns_the_time_says_so(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system, trusted=False) as station:
        host = station.delegate
        host.on_county_time(system.wall, asked_mono_ms=system.mono - 100, answered_mono_ms=system.mono)
        host.on_county_time(system.wall, asked_mono_ms=system.mono - 100, answered_mono_ms=system.mono)
        assert [fact.source for fact in station.of(ClockCorrected)] == ["county"]


def test_a_technician_is_told_that_the_county_does_not_know_the_time(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system, trusted=False) as station:
        host = station.delegate
        host.on_no_county_time()
        host.link_changed("connected", refused=False, identity_shared=False)
        assert host.status(screen=True).county_untold
        host.link_changed("connecting", refused=False, identity_shared=False)
        assert not host.status(screen=True).county_untold
        host.on_no_county_time()
        host.on_county_time(system.wall, asked_mono_ms=system.mono - 100, answered_mono_ms=system.mono)
        assert not host.status(screen=True).county_untold


def test_a_machine_that_the_county_refuses_says_so_at_home_until_it_is_let_in(station: Bench) -> None:
    station.delegate.link_changed("offline", refused=True, identity_shared=False)
    assert station.home.current().county_refuses
    station.delegate.link_changed("connected", refused=False, identity_shared=False)
    assert not station.home.current().county_refuses


def test_that_another_machine_has_the_stations_identity_is_said_at_home_and_to_a_technician(station: Bench) -> None:
    for shared in (True, False):
        station.delegate.link_changed("connecting", refused=False, identity_shared=shared)
        assert station.home.current().identity_shared == shared
        assert station.delegate.status(screen=True).identity_shared == shared


def test_a_desired_state_has_its_packs_fetched(station: Bench) -> None:
    ref, file = sealed(pack())
    station.files[ref.sha256] = file
    host = station.delegate
    assert host.on_desired(desired(version=2, packs=[ref])).version == 2
    assert host.twin_version() == 2
    station.packs.tick()
    assert station.packs.fetched(station.fetched())
    assert host.on_desired(desired(version=1)).refused == 1
    assert station.packs.packs() != []


def test_vitals_and_alarms(station: Bench) -> None:
    host = station.delegate
    for content in (b"one", b"two", b"three"):
        station.blobs.keep(station.blobs.write(content))
    station.lifecycle.reader_changed("fake", ready=True)
    host.alarm("x" * 100, "minor", "y" * 500)
    vitals = host.vitals()
    assert (vitals.reader_ready, vitals.camera_ready, vitals.simulated) == (True, True, True)
    assert (vitals.blobs_waiting, vitals.twin_version) == (3, 1)
    assert vitals.head.through == station.outbox.through
    assert vitals.disk_free_kib > 0
    assert 1_000 < vitals.resident_kib < 1_000_000
    assert [(fact.code, fact.detail) for fact in station.of(AlarmRaised)] == [("x" * 64, "y" * 400)]


def test_duty_is_assumed_while_the_time_is_not_known(tmp_path: Path, station: Bench, system: FakeSystemClock) -> None:
    assert station.delegate.in_duty()
    system.pass_ms(12 * HOUR_MS)
    assert not station.delegate.in_duty()
    (tmp_path / "other").mkdir()
    with bench(tmp_path / "other", system, trusted=False) as other:
        assert other.delegate.in_duty()


def test_a_large_village_still_fits_one_line(station: Bench) -> None:
    people = [Person(id=f"p{n}", name="张" * 64) for n in range(300)]
    windows = [window(f"{n}", 500 + n, 600 + n, *[one.id for one in people]) for n in range(3)]
    station.accept(msgspec.structs.replace(desired(version=2), people=people, cards=[], windows=windows))
    home = station.home.current()
    assert len(encode_line(home)) <= MAX_LINE_BYTES
    assert home.duty


def test_memory_begins_after_facts_that_were_erased(station: Bench) -> None:
    for _ in range(3):
        station.touch(ZHANG)

    class Erased:
        """The outbox after all bodies but the last two were erased."""

        epoch = station.outbox.epoch
        through = station.outbox.through

        def envelope_after(self, seq: int, *, max_facts: int = 200, max_bytes: int = 32_768) -> object:
            if seq < self.through - 2:
                return None
            return station.outbox.envelope_after(seq, max_facts=max_facts, max_bytes=max_bytes)

    assert [ref.seq for ref, _ in RecentFacts(Erased())] == [Erased.through - 1, Erased.through]  # type: ignore[arg-type]


def test_each_thing_is_put_off_by_itself(station: Bench) -> None:
    host = station.delegate
    station.accept(desired(version=2, settings={"data_mb_month": 1, "data_shed": ["vitals", "blobs"]}))
    said = []
    for count in (850_000, 100_000):
        station.moved += count
        station.system.pass_ms(60_000)
        station.traffic.tick()
        said.append((host.puts_off("vitals"), host.puts_off("blobs"), host.vitals().saving))
    assert said == [(True, False, ["vitals"]), (True, True, ["vitals", "blobs"])]


def test_a_damaged_blob_is_stated_as_evicted(station: Bench) -> None:
    station.delegate.on_blob_damaged(b"d" * 32)
    assert [(fact.sha256, fact.reason) for fact in station.of(BlobEvicted)] == [(b"d" * 32, "damaged")]


def test_the_technician_is_told_what_the_county_is_told(station: Bench) -> None:
    station.lifecycle.reader_changed("fake", ready=False)
    station.blobs.keep(station.blobs.write(b"a picture"))
    station.health.on_machine_seen(MachineSeen(state=Machine(temperature_c=61)))
    host = station.delegate
    status, vitals = host.status(screen=True), host.vitals()
    assert status.health == vitals.health == station.health.current()
    assert [(one.kind, one.name, one.ready) for one in status.health.devices] == [
        ("reader", "fake", False),
        ("camera", "camera", True),
        ("input", "大门", False),
        ("input", "大厅", False),
        ("indicator", "lamp", True),
    ]
    assert (status.waiting, status.blobs_waiting, status.software) == (vitals.waiting, 1, vitals.software)
    assert (status.quality, status.link) == ("synced", "connecting")
    assert decode_from_agent(encode_line(status)) == status
