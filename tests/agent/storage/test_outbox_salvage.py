"""A damaged outbox is salvaged and set aside, and the station starts in any case."""

import errno
import io
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from agent.storage.errors import StorageFailed
from agent.storage.outbox import Outbox
from agent.storage.outbox.disk import RealDisk
from protocol.facts import EpochOpened, Fact, FactsLost
from tests.agent.storage.outboxes import a_days_facts, open_outbox, overwrite, touches
from tests.proofs.power_cut.judge import facts_of
from tests.proofs.power_cut.workload import RECORD_KEY, STATION, moment, touch

BAD = "outbox.db.bad-20260921T141320"


def card(number: int) -> bytes:
    return number.to_bytes(16, "big")


def first(outbox: Outbox) -> Fact:
    return facts_of(outbox)[0][1]


def stated_lost(outbox: Outbox) -> list[tuple[int, int]]:
    return [(fact.first, fact.last) for _, fact in facts_of(outbox) if isinstance(fact, FactsLost)]


def test_a_spoiled_header_costs_nothing(path: Path) -> None:
    epoch = a_days_facts(path, receipted=30)
    overwrite(path, 0, bytes(100))
    outbox = open_outbox(path)
    opened = first(outbox)
    assert isinstance(opened, EpochOpened)
    assert (opened.reason, opened.previous, opened.matched) == ("corrupt", epoch, 30)
    assert touches(outbox) == set(range(30, 100))
    assert stated_lost(outbox) == []
    assert outbox.get("twin") == b"desired" * 1000
    assert outbox.generation == 1
    assert {ref.epoch for ref, fact in facts_of(outbox) if fact == touch(99)} == {epoch}
    assert (path.parent / BAD).exists()
    outbox.commit(touch(100))
    outbox.close()
    again = open_outbox(path)
    assert touch(100) in [fact for _, fact in facts_of(again)]
    again.close()


def test_one_bad_bit_in_a_waiting_fact_is_found_before_it_is_sent(path: Path) -> None:
    epoch = a_days_facts(path)
    content = path.read_bytes()
    overwrite(path, content.index(card(60)) + 15, bytes([60 ^ 1]))
    outbox = open_outbox(path)
    assert touches(outbox) == set(range(1, 100)) - {60}
    assert stated_lost(outbox) == [(61, 61)]
    assert outbox.epoch != epoch
    outbox.close()


def test_a_bad_bit_in_what_the_county_has_disturbs_nobody(path: Path) -> None:
    epoch = a_days_facts(path, receipted=49)
    overwrite(path, path.read_bytes().index(card(20)), b"\x01")
    outbox = open_outbox(path)
    assert outbox.epoch == epoch
    outbox.close()


def test_noise_in_the_middle_is_stated_as_lost_and_nothing_more(path: Path) -> None:
    a_days_facts(path)
    page = path.read_bytes().index(card(60)) // 4096 * 4096
    overwrite(path, page, b"\xa5" * 4096)
    outbox = open_outbox(path)
    gone = set(range(1, 100)) - touches(outbox)
    assert 60 in gone
    assert len(gone) < 20
    assert stated_lost(outbox) == [(min(gone) + 1, max(gone) + 1)]
    outbox.close()


def test_the_end_of_the_file_is_missing(path: Path) -> None:
    a_days_facts(path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 4096)
    outbox = open_outbox(path)
    kept = touches(outbox)
    assert kept == set(range(1, max(kept) + 1))
    assert stated_lost(outbox) == [(max(kept) + 2, 100)]
    outbox.close()


@pytest.mark.parametrize("content", [b"", b"x", b"garbage " * 5000, bytes(4096), bytes(40_000)])
def test_a_file_that_tells_nothing_is_replaced_and_the_new_stream_says_so(path: Path, content: bytes) -> None:
    a_days_facts(path)
    path.write_bytes(content)
    outbox = open_outbox(path)
    opened = first(outbox)
    assert isinstance(opened, EpochOpened)
    assert (opened.reason, opened.previous, opened.matched) == ("corrupt", None, 0)
    assert (path.parent / BAD).read_bytes() == content
    assert outbox.commit(touch(1))[0].seq == 2
    outbox.close()


def test_a_folder_in_the_place_of_the_file(path: Path) -> None:
    path.mkdir()
    outbox = open_outbox(path)
    assert outbox.commit(touch(1))[0].seq == 2
    assert (path.parent / BAD).is_dir()
    outbox.close()


