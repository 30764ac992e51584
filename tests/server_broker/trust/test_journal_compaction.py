"""A compacted journal says the same of who may connect and who may not, whatever happens while it is written."""

import datetime as dt
import errno
import threading
from pathlib import Path

import pytest

from server_broker.platform.files import write_atomically
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import Account
from server_broker.trust import StationJournal, journal
from server_broker.trust.authority import CLOCK_SLACK, STATION_LIFETIME
from server_broker.trust.journal import JournalDamaged, JournalEntry, journal_time
from server_broker.trust.station_roll import LONG_PAST_DAYS, StationRoll, sealed

BEGINNING = dt.datetime(2026, 1, 1, 8, tzinfo=dt.UTC)
STATIONS, DAYS, RENEWED_EVERY = 40, 700, 9
REVOKED, REPLACED = "village-05", "village-06"


def name(number: int) -> str:
    return f"village-{number:02}"


def day(number: int) -> str:
    return journal_time(BEGINNING + dt.timedelta(days=number))


def years_of_renewals() -> list[JournalEntry]:
    """Return two years: a station's second board comes on day 300, another is revoked a month before the end."""
    lines = [
        JournalEntry(at=day(0), event="enrolled", station=name(one), serial=f"e{one:x}", record_key=f"{one:02x}")
        for one in range(STATIONS)
    ]
    keys = {name(one): f"{one:02x}" for one in range(STATIONS)}
    for at in range(1, DAYS):
        if at == 300:
            keys[REPLACED] = "ff"
            lines.append(JournalEntry(at=day(at), event="enrolled", station=REPLACED, serial="ee", record_key="ff"))
        if at == DAYS - 30:
            lines.append(JournalEntry(at=day(at), event="revoked", station=REVOKED))
        lines += [
            JournalEntry(at=day(at), event="renewed", station=one, serial=f"{at:x}c{number:x}", record_key=key)
            for number, (one, key) in enumerate(keys.items())
            if (at + number) % RENEWED_EVERY == 0 and not (one == REVOKED and at >= DAYS - 30)
        ]
    return lines


@pytest.fixture
def stations(tmp_path: Path) -> StationJournal:
    home = CountyHome(tmp_path)
    home.trust.mkdir(mode=0o700)
    found = StationJournal(home)
    found.path.write_bytes(b"".join(sealed(one) + b"\n" for one in years_of_renewals()))
    return found


def judged(roll: StationRoll) -> object:
    """Return everything that the county asks a roll."""
    boards = {name: (one.enrolled, one.record_keys) for name, one in roll.stations.items()}
    return set(roll.live()), roll.revoked, boards, roll.bad_lines, roll.in_doubt


def test_a_certificate_has_ended_when_the_journal_says_so() -> None:
    assert dt.timedelta(days=LONG_PAST_DAYS) > STATION_LIFETIME + CLOCK_SLACK


def test_renewals_of_the_past_leave_and_nothing_else_changes(stations: StationJournal) -> None:
    before, raw = stations.read(), stations.path.read_bytes()
    gone = stations.compact()
    after = stations.read()
    assert gone == before.entries - after.entries > before.entries * 0.75
    assert judged(after) == judged(before)
    assert after.revoked_serials_in_use() >= before.revoked_serials_in_use() > frozenset()
    lines = raw.splitlines()
    kept = stations.path.read_bytes().splitlines()
    assert [line for line in lines if line in set(kept)] == kept, "as they were, and in their order"
    assert stations.compact() == 0


def test_serials_that_have_ended_leave_the_revocation_list(stations: StationJournal) -> None:
    roll = stations.read()
    assert roll.revoked_serials_in_use() < roll.revoked_serials
    latest = max(roll.stations[REVOKED].serials, key=lambda serial: roll.issued_on[serial])
    assert latest in roll.revoked_serials_in_use()
    assert "e5" not in roll.revoked_serials_in_use(), "its certificate ended two years ago"


def test_a_clock_that_is_years_ahead_for_a_while_ends_no_certificate(stations: StationJournal) -> None:
    before = stations.read().revoked_serials_in_use()
    for number in range(50):
        at = journal_time(dt.datetime(2040, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=number))
        stations.append(JournalEntry(at=at, event="renewed", station=name(1), serial=f"fa{number:x}", record_key="01"))
    latest = {serial for serial in before if serial.startswith(f"{DAYS - 35:x}"[:2])}
    assert latest
    assert latest <= stations.read().revoked_serials_in_use()


def test_a_small_journal_stays_as_it_is(stations: StationJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "COMPACTED_FROM_LINES", 10_000)
    before = stations.path.read_bytes()
    assert stations.compact() == 0
    assert stations.path.read_bytes() == before


def test_a_damaged_journal_is_not_compacted(stations: StationJournal) -> None:
    raw = stations.path.read_bytes().replace(b'"revoked"', b'"revokee"')
    stations.path.write_bytes(raw)
    assert stations.compact() == 0
    assert stations.path.read_bytes() == raw


def test_a_line_that_is_damaged_while_it_is_copied_ends_the_compaction(
    stations: StationJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, before = stations.path.read_bytes(), judged(stations.read())
    real = journal._bytes_from
    monkeypatch.setattr(
        journal,
        "_bytes_from",
        lambda descriptor, place: (
            real(descriptor, place).replace(b'"revoked"', b'"renewed"') if place == 0 else real(descriptor, place)
        ),
    )
    with pytest.raises((JournalDamaged, ValueError)):
        stations.compact()
    monkeypatch.undo()
    assert stations.path.read_bytes() == raw
    assert judged(stations.read()) == before


@pytest.mark.parametrize("damaged", range(0, 400, 9))
def test_damage_to_a_compacted_journal_lets_nobody_in(stations: StationJournal, damaged: int) -> None:
    stations.compact()
    lines = stations.path.read_bytes().splitlines()
    lines[damaged % len(lines)] = lines[damaged % len(lines)].replace(b"village", b"vi1lage")
    stations.path.write_bytes(b"\n".join(lines) + b"\n")
    assert REVOKED not in stations.read().live()
    witnessed = {name(one) for one in range(STATIONS)} - {REVOKED}
    assert REVOKED not in stations.read().live(witnessed=witnessed)


def test_on_a_full_disk_the_journal_stays(stations: StationJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = stations.path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(journal, "write_atomically", full)
    with pytest.raises(OSError, match="full"):
        stations.compact()
    assert stations.path.read_bytes() == raw


def test_who_waits_while_it_is_compacted_writes_to_the_new_file(
    stations: StationJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    revoked = JournalEntry(at=day(DAYS), event="revoked", station=name(9))
    writer = threading.Thread(target=lambda: stations.append(revoked))

    def slowly(path: Path, content: bytes, *, mode: int, account: Account | None) -> None:
        writer.start()
        writer.join(0.2)  # it has the old file open by now, and waits for its lock
        write_atomically(path, content, mode=mode, account=account)

    monkeypatch.setattr(journal, "write_atomically", slowly)
    assert stations.compact() > 0
    writer.join(5)
    assert name(9) in stations.read().revoked
    assert b'"village-09"' in stations.path.read_bytes().splitlines()[-1]
