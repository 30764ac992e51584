"""A process reads the journal once, and then what is new. Whatever else happens to the file is seen as well."""

import os
from pathlib import Path

import pytest

from server_broker.platform.home import CountyHome
from server_broker.trust import StationJournal, journal
from server_broker.trust.journal import JournalEntry
from server_broker.trust.station_roll import StationRoll, sealed

AT = "2026-11-24T08:00:00+00:00"


def entry(number: int) -> JournalEntry:
    return JournalEntry(at=AT, event="enrolled", station=f"village-{number:04}", serial=f"{number:x}", record_key="aa")


@pytest.fixture
def stations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StationJournal:
    home = CountyHome(tmp_path)
    home.trust.mkdir(mode=0o700)
    found = StationJournal(home)
    found.path.write_bytes(b"".join(sealed(entry(number)) + b"\n" for number in range(300)))
    found.read()
    return found


@pytest.fixture
def lines_read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    seen: list[bytes] = []
    real = StationRoll.read_line

    def read_line(roll: StationRoll, line: bytes) -> None:
        seen.append(line)
        real(roll, line)

    monkeypatch.setattr(StationRoll, "read_line", read_line)
    return seen


def afresh(stations: StationJournal) -> StationRoll:
    """Return what a process says that has read nothing before."""
    journal._readings.clear()
    return stations.read()


def test_only_new_lines_are_read(stations: StationJournal, lines_read: list[bytes]) -> None:
    before = stations.read()
    assert lines_read == []
    stations.append(entry(500))
    stations.append(JournalEntry(at=AT, event="revoked", station="village-0007"))
    after = stations.read()
    assert len(lines_read) == 2
    assert set(after.live()) - set(before.live()) == {"village-0500"}
    assert set(before.live()) - set(after.live()) == {"village-0007"}, "the roll before is as it was"
    assert after == afresh(stations)


def test_a_renewal_changes_no_roll_that_somebody_holds(stations: StationJournal) -> None:
    before = stations.read()
    stations.append(JournalEntry(at=AT, event="renewed", station="village-0003", serial="f00", record_key="aa"))
    assert "f00" not in before.stations["village-0003"].serials
    assert "f00" in stations.read().stations["village-0003"].serials


def test_a_line_that_is_not_finished_counts_once_it_is(stations: StationJournal) -> None:
    line = sealed(JournalEntry(at=AT, event="revoked", station="village-0001"))
    with stations.path.open("ab") as file:
        file.write(line[:30])
        file.flush()
        assert "village-0001" in stations.read().live()
        file.write(line[30:] + b"\n")
        file.flush()
        assert "village-0001" not in stations.read().live()
    assert stations.read() == afresh(stations)


def shortened(raw: bytes) -> bytes:
    return raw[: raw.rindex(b"\n", 0, -1) + 1]


def damaged(raw: bytes) -> bytes:
    return raw.replace(b"village-0100", b"village-O100")


def mended(raw: bytes) -> bytes:
    return raw.replace(sealed(entry(200)) + b"\n", b"")


def changed_and_longer(raw: bytes) -> bytes:
    return mended(raw) + b"".join(sealed(entry(number)) + b"\n" for number in (700, 701))


@pytest.mark.parametrize("change", [shortened, damaged, mended, changed_and_longer])
@pytest.mark.parametrize("in_place", [True, False])
def test_a_file_that_was_changed_is_read_anew(stations: StationJournal, change: object, in_place: bool) -> None:
    assert callable(change)
    new = change(stations.path.read_bytes())
    if in_place:
        stations.path.write_bytes(new)
        os.utime(stations.path)  # the kernel's clock for files has steps of some milliseconds
    else:
        beside = stations.path.with_name("new")
        beside.write_bytes(new)
        beside.replace(stations.path)
    assert stations.read() == afresh(stations)


def test_a_file_that_is_gone_has_no_stations(stations: StationJournal) -> None:
    stations.path.unlink()
    assert stations.read() == StationRoll()


def test_after_an_hour_the_whole_file_is_read_again(
    stations: StationJournal, lines_read: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "WHOLE_EVERY_S", 0.0)
    stations.read()
    assert len(lines_read) == 300
