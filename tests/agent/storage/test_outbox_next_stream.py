"""A new stream that re-issues much is built piece by piece; a kill at any piece costs nothing."""

from pathlib import Path

import pytest

from agent.storage.errors import StorageFull
from agent.storage.outbox import Outbox
from agent.storage.outbox import outbox as outbox_module
from protocol.facts import EpochOpened, FactsLost, Touch
from tests.agent.storage.file_limit import room_for
from tests.agent.storage.outboxes import kill, open_outbox, outbox_with, overwrite, query, receipt
from tests.proofs.power_cut.judge import facts_of
from tests.proofs.power_cut.workload import touch

PIECE = 10


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "FACTS_AT_ONCE", PIECE)


def numbers(outbox: Outbox) -> list[int]:
    """Return the numbers of the current stream's touches, in their order."""
    return [int.from_bytes(fact.card, "big") for _, fact in facts_of(outbox) if isinstance(fact, Touch)]


def test_touches_go_on_while_it_is_built_and_none_is_missing(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 45)
    old = outbox.epoch
    outbox.begin_epoch("differs", matched=5)
    presented = 45
    while outbox.opening:
        assert outbox.epoch == old
        outbox.commit(touch(presented), touch(presented + 1))
        presented += 2
        outbox.continue_epoch()
    (_, opened), *_ = facts_of(outbox)
    assert isinstance(opened, EpochOpened)
    assert (opened.reason, opened.previous, opened.matched) == ("differs", old, 5)
    assert presented > 45
    assert numbers(outbox) == list(range(5, presented))
    assert {ref.epoch for ref, fact in facts_of(outbox) if isinstance(fact, Touch)} == {old}
    assert (outbox.receipted, outbox.waiting) == (0, outbox.through)
    outbox.close()


def test_a_kill_after_any_piece_goes_on_from_there(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 45)
    outbox.begin_epoch("ahead", matched=0)
    pieces = 1
    while outbox.opening:
        kill(outbox)
        outbox = open_outbox(tmp_path / "outbox.db")
        assert outbox.opening
        assert outbox.through == 45 + pieces - 1
        outbox.commit(touch(45 + pieces - 1))
        outbox.continue_epoch()
        pieces += 1
    kill(outbox)
    outbox = open_outbox(tmp_path / "outbox.db")
    assert not outbox.opening
    assert pieces > 4
    assert numbers(outbox) == list(range(1, 45 + pieces - 1))
    outbox.close()


def test_it_is_decided_once(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 45)
    outbox.begin_epoch("ahead", matched=0)
    outbox.begin_epoch("differs", matched=40)
    while outbox.opening:
        outbox.continue_epoch()
    outbox.continue_epoch()
    assert [fact.reason for _, fact in facts_of(outbox) if isinstance(fact, EpochOpened)] == ["ahead", "first"]
    assert numbers(outbox) == list(range(1, 45))
    outbox.close()


def test_a_full_disk_stops_a_piece_and_what_is_built_stays(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 60)
    outbox.begin_epoch("differs", matched=0)
    outbox.continue_epoch()
    with room_for(1 << 16), pytest.raises(StorageFull):
        outbox.open_epoch("differs", matched=0)
    assert outbox.opening
    outbox.open_epoch("differs", matched=0)
    assert numbers(outbox) == list(range(1, 60))
    assert len(facts_of(outbox)) == 61
    outbox.close()


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_file_damaged_meanwhile_is_salvaged_with_every_fact(tmp_path: Path, pieces: int) -> None:
    path = tmp_path / "outbox.db"
    outbox = outbox_with(tmp_path, 60)
    outbox.take_receipt(receipt(outbox, 20))
    outbox.begin_epoch("differs", matched=20)
    for _ in range(pieces - 1):
        outbox.commit(touch(outbox.through))
        outbox.continue_epoch()
    last = outbox.through
    assert outbox.opening
    outbox.close()
    overwrite(path, 0, bytes(100))
    salvaged = open_outbox(path)
    assert not salvaged.opening
    assert set(numbers(salvaged)) == set(range(20, last))
    assert [fact for _, fact in facts_of(salvaged) if isinstance(fact, FactsLost)] == []
    # What was being built is no stream of its own: the next one is built as ever.
    salvaged.open_epoch("differs", matched=0)
    assert set(numbers(salvaged)) == set(range(20, last))
    salvaged.close()


def test_without_the_row_that_says_how_far_it_is_salvaged_too(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    outbox = outbox_with(tmp_path, 60)
    outbox.begin_epoch("differs", matched=0)
    query(outbox, "UPDATE state SET seal = ? WHERE key = 'outbox/next'", bytes(16))
    outbox.close()
    salvaged = open_outbox(path)
    assert set(numbers(salvaged)) == set(range(1, 60))
    assert any(path.parent.glob("*.bad-*"))
    salvaged.close()


def test_a_fact_lost_while_it_was_built_is_stated(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    outbox = outbox_with(tmp_path, 60)
    outbox.begin_epoch("differs", matched=0)
    epoch = outbox.epoch
    outbox.close()
    content = path.read_bytes()
    assert content.count(touch(50).card) == 1
    overwrite(path, content.index(touch(50).card), bytes(16))
    salvaged = open_outbox(path)
    lost = [(fact.epoch, fact.first, fact.last) for _, fact in facts_of(salvaged) if isinstance(fact, FactsLost)]
    assert lost == [(epoch, 51, 51)]
    assert set(numbers(salvaged)) == set(range(1, 60)) - {50}
    salvaged.close()
