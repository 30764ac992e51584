"""Facts whose bodies were erased are not stated as lost when the file is salvaged."""

from pathlib import Path

import pytest

from protocol.facts import FactsLost
from tests.agent.storage.days import Days
from tests.agent.storage.outboxes import open_outbox, outbox_with, overwrite, query, receipt
from tests.proofs.power_cut.judge import facts_of
from tests.proofs.power_cut.workload import touch

_CHAIN = "SELECT place, digest, head, body IS NULL FROM facts WHERE place < (2 << 40) ORDER BY place"


@pytest.fixture
def days() -> Days:
    return Days()


def test_the_chain_of_an_erased_past_is_carried_over(tmp_path: Path, days: Days) -> None:
    outbox = outbox_with(tmp_path, 10, now=days)
    outbox.take_receipt(receipt(outbox, 8))
    outbox.commit(touch(10))
    days.day = 92
    assert outbox.prune(before_wall_ms=days.wall_ms) == 8
    chain = query(outbox, _CHAIN)
    outbox.close()
    overwrite(tmp_path / "outbox.db", 0, bytes(100))
    again = open_outbox(tmp_path / "outbox.db", now=days)
    assert query(again, _CHAIN) == chain
    facts = [fact for _, fact in facts_of(again)]
    assert [fact for fact in facts if isinstance(fact, FactsLost)] == []
    assert [touch(number) in facts for number in (7, 8, 9, 10)] == [False, True, True, True]
    again.close()


def test_what_was_receipted_before_the_damage_is_erased_on_its_day(tmp_path: Path, days: Days) -> None:
    outbox = outbox_with(tmp_path, 10, now=days)
    outbox.take_receipt(receipt(outbox, 8))
    outbox.commit(touch(10))
    outbox.close()
    overwrite(tmp_path / "outbox.db", 0, bytes(100))
    again = open_outbox(tmp_path / "outbox.db", now=days)
    days.day = 92
    assert again.prune(before_wall_ms=days.wall_ms) == 8
    again.close()
