"""On a full disk nothing is half-written, and the outbox works again when there is room."""

from pathlib import Path

import pytest

from agent.storage.errors import StorageFailed, StorageFull
from agent.storage.outbox import Outbox
from tests.agent.storage.file_limit import room_for
from tests.agent.storage.outboxes import kill, open_outbox
from tests.proofs.power_cut.judge import facts_of
from tests.proofs.power_cut.workload import touch

FULL = 1 << 12


def test_a_commit_without_room_counts_for_nothing_and_later_ones_work(outbox: Outbox) -> None:
    outbox.commit(touch(1))
    head = outbox.head
    with room_for(FULL):
        for number in range(2, 6):
            with pytest.raises(StorageFull):
                outbox.commit(touch(number), touch(100 + number))
    assert (outbox.through, outbox.head) == (2, head)
    assert outbox.commit(touch(9))[0].seq == 3
    assert [fact for _, fact in facts_of(outbox)][1:] == [touch(1), touch(9)]


def test_reading_and_closing_work_without_room(outbox: Outbox, path: Path) -> None:
    outbox.commit(touch(1))
    with room_for(FULL):
        assert outbox.envelope_after(0)
        outbox.close()
        again = open_outbox(path)
        assert again.through == 2
        again.close()


def test_put_without_room_keeps_the_value(outbox: Outbox) -> None:
    outbox.put("twin", b"old")
    with room_for(FULL), pytest.raises(StorageFull):
        outbox.put("twin", b"new" * 3000)
    assert outbox.get("twin") == b"old"


def test_a_new_epoch_without_room_leaves_the_old_stream(outbox: Outbox) -> None:
    outbox.commit(*(touch(number) for number in range(1, 200)))
    epoch = outbox.epoch
    with room_for(1 << 17), pytest.raises(StorageFull):
        outbox.open_epoch("differs", matched=0)
    assert (outbox.epoch, outbox.through) == (epoch, 200)
    outbox.commit(touch(200))
    outbox.open_epoch("differs", matched=0)
    assert outbox.epoch != epoch
    assert outbox.through == 1 + 201


def test_a_commit_that_failed_is_not_there_after_a_restart(outbox: Outbox, path: Path) -> None:
    outbox.commit(touch(1))
    with room_for(FULL):
        with pytest.raises(StorageFull):
            outbox.commit(*(touch(number) for number in range(2, 300)))
        kill(outbox)
    again = open_outbox(path)
    assert [fact for _, fact in facts_of(again)][1:] == [touch(1)]
    again.close()


def test_a_station_without_room_for_its_first_file_says_so_and_starts_later(tmp_path: Path) -> None:
    path = tmp_path / "first" / "outbox.db"
    path.parent.mkdir()
    with room_for(FULL), pytest.raises(StorageFull):
        open_outbox(path)
    assert list(path.parent.iterdir()) == []
    outbox = open_outbox(path)
    assert outbox.through == 1
    outbox.close()


def test_salvage_without_room_leaves_the_damaged_file_for_later(outbox: Outbox, path: Path) -> None:
    outbox.commit(*(touch(number) for number in range(1, 100)))
    outbox.close()
    damaged = bytes(100) + path.read_bytes()[100:]
    path.write_bytes(damaged)
    with room_for(FULL), pytest.raises(StorageFull):
        open_outbox(path)
    assert path.read_bytes() == damaged
    again = open_outbox(path)
    assert len(facts_of(again)) == 1 + 100
    again.close()


def test_a_folder_that_can_not_be_used_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed):
        open_outbox(tmp_path / "nowhere" / "outbox.db")
