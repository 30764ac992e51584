"""Every stream before the current one can be asked about, the latest first."""

from pathlib import Path

from protocol import birth
from tests.agent.storage.outboxes import open_outbox
from tests.proofs.power_cut.workload import touch


def test_all_earlier_streams_of_which_something_was_matched_are_known(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path / "outbox.db")
    expected = []
    for matched in (3, 1, 0, 4):
        outbox.commit(*(touch(number) for number in range(5)))
        head = outbox.head_at(matched)
        assert head
        expected.append((outbox.epoch, matched, birth.HeadAtSeq(seq=matched or 1, head=head)))
        outbox.open_epoch("differs", matched=matched)
    found = [(earlier.epoch, earlier.matched, earlier.heads[0]) for earlier in outbox.earlier_streams()]
    assert found == [(epoch, matched, mark) for epoch, matched, mark in reversed(expected) if matched]
    assert [earlier.number for earlier in outbox.earlier_streams()] == [4, 2, 1]
    outbox.close()
