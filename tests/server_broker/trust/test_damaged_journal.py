"""One bad byte in the journal lets nobody in who was cut off, and cuts off nobody whom it does not touch."""

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509

from server_broker import broker
from server_broker.platform.county_config import CountyConfig
from server_broker.platform.home import CountyHome
from server_broker.supervisor.up import initialise
from server_broker.trust import StationJournal
from server_broker.trust.journal import JournalDamaged, JournalEntry

NOW = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)
AT = "2026-11-24T08:00:00+00:00"


@pytest.fixture
def home(tmp_path: Path) -> CountyHome:
    """Three stations were taken in; the second was revoked, and the first got a new board."""
    home = CountyHome(tmp_path / "county")
    initialise(home, CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0))
    broker.prepare(home, now=NOW)
    for one in (
        enrolled("village-01", "a1"),
        enrolled("village-02", "b1"),
        JournalEntry(at=AT, event="revoked", station="village-02"),
        enrolled("village-01", "a2"),
        enrolled("village-03", "c1"),
    ):
        StationJournal(home).append(one)
        broker.refresh(home, now=NOW)
    return home


def enrolled(station: str, serial: str) -> JournalEntry:
    return JournalEntry(at=AT, event="enrolled", station=station, serial=serial, record_key=serial * 32)


def admitted(home: CountyHome) -> set[str]:
    lines = (home.broker / "stations.list").read_text().splitlines()
    return {line.split()[0] for line in lines if not line.startswith("#")}


def revocation_list(home: CountyHome) -> x509.CertificateRevocationList:
    return x509.load_pem_x509_crl((home.broker / "stations.crl").read_bytes())


def revoked_serials(home: CountyHome) -> set[int]:
    return {one.serial_number for one in revocation_list(home)}


def damage(home: CountyHome, old: bytes, new: bytes) -> None:
    path = StationJournal(home).path
    raw = path.read_bytes()
    assert old in raw
    path.write_bytes(raw.replace(old, new, 1))


def test_no_byte_of_the_journal_lets_a_revoked_station_in(home: CountyHome) -> None:
    """Each byte in turn is another: none makes the list longer, and the certificate stays revoked."""
    path = StationJournal(home).path
    whole = path.read_bytes()
    for place in range(len(whole)):
        for other in {b"\n", b"1", bytes([whole[place] ^ 1])}:
            path.write_bytes(whole[:place] + other + whole[place + 1 :])
            roll = StationJournal(home).read()
            assert roll.bad_lines or path.read_bytes() == whole, (place, other)
            assert "village-02" not in roll.live(witnessed={"village-01", "village-03"}), (place, other)
            assert "village-02" not in roll.live(), (place, other)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"revoked"', b'"revokee"'),
        (b'"revoked","station":"village-02"', b'"revoked","station":"village-09"'),
        (b'"revoked"', b'"rev\xffked"'),
        (b'"revoked"', b'"rev\nked"'),
    ],
)
def test_a_damaged_revocation_still_holds_and_the_others_are_served(home: CountyHome, old: bytes, new: bytes) -> None:
    damage(home, old, new)
    broker.refresh(home, now=NOW)
    assert admitted(home) == {"village-01", "village-03"}
    assert revoked_serials(home) == {0xA1, 0xB1}


def test_the_last_line_s_end_is_damaged(home: CountyHome) -> None:
    """It is no torn line: its writer was told that it was written."""
    journal = StationJournal(home)
    journal.append(JournalEntry(at=AT, event="revoked", station="village-03"))
    broker.refresh(home, now=NOW)
    journal.path.write_bytes(journal.path.read_bytes()[:-1] + b"\x0b")
    journal.append(JournalEntry(at=AT, event="revoked", station="village-01"))
    broker.refresh(home, now=NOW)
    roll = journal.read()
    assert (roll.bad_lines, roll.entries) == ([6], 7)
    assert set(roll.revoked) == {"village-01", "village-02"}
    assert admitted(home) == set()


def test_without_the_earlier_lists_who_is_in_doubt_stays_out(home: CountyHome) -> None:
    damage(home, b'"revoked"', b'"revokee"')
    (home.broker / "stations.list").unlink()
    broker.refresh(home, now=NOW)
    assert admitted(home) == {"village-03"}, "it was taken in behind the damaged line"


def test_a_damaged_enrolment_leaves_the_replaced_board_outside(home: CountyHome) -> None:
    damage(home, b'"serial":"a2"', b'"serial":"a3"')
    broker.refresh(home, now=NOW)
    assert revoked_serials(home) == {0xA1, 0xB1}


@pytest.mark.parametrize("event", ["enrolled", "renewed"])
def test_nobody_is_taken_in_until_it_is_mended(home: CountyHome, event: str) -> None:
    damage(home, b'"revoked"', b'"revokee"')
    station = "village-04" if event == "enrolled" else "village-03"
    late = JournalEntry(at=AT, event=event, station=station, serial="d1")  # type: ignore[arg-type]
    with pytest.raises(JournalDamaged, match="line 3"):
        StationJournal(home).append(late)
    damage(home, b'"revokee"', b'"revoked"')
    StationJournal(home).append(late)


def test_a_revocation_is_written_meanwhile_and_bites(home: CountyHome) -> None:
    damage(home, b'"revoked"', b'"revokee"')
    StationJournal(home).append(JournalEntry(at=AT, event="revoked", station="village-03"))
    broker.refresh(home, now=NOW)
    assert admitted(home) == {"village-01"}
    assert revoked_serials(home) == {0xA1, 0xB1, 0xC1}


@pytest.mark.parametrize("new", [b'"village-09"', b'"village\n02"'])
def test_a_later_list_is_later_whatever_became_of_the_journal(home: CountyHome, new: bytes) -> None:
    """A running broker heeds no list that is earlier than one that it has read."""
    dates = [revocation_list(home).last_update_utc]
    for old in (b'"village-02"', b"\n"):
        damage(home, old, new if old != b"\n" else b"x")
        broker.refresh(home, now=NOW)
        dates.append(revocation_list(home).last_update_utc)
    assert dates == sorted(set(dates))


def test_lines_from_before_there_were_check_values_are_read(home: CountyHome) -> None:
    journal = StationJournal(home)
    old = b'{"at":"2026-11-24T08:00:00+00:00","event":"enrolled","station":"village-05","serial":"e1"}\n'
    journal.path.write_bytes(old + journal.path.read_bytes())
    assert set(journal.read().live()) == {"village-01", "village-03", "village-05"}