def test_the_log_alone_still_tells_its_facts(path: Path) -> None:
    a_days_facts(path, orderly=False)
    path.unlink()
    outbox = open_outbox(path)
    assert touches(outbox) == set(range(1, 100))
    assert (path.parent / f"{BAD}-wal").exists()
    outbox.close()


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.6, 0.9])
def test_a_bad_bit_in_the_log_costs_no_later_commit(path: Path, share: float) -> None:
    epoch = a_days_facts(path, orderly=False)
    wal = path.with_name("outbox.db-wal")
    at = int(wal.stat().st_size * share)
    overwrite(wal, at, bytes([wal.read_bytes()[at] ^ 4]))
    outbox = open_outbox(path)
    assert touches(outbox) == set(range(1, 100))
    assert {ref.epoch for ref, fact in facts_of(outbox) if fact == touch(99)} == {epoch}
    outbox.close()


def test_a_bad_bit_in_the_last_commit_is_not_passed_over_in_silence(path: Path) -> None:
    a_days_facts(path, orderly=False)
    wal = path.with_name("outbox.db-wal")
    content = wal.read_bytes()
    while (at := content.rfind(card(99))) >= 0:
        overwrite(wal, at, b"\x80")
        content = wal.read_bytes()
    outbox = open_outbox(path)
    assert touches(outbox) == set(range(1, 99))
    assert stated_lost(outbox) == [(100, 100)]
    outbox.close()


def test_two_salvages_in_one_second_keep_both_files(path: Path) -> None:
    for _ in range(2):
        a_days_facts(path)
        path.write_bytes(b"garbage")
        open_outbox(path).close()
    assert sorted(file.name for file in path.parent.glob("*.bad-*")) == [BAD, f"{BAD}-2"]


def test_the_lost_are_still_said_after_a_second_damage(path: Path) -> None:
    a_days_facts(path)
    overwrite(path, path.read_bytes().index(card(60)), b"\x01")
    open_outbox(path).close()
    overwrite(path, 0, bytes(100))
    outbox = open_outbox(path)
    assert stated_lost(outbox) == [(61, 61)]
    assert touches(outbox) == set(range(1, 100)) - {60}
    outbox.close()


def test_another_stations_damaged_file_is_left_alone(path: Path) -> None:
    a_days_facts(path)
    overwrite(path, 0, bytes(100))
    before = path.read_bytes()
    with pytest.raises(StorageFailed, match="shili-01"):
        open_outbox(path, station="shili-02")
    assert path.read_bytes() == before


class _Tired(io.FileIO):
    """A file on a card that gives a page beyond the first only when it is asked for again."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._asked = {0}

    def read(self, size: int | None = -1) -> bytes:
        where = self.tell()
        if where not in self._asked:
            self._asked.add(where)
            raise OSError(errno.EIO, "the card does not answer")
        return super().read(-1 if size is None else size) or b""


class Tired(RealDisk):
    def open(self, path: Path) -> BinaryIO:
        return cast(BinaryIO, _Tired(path))


def test_a_card_that_must_be_asked_twice_loses_nothing(path: Path) -> None:
    a_days_facts(path)
    overwrite(path, 0, bytes(100))
    outbox = Outbox.open(path, station=STATION, record_key=RECORD_KEY, now=moment, disk=Tired())
    assert touches(outbox) == set(range(1, 100))
    assert stated_lost(outbox) == []
    outbox.close()


class Stopping(RealDisk):
    """Stops the program before its n-th rename or removal of a file, as a power cut does."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._left = at

    def rename(self, old: Path, new: Path) -> None:
        self._left -= 1
        if self._left < 0:
            raise InterruptedError
        super().rename(old, new)


@pytest.mark.parametrize("renames", [0, 1, 2, 3])
def test_a_replacement_that_was_interrupted_is_finished(path: Path, renames: int) -> None:
    a_days_facts(path, orderly=False)
    overwrite(path, 0, bytes(100))
    page_one_is_gone_from_the_log(path)
    with pytest.raises(StorageFailed):
        Outbox.open(path, station=STATION, record_key=RECORD_KEY, now=moment, disk=Stopping(renames))
    outbox = open_outbox(path)
    assert touches(outbox) == set(range(1, 100))
    outbox.close()


def page_one_is_gone_from_the_log(path: Path) -> None:
    """Without this SQLite needs no salvage: it takes the first page from the log."""
    wal = path.with_name("outbox.db-wal")
    for frame in range(32, wal.stat().st_size, 4120):
        if wal.read_bytes()[frame : frame + 4] == (1).to_bytes(4, "big"):
            overwrite(wal, frame, (1 << 20).to_bytes(4, "big"))
