"""The chain proves the place of a salvaged fact: from the fact before, or to the fact after, and not by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.storage.outbox.placement import take_out_misplaced
from agent.storage.outbox.schema import MAX_SEQ, place
from agent.storage.outbox.stream import read_facts
from agent.storage.store import Store
from protocol import chain
from tests.agent.storage.outboxes import open_outbox
from tests.proofs.power_cut.workload import STATION, touch

LAST = 6


class DamagedStream:
    """The facts of a stream, some of them spoilt."""

    def __init__(self, path: Path) -> None:
        outbox = open_outbox(path)
        outbox.commit(*(touch(number) for number in range(1, LAST)))
        self.start = chain.first_head(station=STATION, epoch=outbox.epoch)
        outbox.close()
        self.store = Store(path)
        for trigger in ("facts_keep", "facts_stay"):
            self.store.rows(f"DROP TRIGGER {trigger}")
        self.heads = self.kept()

    def spoil_head(self, seq: int) -> None:
        self.store.rows("UPDATE facts SET head = ? WHERE place = ?", (bytes(32), place(1, seq)))

    def lose(self, seq: int) -> None:
        self.store.rows("DELETE FROM facts WHERE place = ?", (place(1, seq),))

    def swap(self, one: int, other: int) -> None:
        """Let two facts stand in each other's place."""
        for old, new in ((one, 1000), (other, one), (1000, other)):
            self.store.rows("UPDATE facts SET place = ? WHERE place = ?", (place(1, new), place(1, old)))

    def judge(self, *, issued: int = LAST) -> list[int]:
        """Return the seqs of what is taken out."""
        with self.store.transaction():
            return [fact.seq for fact in take_out_misplaced(self.store, 1, start=self.start, issued=issued)]

    def kept(self) -> dict[int, bytes]:
        return {fact.seq: fact.head for fact in read_facts(self.store, 1, first=1, last=MAX_SEQ)}


@pytest.fixture
def damaged(tmp_path: Path) -> Iterator[DamagedStream]:
    made = DamagedStream(tmp_path / "outbox.db")
    yield made
    made.store.close()


def test_a_fact_without_neighbours_whose_content_stands_elsewhere_is_not_believed(damaged: DamagedStream) -> None:
    """In a torn page the number of one fact stands before the whole content of another."""
    damaged.lose(LAST - 1)
    content = "(SELECT {} FROM facts WHERE place = ?)"
    columns = ("digest", "head", "salt", "body")
    damaged.store.rows(
        f"UPDATE facts SET ({', '.join(columns)}) = ({', '.join(content.format(one) for one in columns)}) "
        "WHERE place = ?",
        (*[place(1, 2)] * len(columns), place(1, LAST)),
    )
    assert damaged.judge() == [LAST]
    assert set(damaged.kept()) == set(range(1, LAST - 1))


def test_an_unharmed_stream_is_believed(damaged: DamagedStream) -> None:
    assert damaged.judge() == []
    assert damaged.kept() == damaged.heads


@pytest.mark.parametrize("seq", [1, 3, LAST - 1])
def test_a_spoilt_head_between_two_facts_is_set_right(damaged: DamagedStream, seq: int) -> None:
    damaged.spoil_head(seq)
    assert damaged.judge() == []
    assert damaged.kept() == damaged.heads


def test_a_last_fact_to_which_the_chain_does_not_lead_is_not_believed(damaged: DamagedStream) -> None:
    damaged.spoil_head(LAST)
    assert damaged.judge() == [LAST]
    assert LAST not in damaged.kept()


def test_two_facts_in_each_other_s_place_are_not_believed(damaged: DamagedStream) -> None:
    damaged.swap(3, 4)
    assert damaged.judge() == [3, 4]
    assert sorted(damaged.kept()) == [1, 2, 5, 6]


@pytest.mark.parametrize(("issued", "doubtful"), [(LAST, []), (3, [4])])
def test_a_lone_fact_is_believed_as_far_as_the_stream_is_known_to_have_gone(
    damaged: DamagedStream, issued: int, doubtful: list[int]
) -> None:
    damaged.lose(3)
    damaged.lose(5)
    damaged.lose(6)
    assert damaged.judge(issued=issued) == doubtful
