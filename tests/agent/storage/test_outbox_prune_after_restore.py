"""A restored county's facts are not erased between its receipt, which lowers the progress, and the next commit."""

from pathlib import Path

from tests.agent.storage.days import Days
from tests.agent.storage.outboxes import outbox_with, receipt
from tests.proofs.power_cut.workload import touch


def test_a_lowered_receipt_counts_before_anything_is_written(tmp_path: Path) -> None:
    days = Days()
    outbox = outbox_with(tmp_path, 10, now=days)
    outbox.take_receipt(receipt(outbox, 8))
    outbox.commit(touch(10))
    days.day = 100
    outbox.take_receipt(receipt(outbox, 3, generation=2))
    assert outbox.prune(before_wall_ms=days.wall_ms) == 0
    assert outbox.envelope_after(3)
    outbox.close()
