"""A revocation that the disk took only half of is an error, never taken for written."""

import resource
from pathlib import Path

import pytest

from server_broker.platform.home import CountyHome
from server_broker.trust.journal import JournalEntry, StationJournal


def entry(event: str) -> JournalEntry:
    assert event in ("enrolled", "revoked")
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
    journal.append(entry("revoked"))
    roll = journal.read()
    assert (roll.entries, roll.bad_lines, roll.live()) == (2, [], {})
