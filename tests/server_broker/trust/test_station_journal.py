"""The journal of stations: what follows from it, and what a crash in the middle of a line leaves."""

import json
import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.synchronize import Barrier
from pathlib import Path

import msgspec
import pytest

from server_broker.platform.home import CountyHome
from server_broker.trust.journal import EntryRefused, JournalEntry, StationJournal


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
    roll = journal.read()
    assert roll.live() == {}
    assert roll.revoked_serials == {"a1", "a2"}


def test_a_new_board_takes_the_place_of_the_old_one(journal: StationJournal) -> None:
    for one in (entry("enrolled", "a1"), entry("renewed", "a2"), entry("enrolled", "b1")):
        journal.append(one)
    roll = journal.read()
    assert set(roll.live()) == {"village-01"}
    assert roll.revoked_serials == {"a1", "a2"}


@pytest.mark.parametrize("late", ["enrolled", "renewed"])
def test_a_revoked_station_takes_no_certificate_and_no_board(journal: StationJournal, late: str) -> None:
    for one in (entry("enrolled", "a1"), entry("revoked")):
        journal.append(one)
    before = journal.path.read_bytes()
    with pytest.raises(EntryRefused):
        journal.append(entry(late, "a2"))
    assert journal.path.read_bytes() == before


@pytest.mark.parametrize("late", ["enrolled", "renewed"])
def test_what_was_written_after_a_revocation_all_the_same_revives_nobody(journal: StationJournal, late: str) -> None:
    lines = [entry("enrolled", "a1"), entry("revoked"), entry(late, "a2")]
    journal.path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    roll = journal.read()
    assert (roll.live(), roll.revoked_serials) == ({}, {"a1", "a2"})


def test_a_station_that_was_revoked_before_it_ever_came_stays_out(journal: StationJournal) -> None:
    journal.append(entry("revoked"))
    with pytest.raises(EntryRefused):
        journal.append(entry("enrolled", "a1"))


def test_a_renewal_of_a_station_that_the_journal_does_not_know_is_refused(journal: StationJournal) -> None:
    with pytest.raises(EntryRefused):
        journal.append(entry("renewed", "a1"))


def append_in_another_process(path: Path, event: str, times: int, start: Barrier) -> None:
    journal = StationJournal(CountyHome(path))
    start.wait()
    with suppress(EntryRefused):
        for _ in range(times):
            journal.append(entry(event, "a2"))


@pytest.mark.parametrize("late", ["enrolled", "renewed"])
def test_of_two_processes_none_writes_behind_a_revocation(journal: StationJournal, late: str) -> None:
    processes = multiprocessing.get_context("spawn")
    for _ in range(3):
        journal.path.unlink(missing_ok=True)
        journal.append(entry("enrolled", "a1"))
        start = processes.Barrier(2)
        both = [
            processes.Process(target=append_in_another_process, args=(journal.path.parents[1], event, times, start))
            for event, times in ((late, 1000), ("revoked", 1))
        ]
        for one in both:
            one.start()
        for one in both:
            one.join(30)
        assert [one.exitcode for one in both] == [0, 0]
        assert written(journal)[-1] == "revoked"
        assert journal.read().live() == {}


@pytest.mark.parametrize("late", ["enrolled", "renewed"])
def test_of_many_threads_none_writes_behind_a_revocation(journal: StationJournal, late: str) -> None:
    """Each asks before it writes; between the two the revocation comes."""
    for _ in range(20):
        journal.path.unlink(missing_ok=True)
        journal.append(entry("enrolled", "a1"))
        start = threading.Barrier(8)

        def append(event: str, start: threading.Barrier = start) -> None:
            start.wait()
            with suppress(EntryRefused):
                journal.append(entry(event, "a2"))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(append, [late] * 7 + ["revoked"]))
        assert written(journal)[-1] == "revoked"


def written(journal: StationJournal) -> list[str]:
    return [json.loads(line)["event"] for line in journal.path.read_text().splitlines()]


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_line_torn_by_a_crash_is_dropped_and_the_next_is_whole(journal: StationJournal, cut: int) -> None:
    journal.append(entry("enrolled", "a1"))
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole + whole[:cut])
    assert journal.read().entries == 1
    journal.append(entry("revoked"))
    roll = journal.read()
    assert (roll.entries, roll.bad_lines, roll.live()) == (2, [], {})


def test_a_damaged_line_is_named_and_puts_in_doubt_who_stands_before_it(journal: StationJournal) -> None:
    journal.append(entry("enrolled", "a1"))
    journal.append(entry("enrolled", "b1", "village-02"))
    first, second = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(first + b"\xff\xfe\n" + second)
    roll = journal.read()
    assert roll.bad_lines == [2]
    assert set(roll.live()) == {"village-02"}
    assert set(roll.live(witnessed={"village-01"})) == {"village-01", "village-02"}
