"""The shelf's files over real HTTPS: one process and one connection for a trip, signed requests, and every bound."""

import os
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.shelf.disk import ShelfDisk
from agent.shelf.sealed import sealed_size
from agent.shelf.source import Bounds, NotGiven, Unreachable, Wanted
from agent.shelf.trip import Addressee, Allowance, Trip
from agent.storage.disk import Space
from agent.storage.errors import StorageFull
from agent.wiring.shelf_line import CountySource, open_county
from tests.agent.bench import COUNTY_KEY, COUNTY_KEYS
from tests.agent.uplink.pki import Authority
from tests.fakes.enrolled import make_enrolled
from tests.fakes.shelf_source import ShelfCounty
from tests.fakes.shelf_web import ShelfWeb
from tests.proofs.shelf.proxy import CountingProxy

PLENTY = Space(free_bytes=1 << 40, total_bytes=1 << 40)
ITEM = bytes(range(256)) * 400


class Line:
    """A county that is served, and the way of one enrolled station to it."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder / "pki")
        self.identity = make_enrolled(folder / "station").identity
        self.county = ShelfCounty(COUNTY_KEY, self.identity.station)
        record_key = self.identity.record_key.public_key().public_bytes_raw()
        self.web = ShelfWeb(self.county, self.authority.issue("web", host="127.0.0.1"), record_key=record_key)
        self.proxy = CountingProxy(self.web.port)
        self.disk = ShelfDisk(folder / "station" / "shelf", room=lambda: PLENTY)
        self.disk.load()
        self.billed: list[int] = []

    def opened(self) -> Iterator[CountySource]:
        url = f"https://127.0.0.1:{self.proxy.port}"
        with open_county(url, self.authority.ca_file, self.identity.folder, billed=self.billed.append) as source:
            yield source


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path)
    yield made
    made.proxy.close()
    made.web.close()


@pytest.fixture
def source(line: Line) -> Iterator[CountySource]:
    yield from line.opened()


def item(line: Line, content: bytes = ITEM) -> Wanted:
    line.county.item("a.jpg", content)
    return Wanted("items", sha256(content).digest(), len(content))


def test_a_trip_has_one_connection_and_knows_what_it_spent(line: Line, source: CountySource) -> None:
    items = [line.county.item(f"{number}.jpg", bytes([number]) * 9_000) for number in range(5)]
    line.county.publish("policy", 1, b"text", items=items)
    ref = line.county.index()
    addressee = Addressee(station=line.identity.station, region="", public_keys=COUNTY_KEYS)
    trip = Trip(
        line.disk,
        addressee=addressee,
        allowance=Allowance(mono_ms=lambda: 0),
        via="line",
        changed=lambda: None,
        refused={},
    )
    trip.run(source, ref, survey=True)
    assert [one.id for one in line.disk.state.held] == ["policy"]
    assert line.proxy.carried.connections == 1
    carried = line.proxy.carried.up + line.proxy.carried.down
    assert source.spent_bytes == sum(line.billed)
    assert carried < source.spent_bytes < carried * 1.3, "with the heads of packets"


def test_what_is_personal_comes_to_a_request_that_is_signed(line: Line, source: CountySource, tmp_path: Path) -> None:
    wanted = item(line)
    line.web.private.add(f"/items/{wanted.sha256.hex()}")
    into = tmp_path / "file"
    with pytest.raises(NotGiven, match="401") as refused:
        source.fetch(wanted, into=into, bounds=Bounds(within_s=60))
    assert refused.value.reason == "not_admitted"
    now = int(time.time() * 1000)
    with pytest.raises(NotGiven):
        source.fetch(wanted, into=into, bounds=Bounds(within_s=60, wall_ms=now - 3_600_000))
    source.fetch(wanted, into=into, bounds=Bounds(within_s=60, wall_ms=now))
    assert into.read_bytes() == ITEM


def test_another_boards_key_opens_nothing(line: Line, source: CountySource, tmp_path: Path) -> None:
    wanted = item(line)
    line.web.private.add(f"/items/{wanted.sha256.hex()}")
    line.web.record_key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(NotGiven):
        source.fetch(wanted, into=tmp_path / "file", bounds=Bounds(within_s=60, wall_ms=int(time.time() * 1000)))


def test_what_is_not_there_or_another_file(line: Line, source: CountySource, tmp_path: Path) -> None:
    missing = Wanted("bundles", bytes(32), sealed_size(100))
    with pytest.raises(NotGiven) as refused:
        source.fetch(missing, into=tmp_path / "missing", bounds=Bounds(within_s=60))
    assert refused.value.reason == "not_found"
    wanted = item(line)
    line.county.files["items", wanted.sha256] = ITEM[::-1]
    with pytest.raises(NotGiven) as wrong:
        source.fetch(wanted, into=tmp_path / "file", bounds=Bounds(within_s=60))
    assert wrong.value.reason == "wrong_hash"
    assert not (tmp_path / "file").exists()


def test_a_full_disk_is_told_apart_from_a_line_that_breaks(line: Line, source: CountySource) -> None:
    with pytest.raises(StorageFull):
        source.fetch(item(line), into=Path("/dev/full"), bounds=Bounds(within_s=60))


def test_no_further_request_is_made_beyond_the_data_that_may_be_spent(
    line: Line, source: CountySource, tmp_path: Path
) -> None:
    wanted, into = item(line), tmp_path / "file"
    line.proxy.next_break = lambda: 20_000
    line.proxy.break_after = 20_000
    with pytest.raises(Unreachable):
        source.fetch(wanted, into=into, bounds=Bounds(within_s=60, most_bytes=30_000))
    assert line.proxy.carried.down < 50_000
    assert 0 < into.stat().st_size < len(ITEM)


def test_a_process_that_dies_leaves_what_came_and_it_is_paid_for(
    line: Line, source: CountySource, tmp_path: Path
) -> None:
    wanted, into = item(line), tmp_path / "file"
    runner = source._runner
    line.web.stops_after = 40_000

    def kill() -> None:
        while not into.exists() or not into.stat().st_size:
            os.sched_yield()
        assert runner._process is not None
        runner._process.kill()

    line.web.stopped = kill
    with pytest.raises(Unreachable):
        source.fetch(wanted, into=into, bounds=Bounds(within_s=60))
    came = into.stat().st_size
    assert 0 < came < len(ITEM)
    assert source.spent_bytes >= came
    line.web.stops_after = None
    source.fetch(wanted, into=into, bounds=Bounds(within_s=60))
    assert into.read_bytes() == ITEM
