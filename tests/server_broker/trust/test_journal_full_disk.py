"""An entry that the disk took only half of, or did not confirm, is an error and never taken for written."""

import errno
import os
import resource
from pathlib import Path

import pytest

from server_broker.platform.home import CountyHome
from server_broker.trust.journal import JournalEntry, StationJournal


def entry(event: str) -> JournalEntry:
    assert event in ("enrolled", "renewed", "revoked")
    return JournalEntry(at="2026-11-24T08:00:00+00:00", event=event, station="village-01", serial="a1")  # type: ignore[arg-type]


def test_half_a_line_is_no_revocation_and_no_harm(tmp_path: Path) -> None:
    home = CountyHome(tmp_path)
    home.trust.mkdir()
    journal = StationJournal(home)
    journal.append(entry("enrolled"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal.path.stat().st_size + 30, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            journal.append(entry("revoked"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert set(journal.read().live()) == {"village-01"}
    assert journal.path.read_bytes().count(b"\n") == 1
    journal.append(entry("revoked"))
    roll = journal.read()
    assert (roll.entries, roll.bad_lines, roll.live()) == (2, [], {})


@pytest.mark.parametrize("event", ["enrolled", "renewed", "revoked"])
def test_a_whole_line_that_the_disk_did_not_confirm_counts_for_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    home = CountyHome(tmp_path)
    home.trust.mkdir()
    journal = StationJournal(home)
    journal.append(entry("enrolled"))
    before, meanwhile = journal.read(), []

    def fails(_: int) -> None:
        meanwhile.append(journal.read().entries)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patched:
        patched.setattr("server_broker.trust.journal.os.fsync", fails)
        with pytest.raises(OSError, match="Input/output"):
            journal.append(entry(event))
    assert meanwhile == [2], "another reader sees the line for a moment"
    assert journal.read() == before
    journal.append(entry("revoked"))
    roll = journal.read()
    assert (roll.entries, roll.bad_lines, roll.live()) == (2, [], {})
