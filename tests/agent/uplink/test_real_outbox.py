"""The uplink over the real outbox and the real blob store."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.events import LinkUp
from agent.storage.blobs import BlobStore
from agent.storage.outbox import Outbox
from agent.storage.outbox import outbox as outbox_module
from agent.storage.outbox.schema import place
from protocol.facts import EpochOpened, FactsLost, Reissued, decode_fact
from tests.agent.uplink.bench import NOW, STATION, UplinkBench, some_facts


class DiskBench(UplinkBench):
    """A bench whose outbox and blobs lie on disk."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.time = NOW
        self.key = Ed25519PrivateKey.generate()
        self.book.record_keys[STATION] = self.key.public_key().public_bytes_raw()
        self.store = BlobStore(folder / "blobs")
        self.start()

    def start(self) -> None:
        self.disk = Outbox.open(self.folder / "outbox.db", station=STATION, record_key=self.key, now=lambda: self.time)
        self.link.is_open = False
        self.uplink = self.new_uplink(self.disk, self.store)

    def crash(self) -> None:
        """End as if killed: the files are what the last commit left."""
        left = {path: path.read_bytes() for path in self.folder.glob("outbox.db*")}
        self.disk.close()
        for path in self.folder.glob("outbox.db*"):
            path.unlink()
        for path, content in left.items():
            path.write_bytes(content)
        self.heard = len(self.link.sent)
        self.start()

    def add(self, count: int) -> None:
        self.disk.commit(*some_facts(count))
        self.uplink.facts_committed()
        self.play()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[DiskBench]:
    bench = DiskBench(tmp_path)
    yield bench
    bench.disk.close()


def test_facts_and_blobs_arrive_and_stay_receipted(bench: DiskBench) -> None:
    bench.connect()
    bench.add(450)
    name = bench.store.write(b"\xff\xd8" + bytes(40_000))
    bench.store.keep(name)
    bench.uplink.tick()
    bench.play()
    assert bench.disk.waiting == 0
    assert bench.book.whole_blobs() == {name}
    assert not [*bench.store.pending()]
    bench.disk.close()
    bench.start()
    assert bench.disk.waiting == 0
    facts = bench.leaves().count("facts")
    bench.connect()
    assert bench.leaves().count("facts") == facts, "what is receipted is not sent again"


def become_an_older_copy(bench: DiskBench) -> None:
    """Go back to a file that has 11 facts, after the county has got 31."""
    bench.connect()
    bench.add(10)
    bench.disk.close()
    copy = (bench.folder / "outbox.db").read_bytes()
    bench.start()
    bench.connect()
    bench.add(20)
    bench.disk.close()
    for path in bench.folder.glob("outbox.db*"):
        path.unlink()
    (bench.folder / "outbox.db").write_bytes(copy)
    bench.start()


def test_an_older_copy_of_the_file_loses_nothing(bench: DiskBench) -> None:
    become_an_older_copy(bench)
    bench.disk.commit(*some_facts(3))
    bench.connect()
    assert bench.disk.waiting == 0
    assert ("stream_ahead", "critical") in bench.host.alarms
    (_, old), (_, new) = bench.book.streams.items()
    assert old.through == 31
    first, *rest = [decode_fact(body) for body in new.bodies]
    assert isinstance(first, EpochOpened)
    assert (first.reason, first.matched) == ("ahead", 11)
    assert [fact.seq for fact in rest if isinstance(fact, Reissued)] == [12, 13, 14]


def test_a_long_stream_is_built_in_turns_and_goes_on_after_a_crash(
    bench: DiskBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "FACTS_AT_ONCE", 10)
    become_an_older_copy(bench)
    bench.disk.commit(*some_facts(60))
    old = bench.disk.epoch
    bench.connect()
    assert (bench.disk.opening, bench.disk.epoch, bench.uplink.state) == (True, old, "connecting")
    bench.crash()
    assert bench.disk.opening
    bench.connect()
    bench.disk.commit(*some_facts(1))
    bench.wait(1_000)
    assert bench.disk.epoch != old
    assert (bench.disk.opening, bench.disk.waiting, bench.uplink.state) == (False, 0, "connected")
    said = [decode_fact(body) for body in bench.book.streams[STATION, bench.disk.epoch].bodies]
    assert [fact.seq for fact in said if isinstance(fact, Reissued)] == list(range(9, 73))  # spaced heads agree up to 8
    assert bench.host.alarms.count(("stream_differs", "critical")) == 1


def test_a_crash_while_earlier_streams_are_reissued_repeats_it(bench: DiskBench) -> None:
    bench.connect()
    bench.add(10)
    bench.disk.open_epoch("differs", matched=8)
    bench.drop()
    bench.wait(5_000)
    bench.connect()
    bench.book.streams.clear()
    bench.book.generation = 2
    for _ in range(2):
        bench.drop()
        bench.wait(5_000, play=False)
        bench.uplink.handle(LinkUp(attempt=bench.attempt))
        bench.step()
        bench.step()
        assert bench.disk.generation == 2, "all is reissued, and the new generation was noted"
        bench.crash()
        assert bench.disk.generation == 1, "but it was not on disk yet"
    bench.connect()
    bench.wait(1_000)
    assert (bench.disk.generation, bench.disk.waiting) == (2, 0)
    facts = [decode_fact(body) for body in bench.book.bodies(STATION)]
    again = [(fact.epoch, fact.seq) for fact in facts if isinstance(fact, Reissued)]
    [earlier] = bench.disk.earlier_streams()
    assert set(again) == {(earlier.epoch, seq) for seq in range(1, 12)}
    assert len(again) == 3 + 3 * 8, "each run reissued them"


def test_facts_erased_here_and_lost_there_are_stated_as_lost(bench: DiskBench) -> None:
    bench.connect()
    bench.add(10)
    bench.add(1)
    bench.time = msgspec.structs.replace(NOW, wall=NOW.wall + 200 * 86_400_000)
    assert bench.disk.prune(before_wall_ms=bench.time.wall) == 11
    bench.book.streams.clear()
    bench.book.generation = 2
    bench.drop()
    bench.wait(5_000)
    bench.connect()
    bench.wait(1)
    assert bench.disk.waiting == 0
    facts = [decode_fact(body) for body in bench.book.bodies(STATION)]
    assert [(fact.first, fact.last) for fact in facts if isinstance(fact, FactsLost)] == [(1, 11)]
    assert [fact.seq for fact in facts if isinstance(fact, Reissued)] == [12]


def test_a_fact_damaged_here_and_lost_there_is_stated_as_lost_and_stops_nothing(bench: DiskBench) -> None:
    bench.connect()
    bench.add(10)
    bench.disk.close()
    spoil_the_bodies(bench.folder / "outbox.db", seq=5)
    bench.start()
    assert bench.disk.receipted == 11
    bench.book.streams.clear()
    bench.connect()
    bench.add(1)
    assert bench.disk.waiting == 0
    facts = [decode_fact(body) for body in bench.book.bodies(STATION)]
    assert [(fact.first, fact.last) for fact in facts if isinstance(fact, FactsLost)] == [(5, 5)]
    assert [fact.seq for fact in facts if isinstance(fact, Reissued)] == [6, 7, 8, 9, 10, 11]


def spoil_the_bodies(path: Path, *, seq: int) -> None:
    """Change a fact's body on disk, as a failing SD card does. SQLite sees nothing wrong with it."""
    where = place(1, seq)
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE facts SET body = CAST('x' || substr(body, 2) AS BLOB) WHERE place = ?", (where,))
    connection.close()
