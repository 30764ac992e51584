"""Receipts and epochs: only receipts tell what the county has, in whatever order they come."""

import tempfile
from copy import replace
from pathlib import Path

from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from agent.storage.outbox import Outbox
from agent.storage.outbox.progress import load_progress
from agent.storage.outbox.schema import place
from protocol.facts import Touch
from tests.agent.storage.outboxes import kill, open_outbox, outbox_with, query, receipt
from tests.proofs.power_cut.judge import facts_of
from tests.proofs.power_cut.workload import touch


def reopened(outbox: Outbox, tmp_path: Path) -> Outbox:
    outbox.close()
    return open_outbox(tmp_path / "outbox.db")


def test_a_receipt_moves_the_mark_and_outlives_an_orderly_end(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 10)
    assert outbox.take_receipt(receipt(outbox, 7))
    assert (outbox.receipted, outbox.waiting) == (7, 3)
    outbox = reopened(outbox, tmp_path)
    assert (outbox.receipted, outbox.waiting) == (7, 3)
    outbox.close()


def test_a_receipt_writes_nothing_until_the_next_commit(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 10)
    wal = tmp_path / "outbox.db-wal"
    before = wal.read_bytes()
    outbox.take_receipt(receipt(outbox, 7))
    assert wal.read_bytes() == before
    outbox.commit(touch(99))
    kill(outbox)
    again = open_outbox(tmp_path / "outbox.db")
    assert again.receipted == 7
    again.close()


def test_a_receipt_goes_along_with_a_value_too(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 10)
    outbox.take_receipt(receipt(outbox, 7))
    outbox.put("note", b"1")
    kill(outbox)
    again = open_outbox(tmp_path / "outbox.db")
    assert again.receipted == 7
    again.close()


def test_an_older_receipt_of_the_same_generation_lowers_nothing(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 10)
    outbox.take_receipt(receipt(outbox, 7))
    outbox.take_receipt(receipt(outbox, 3))
    assert outbox.receipted == 7
    outbox.close()


def test_a_newer_generation_may_lower_it_and_an_older_one_says_nothing(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 10)
    outbox.take_receipt(receipt(outbox, 7, generation=1))
    outbox.take_receipt(receipt(outbox, 3, generation=2))
    assert outbox.receipted == 3
    outbox.take_receipt(receipt(outbox, 9, generation=1))
    assert outbox.receipted == 3
    outbox = reopened(outbox, tmp_path)
    assert outbox.receipted == 3
    outbox.take_receipt(receipt(outbox, 9, generation=1))
    assert outbox.receipted == 3
    outbox.close()


def test_receipts_that_do_not_fit_this_stream_mark_nothing(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 10)
    good = receipt(outbox, 5)
    for wrong in (
        replace(good, epoch=bytes(16)),
        replace(good, station="shili-02"),
        replace(good, head=bytes(32)),
        replace(good, through=6),
        replace(good, through=11),
    ):
        assert not outbox.take_receipt(wrong)
    assert outbox.receipted == 0
    outbox.close()


def test_held_facts_are_remembered_and_not_sent_again(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 10)
    outbox.take_receipt(receipt(outbox, 7, held=(4, 6, 9)))
    outbox = reopened(outbox, tmp_path)
    assert outbox.receipted == 7
    assert query(outbox, "SELECT place FROM held ORDER BY place") == [(place(1, 4),), (place(1, 6),)]
    outbox.close()


def test_a_new_stream_knows_the_countys_generation_and_the_old_one_its_receipts(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path, 10)
    outbox.take_receipt(receipt(outbox, 7, generation=3))
    outbox.open_epoch("differs", matched=7)
    assert (outbox.generation, outbox.receipted) == (3, 0)
    outbox = reopened(outbox, tmp_path)
    assert outbox.generation == 3
    ended = load_progress(outbox._store, 1)
    assert ended is not None
    assert ended.receipted == 7
    outbox.close()


class Lives(RuleBasedStateMachine):
    """Commits, receipts, epochs and restarts in any order, against a model that fits on a page."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "outbox.db"
        self._outbox = open_outbox(self._path)
        self._count = 0
        self._stream: list[int] = [0]
        self._with_county: set[int] = {0}
        self._receipted = 0
        self._generation = 0

    @rule(count=strategies.integers(1, 40))
    def commit(self, count: int) -> None:
        numbers = range(self._count + 1, self._count + 1 + count)
        self._count += count
        refs = self._outbox.commit(*(touch(number) for number in numbers))
        assert [ref.seq for ref in refs] == list(range(len(self._stream) + 1, len(self._stream) + 1 + count))
        self._stream += numbers

    @rule(share=strategies.floats(0, 1), generation=strategies.integers(0, 2))
    def receipt(self, share: float, generation: int) -> None:
        through = round(share * len(self._stream))
        said = max(1, self._generation + generation - 1)
        self._outbox.take_receipt(receipt(self._outbox, through, generation=said))
        if said > self._generation:
            self._generation, self._receipted = said, through
        elif said == self._generation:
            self._receipted = max(self._receipted, through)

    @rule(share=strategies.floats(0, 1))
    def open_epoch(self, share: float) -> None:
        matched = round(share * len(self._stream))
        self._outbox.open_epoch("differs", matched=matched)
        self._with_county |= set(self._stream[:matched])
        self._stream = [0, *self._stream[matched:]]
        self._receipted = 0

    @rule()
    def reopen(self) -> None:
        self._outbox.close()
        self._outbox = open_outbox(self._path)

    @invariant()
    def stands_where_the_model_stands(self) -> None:
        assert self._outbox.through == len(self._stream)
        assert self._outbox.receipted == self._receipted

    def teardown(self) -> None:
        facts = facts_of(self._outbox)
        kept = [int.from_bytes(fact.card, "big") for _, fact in facts if isinstance(fact, Touch)]
        assert kept == [number for number in self._stream if number]
        assert set(kept) | self._with_county | {0} == set(range(self._count + 1))
        assert len({(ref.epoch, ref.seq) for ref, _ in facts}) == len(facts)
        self._outbox.close()
        self._folder.cleanup()


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=40, stateful_step_count=12)
