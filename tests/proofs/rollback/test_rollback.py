"""The rollback proof passes for the product, and fails for the bugs that it is meant to catch."""

import json
import os
import subprocess
import sys

import pytest

from agent.storage.outbox import Outbox, opening
from agent.storage.outbox.progress import Progress
from agent.storage.outbox.stream import Tip
from agent.uplink import session
from agent.uplink.agreement import Continue, Reissuer
from protocol import birth
from tests.proofs.rollback.__main__ import prove


def test_whatever_becomes_of_the_file_no_green_fact_is_lost_in_silence() -> None:
    findings = prove(runs=60, seed=int.from_bytes(os.urandom(4)))
    assert not findings.wrong, findings


@pytest.mark.small_proof
def test_the_countys_own_ingest_ends_up_with_every_green_fact() -> None:
    command = [sys.executable, "-m", "tests.proofs.rollback", "--runs", "12", "--json"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr.decode()
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["runs_on_real_ingest"] == 12


@pytest.mark.small_proof
def test_heads_that_are_not_compared_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "agree", lambda _stream, welcome: Continue(after=welcome.through))
    assert prove(runs=60, seed=1).wrong > 0


def test_earlier_streams_that_a_restored_county_is_not_offered_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reissuer, "begin", lambda _reissuer, _generation: None)
    assert prove(runs=80, seed=1).wrong > 0


def test_a_reissue_that_begins_too_late_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    heads = Outbox.spaced_heads

    def too_many(box: Outbox) -> list[birth.HeadAtSeq]:
        return heads(box)[:1]

    def begin_epoch_at_the_end(box: Outbox, reason: str, *, matched: int) -> None:
        original(box, "differs", matched=max(matched, box.through - 1))

    original = Outbox.begin_epoch
    monkeypatch.setattr(Outbox, "spaced_heads", too_many)
    monkeypatch.setattr(Outbox, "begin_epoch", begin_epoch_at_the_end)
    assert prove(runs=80, seed=1).wrong > 0


def test_a_log_that_is_not_looked_through_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def as_sqlite_says(*_: object, tip: Tip, progress: Progress) -> tuple[Tip, Progress]:
        return tip, progress

    monkeypatch.setattr(opening, "recover_wal", as_sqlite_says)
    assert prove(runs=80, seed=1).wrong > 0


@pytest.mark.small_proof
def test_bodies_that_are_not_checked_before_sending_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.storage.outbox.stream.StoredFact.intact", lambda _fact: True)
    assert prove(runs=260, seed=1).wrong > 0
