"""The journal of stations: what follows from it, and what a crash in the middle of a line leaves."""

from pathlib import Path

import pytest

from server_broker.home import CountyHome
from server_broker.trust.journal import JournalEntry, StationJournal


@pytest.fixture
def journal(tmp_path: Path) -> StationJournal:
    home = CountyHome(tmp_path)
    home.trust.mkdir()
    return StationJournal(home)


def entry(event: str, serial: str = "", station: str = "village-01") -> JournalEntry:
    assert event in ("enrolled", "renewed", "revoked")
    return JournalEntry(at="2026-11-24T08:00:00+00:00", event=event, station=station, serial=serial)  # type: ignore[arg-type]


def test_an_enrolled_station_is_live_and_a_revoked_one_is_not(journal: StationJournal) -> None:
    journal.append(entry("enrolled", "a1"))
    assert set(journal.read().live()) == {"village-01"}
    journal.append(entry("renewed", "a2"))
    journal.append(entry("revoked"))
    standing = journal.read()
    assert standing.live() == {}
    assert standing.revoked_serials == {"a1", "a2"}


def test_a_new_board_takes_the_place_of_the_old_one(journal: StationJournal) -> None:
    for one in (entry("enrolled", "a1"), entry("renewed", "a2"), entry("enrolled", "b1")):
        journal.append(one)
    standing = journal.read()
    assert set(standing.live()) == {"village-01"}
    assert standing.revoked_serials == {"a1", "a2"}


def test_a_certificate_written_after_the_revocation_is_revoked_too(journal: StationJournal) -> None:
    for one in (entry("enrolled", "a1"), entry("revoked"), entry("renewed", "a2")):
        journal.append(one)
    assert journal.read().revoked_serials == {"a1", "a2"}


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_line_torn_by_a_crash_is_dropped_and_the_next_is_whole(journal: StationJournal, cut: int) -> None:
    journal.append(entry("enrolled", "a1"))
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole + whole[:cut])
    assert journal.read().entries == 1
    journal.append(entry("revoked"))
    standing = journal.read()
    assert (standing.entries, standing.bad_lines, standing.live()) == (2, [], {})


def test_a_damaged_line_in_the_middle_is_named(journal: StationJournal) -> None:
    journal.append(entry("enrolled", "a1"))
    journal.path.write_bytes(b"\xff\xfe\n" + journal.path.read_bytes())
    standing = journal.read()
    assert standing.bad_lines == [1]
    assert set(standing.live()) == {"village-01"}
