"""Committing to the outbox and reading from it."""

from pathlib import Path

import apsw
import pytest

from agent.storage.errors import StorageFailed
from agent.storage.outbox import MAX_COMMIT_BYTES, Outbox
from protocol import chain
from protocol.codec import encode
from protocol.envelope import decode_envelope
from protocol.facts import AlarmRaised, EpochOpened, Touch, decode_fact
from protocol.heads import verify_head
from protocol.units import FactRef
from tests.agent.storage.outboxes import open_outbox, query
from tests.proofs.power_cut.workload import RECORD_KEY, STATION, moment, touch

PUBLIC_KEY = RECORD_KEY.public_key().public_bytes_raw()


def test_a_new_stream_begins_with_why_it_was_opened(outbox: Outbox) -> None:
    assert (outbox.through, outbox.receipted, outbox.waiting, len(outbox.epoch)) == (1, 0, 1, 16)
    envelope = outbox.envelope_after(0)
    assert envelope
    assert decode_fact(envelope.facts[0].body) == EpochOpened(at=moment(), reason="first")


def test_commits_are_numbered_without_gaps_and_outlive_the_process(outbox: Outbox, path: Path) -> None:
    assert outbox.commit(touch(1), touch(2)) == [FactRef(epoch=outbox.epoch, seq=n) for n in (2, 3)]
    assert outbox.commit(touch(3)) == [FactRef(epoch=outbox.epoch, seq=4)]
    epoch, head = outbox.epoch, outbox.head
    outbox.close()
    again = open_outbox(path)
    assert (again.epoch, again.through, again.head) == (epoch, 4, head)
    again.close()


def test_seq_does_not_come_from_the_clock(path: Path) -> None:
    times = iter([5_000, 4_000, 3_000, 9_000_000_000_000, 0, 0])
    outbox = open_outbox(path, now=lambda: moment(next(times, 0)))
    assert [outbox.commit(touch(n))[0].seq for n in range(1, 6)] == [2, 3, 4, 5, 6]
    outbox.close()


def test_committing_nothing_writes_nothing(outbox: Outbox) -> None:
    assert outbox.commit() == []
    assert outbox.through == 1


def test_an_envelope_passes_the_countys_checks(outbox: Outbox) -> None:
    outbox.commit(*(touch(n) for n in range(1, 30)))
    envelope = outbox.envelope_after(4, max_facts=10)
    assert envelope
    read = decode_envelope(encode(envelope))
    verify_head(PUBLIC_KEY, station=STATION, signed=read.head)
    head = outbox.head_at(4)
    assert head
    for seq, fact in enumerate(read.facts, read.first):
        head = chain.next_head(head, seq=seq, digest=fact.digest())
    assert (read.first, read.head.through, read.head.head) == (5, 14, head)


def test_an_envelope_keeps_to_its_bytes_but_always_has_one_fact(outbox: Outbox) -> None:
    outbox.commit(*(AlarmRaised(at=moment(), code="x", severity="info", detail="长" * 300) for _ in range(20)))
    sizes = [len(encode(envelope)) for n in range(20) if (envelope := outbox.envelope_after(n, max_bytes=4_000))]
    assert max(sizes) < 4_000 + 250
    smallest = outbox.envelope_after(1, max_bytes=1)
    assert smallest
    assert len(smallest.facts) == 1


def test_there_is_nothing_after_the_last_fact(outbox: Outbox) -> None:
    assert outbox.envelope_after(outbox.through) is None
    assert outbox.envelope_after(outbox.through + 5) is None


def test_heads_by_seq(outbox: Outbox) -> None:
    outbox.commit(touch(1), touch(2))
    assert outbox.head_at(0) == chain.first_head(station=STATION, epoch=outbox.epoch)
    assert outbox.head_at(3) == outbox.head == outbox.signed_head().head
    assert outbox.head_at(4) is None
    verify_head(PUBLIC_KEY, station=STATION, signed=outbox.signed_head())


def test_the_signed_head_follows_the_stream(outbox: Outbox) -> None:
    assert outbox.signed_head() is outbox.signed_head()
    outbox.commit(touch(1))
    assert outbox.signed_head().through == 2


def test_marks_fall_and_are_few_and_reach_the_beginning(outbox: Outbox) -> None:
    assert [at.seq for at in outbox.spaced_heads()] == [1]
    outbox.commit(*(touch(n) for n in range(1, 300)))
    heads = outbox.spaced_heads()
    assert [at.seq for at in heads] == [300, 299, 297, 293, 285, 269, 237, 173, 45, 1]
    assert all(outbox.head_at(at.seq) == at.head for at in heads)


def test_a_fact_too_large_to_be_said_again_is_refused(outbox: Outbox) -> None:
    with pytest.raises(ValueError, match=str(MAX_COMMIT_BYTES)):
        outbox.commit(touch(1), Touch(at=moment(), card=bytes(16), reader="x" * MAX_COMMIT_BYTES, answer="recorded"))
    assert outbox.through == 1


def test_the_file_itself_refuses_a_second_fact_of_the_same_name(outbox: Outbox, path: Path) -> None:
    outbox.commit(touch(1))
    outbox.close()
    file = apsw.Connection(str(path))
    file.execute("PRAGMA foreign_keys=ON")
    ((epoch,),) = file.execute("SELECT epoch FROM streams").fetchall()
    row = (epoch, bytes(16), b"x", bytes(32), bytes(32))
    with pytest.raises(apsw.ConstraintError):
        file.execute("INSERT INTO facts VALUES ((1 << 40) | 2, ?, ?, ?, ?, ?)", row)
    with pytest.raises(apsw.ConstraintError):
        file.execute("INSERT INTO facts VALUES ((2 << 40) | 2, ?, ?, ?, ?, ?)", row)
    with pytest.raises(apsw.ConstraintError):
        file.execute("INSERT INTO streams VALUES (2, ?, 0)", (epoch,))
    file.close()


@pytest.mark.parametrize("sql", ["DELETE FROM facts", "UPDATE facts SET digest = head", "UPDATE facts SET place = 99"])
def test_the_file_itself_refuses_that_facts_go_or_change(outbox: Outbox, path: Path, sql: str) -> None:
    outbox.close()
    file = apsw.Connection(str(path))
    with pytest.raises(apsw.ConstraintError):
        file.execute(sql)
    file.close()


def test_state_lies_beside_the_facts(outbox: Outbox, path: Path) -> None:
    assert outbox.get("floor") is None
    outbox.put("floor", b"1")
    outbox.put("floor", b"2")
    outbox.close()
    again = open_outbox(path)
    assert again.get("floor") == b"2"
    again.close()


def test_an_equal_value_is_not_written_again(outbox: Outbox, path: Path) -> None:
    outbox.put("floor", b"1")
    wal = path.with_name("outbox.db-wal")
    before = wal.read_bytes()
    outbox.put("floor", b"1")
    assert wal.read_bytes() == before


def test_a_body_that_went_bad_is_not_sent(outbox: Outbox) -> None:
    outbox.commit(touch(1), touch(2))
    query(outbox, "UPDATE facts SET body = ? WHERE place & 0xff = 3", b"another")
    first = outbox.envelope_after(0, max_facts=2)
    assert first
    assert outbox.envelope_after(0) == first
    with pytest.raises(StorageFailed, match="seq 3"):
        outbox.envelope_after(2)


def test_a_second_outbox_on_the_same_file_is_refused(outbox: Outbox, path: Path) -> None:
    with pytest.raises(StorageFailed):
        open_outbox(path)
    outbox.commit(touch(1))
    assert sorted(file.name for file in path.parent.iterdir()) == ["outbox.db", "outbox.db-wal"]


def test_another_stations_file_is_refused_and_left_alone(outbox: Outbox, path: Path) -> None:
    outbox.commit(touch(1))
    outbox.close()
    before = path.read_bytes()
    with pytest.raises(StorageFailed, match=STATION):
        open_outbox(path, station="shili-02")
    assert path.read_bytes() == before
    again = open_outbox(path)
    assert again.through == 2
    again.close()
