"""An export file from a USB stick: taken as messages are, once however often it is given, or refused with a reason."""

import os
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from protocol.blobs import BlobChunk
from protocol.envelope import Envelope
from protocol.export import MAX_EXPORT_BYTES, UNSIGNED, ExportedStream, ExportHeader, ExportWriter
from protocol.facts import BlobAnnounced
from protocol.heads import SignedHead
from server_broker.attendance.models import Touch as TouchRow
from server_broker.audit.models import AuditEntry
from server_broker.cli import main
from server_broker.fleet.models import Alarm, Station, Stream
from server_broker.ingest.after_upgrade import reread_later
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.carried import FileRefused, Taken, take_file
from server_broker.ingest.models import Fact, Quarantined
from server_broker.ingest.reread import reread_held
from server_broker.ledger.verify import verify_station
from server_broker.media.models import Blob
from server_broker.platform.county_config import CountyConfig
from server_broker.platform.home import CountyHome
from server_broker.supervisor.up import initialise
from server_broker.trust.journal import JournalEntry, StationJournal
from tests.server_broker.station_double import NOW, StationDouble, moment, touch

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> CountyHome:
    home = CountyHome(tmp_path_factory.mktemp("county"))
    initialise(home, CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0))
    monkeypatch.setattr(settings, "HOME", home)
    return home


@pytest.fixture
def station() -> StationDouble:
    """A station of ten facts, of which the county has the first four."""
    double = StationDouble()
    double.enrol()
    double.add(*(touch(1000 * number) for number in range(1, 11)))
    BatchProcessor(clock=lambda: NOW).process_batch([double.facts_message(1, 4)])
    return double


def written(
    path: Path,
    station: StationDouble,
    *envelopes: Envelope,
    after: int,
    blob: bytes = b"",
    key: Ed25519PrivateKey | None = None,
    signed: bool = True,
) -> Path:
    """Write an export file by hand, signed by ``key`` or the station's own."""
    key = (key or station.key) if signed else None
    end = envelopes[-1].head if envelopes else station.signed(after)
    stream = ExportedStream(after=after, before=station.head(after), head=end)
    public = key.public_key().public_bytes_raw() if key else None
    header = ExportHeader(station=station.id, record_key=public, at=moment(), software="test", streams=[stream])
    with path.open("wb") as file:
        writer = ExportWriter(file.write, header)
        for envelope in envelopes:
            writer.envelope(envelope)
        if blob:
            name = sha256(blob).digest()
            writer.chunk(BlobChunk(station=station.id, sha256=name, size=len(blob), offset=0, data=blob))
        writer.end(key)
    return path


def bare(envelope: Envelope) -> Envelope:
    """The same without its signature."""
    head = envelope.head
    unsigned = SignedHead(epoch=head.epoch, through=head.through, head=head.head, signature=UNSIGNED)
    return Envelope(station=envelope.station, first=envelope.first, facts=envelope.facts, head=unsigned)


@pytest.fixture
def rescued(station: StationDouble, tmp_path: Path) -> Path:
    return written(tmp_path / "x.cunhui", station, station.envelope(3, 7), station.envelope(8, 10), after=2)


def take(path: Path, *, dead_board: bool = False) -> Taken:
    return take_file(path, dead_board=dead_board, actor="test", clock=lambda: NOW)


def refusal(path: Path, *, dead_board: bool = False) -> str:
    before = Fact.objects.count(), Stream.objects.count(), Quarantined.objects.count()
    with pytest.raises(FileRefused) as refused:
        take(path, dead_board=dead_board)
    assert (Fact.objects.count(), Stream.objects.count(), Quarantined.objects.count()) == before
    return str(refused.value)


def test_what_is_new_is_stored_and_what_is_known_does_no_harm(station: StationDouble, rescued: Path) -> None:
    taken = take(rescued)
    assert (taken.new, taken.known, taken.held, taken.set_aside) == (6, 2, 0, 0)
    assert taken.sentences() == ["站点 shili-01：新收 6 条，已有 2 条，待审 0 条"]
    assert TouchRow.objects.count() == 10
    assert [verdict.good for verdict in verify_station(Station.objects.get())] == [True]
    entry = AuditEntry.objects.get(action="export.taken")
    assert (entry.actor, entry.subject) == ("test", station.id)


def test_given_twice_or_sent_as_well_nothing_is_doubled(station: StationDouble, rescued: Path) -> None:
    take(rescued)
    again = take(rescued)
    assert (again.new, again.known) == (0, 8)
    answers = BatchProcessor(clock=lambda: NOW).process_batch([station.facts_message(1, 10)])
    assert [getattr(answer.message, "through", None) for answer in answers] == [10]
    assert (TouchRow.objects.count(), Fact.objects.count()) == (10, 10)


def test_an_older_file_than_what_came_over_the_line_is_known(station: StationDouble, rescued: Path) -> None:
    station.add(touch(20_000))
    BatchProcessor(clock=lambda: NOW).process_batch([station.facts_message(1, 11)])
    taken = take(rescued)
    assert (taken.new, taken.known) == (0, 8)


def test_pictures_come_along(station: StationDouble, tmp_path: Path) -> None:
    blob = b"\xff\xd8 a picture \xff\xd9"
    name = sha256(blob).digest()
    station.add(
        BlobAnnounced(at=moment(), sha256=name, size=len(blob), media_type="image/jpeg", purpose="touch", about=None)
    )
    path = written(tmp_path / "x.cunhui", station, station.envelope(5, 11), after=4, blob=blob)
    assert take(path).pictures == 1
    assert take(path).pictures == 1
    assert Blob.objects.get().completed_at is not None


def test_a_fact_that_cannot_be_read_is_held_and_a_person_is_told(station: StationDouble, tmp_path: Path) -> None:
    station.add_body(b"\x81\xa4kind\xa5later")
    taken = take(written(tmp_path / "x.cunhui", station, station.envelope(5, 11), after=4))
    assert (taken.new, taken.held) == (7, 1)
    assert Alarm.objects.filter(code="held:unknown_kind").exists()


def test_altered_half_written_and_foreign_files_are_refused(rescued: Path) -> None:
    whole = rescued.read_bytes()
    for at in range(40, len(whole), 97):
        rescued.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        assert refusal(rescued)
    for size in range(0, len(whole), 97):
        rescued.write_bytes(whole[:size])
        assert "没有写完整" in refusal(rescued)
    rescued.write_bytes(b"PK\x03\x04" + whole)
    assert "不是村慧的导出文件" in refusal(rescued)


def test_anothers_file_is_refused(station: StationDouble, tmp_path: Path) -> None:
    stranger = StationDouble(id="shili-77").add(touch())
    path = written(tmp_path / "x.cunhui", stranger, stranger.envelope(), after=0)
    assert refusal(path).startswith("县里没有站点 shili-77，请核对编号。")
    assert "cunhui-server claim shili-77 --village" in refusal(path)
    other = StationDouble(id="shili-02")
    other.enrol()
    path = written(tmp_path / "x.cunhui", station, station.envelope(5, 10), after=4, key=other.key)
    assert refusal(path) == refusal(path, dead_board=True) == "签名不是站点 shili-01 的"


def test_a_revoked_and_an_unenrolled_stations_file_are_refused(station: StationDouble, rescued: Path) -> None:
    Station.objects.update(record_key=None)
    assert refusal(rescued).startswith("站点 shili-01 还没有接入。")
    assert "cunhui-server revoke shili-01" in refusal(rescued, dead_board=True)
    Station.objects.update(record_key=station.public, revoked_at=NOW)
    assert "站点 shili-01 已吊销" in refusal(rescued)
    assert "--dead-board" in refusal(rescued)


def test_of_a_revoked_station_all_is_taken_and_nothing_counts(rescued: Path) -> None:
    Station.objects.update(revoked_at=NOW)
    taken = take(rescued, dead_board=True)
    assert (taken.new, taken.known, taken.held) == (6, 2, 6)
    assert "6 条都还没有计入考勤" in taken.sentences()[1]
    assert set(Fact.objects.filter(seq__gt=4).values_list("held_reason", flat=True)) == {"carried_revoked"}
    assert TouchRow.objects.count() == 4
    assert Alarm.objects.filter(code="held:carried_revoked", resolved_at=None).exists()
    # Neither the county's chore nor a person who only reads again lets one of them count.
    assert reread_later(NOW) == ""
    assert dict(reread_held("shili-01").still_held) == {"carried_revoked": 6}
    assert TouchRow.objects.count() == 4
    assert (take(rescued, dead_board=True).known, TouchRow.objects.count()) == (8, 4)


@pytest.fixture
def forgotten(tmp_path: Path) -> StationDouble:
    """A station that joined after the last copy and was revoked: named again and revoked again after the restore."""
    double = StationDouble()
    double.enrol()
    double.add(*(touch(1000 * number) for number in range(1, 6)))
    Station.objects.update(record_key=None, enrolled_at=None, revoked_at=NOW + timedelta(hours=1))
    return double


def test_what_a_station_had_that_joined_after_the_last_copy_comes_in_again(
    forgotten: StationDouble, tmp_path: Path
) -> None:
    path = written(tmp_path / "x.cunhui", forgotten, forgotten.envelope(1, 5), after=0)
    assert "--dead-board" in refusal(path)
    later = NOW + timedelta(days=1)
    taken = take_file(path, dead_board=True, actor="test", clock=lambda: later)
    assert (taken.new, taken.held, taken.set_aside) == (5, 5, 0)
    assert set(Fact.objects.values_list("held_reason", flat=True)) == {"carried_revoked"}
    station = Station.objects.get()
    assert (bytes(station.record_key or b""), station.enrolled_at) == (forgotten.public, NOW + timedelta(seconds=1))
    assert AuditEntry.objects.filter(action="station.board_noted", subject=station.pk).count() == 1
    assert reread_held(station.pk, accepted=True).read == 5
    assert TouchRow.objects.count() == 5
    assert [verdict.good for verdict in verify_station(station)] == [True]
    # Given again it is known, and a file by another key is no longer believed.
    assert take(path, dead_board=True).known == 5
    other = written(tmp_path / "y.cunhui", forgotten, forgotten.envelope(1, 5), after=0, key=StationDouble().key)
    assert refusal(other, dead_board=True) == "签名不是站点 shili-01 的"


def test_of_an_unknown_board_a_file_must_be_signed_as_it_says(forgotten: StationDouble, tmp_path: Path) -> None:
    unsigned = written(tmp_path / "x.cunhui", forgotten, bare(forgotten.envelope(1, 5)), after=0, signed=False)
    assert "record-key.pem" in refusal(unsigned, dead_board=True)
    whole = written(tmp_path / "y.cunhui", forgotten, forgotten.envelope(1, 5), after=0).read_bytes()
    spoilt = tmp_path / "z.cunhui"
    spoilt.write_bytes(whole.replace(forgotten.public, StationDouble().public))
    assert "内容被改动" in refusal(spoilt, dead_board=True)
    assert Station.objects.get().record_key is None


def test_a_signature_from_after_the_revocation_vouches_for_nothing(station: StationDouble, tmp_path: Path) -> None:
    """Whoever has the key signs, later, for what was first brought without a signature."""
    Station.objects.update(revoked_at=NOW)
    path = written(tmp_path / "bare.cunhui", station, bare(station.envelope(5, 9)), after=4, signed=False)
    assert take(path, dead_board=True).held == 5
    assert take(written(tmp_path / "x.cunhui", station, station.envelope(5, 10), after=4), dead_board=True).new == 1
    reread_later(NOW)
    assert TouchRow.objects.count() == 4


def test_what_is_no_file_is_refused(rescued: Path, tmp_path: Path) -> None:
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(rescued)
    os.mkfifo(pipe)
    assert refusal(link) == "是符号链接"
    assert refusal(pipe) == refusal(tmp_path) == "不是普通文件"
    assert "打不开" in refusal(tmp_path / "none")


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(MAX_EXPORT_BYTES + 1)
    assert "太大" in refusal(path)


def test_what_does_not_fit_is_kept_raw_once(station: StationDouble, tmp_path: Path) -> None:
    """A copied card went on by itself, and a file begins beyond what the county has."""
    copy = station.clone()
    copy.sealed = copy.sealed[:3]
    copy.add(touch(77_000), touch(78_000))
    conflicting = written(tmp_path / "conflict.cunhui", copy, copy.envelope(4, 5), after=3)
    beyond = written(tmp_path / "gap.cunhui", station, station.envelope(8, 10), after=7)
    for path, count in ((conflicting, 2), (beyond, 3)):
        for _ in range(2):
            taken = take(path)
            assert (taken.new, taken.held, taken.set_aside) == (0, 0, count)
    assert set(Quarantined.objects.values_list("reason", flat=True)) == {"carried_conflict", "carried_gap"}
    assert Quarantined.objects.count() == 2
    assert "已原样保存待查" in taken.sentences()[1]
    assert Fact.objects.count() == 4


def test_another_fact_in_the_place_of_one_that_the_county_has_is_kept_raw(
    station: StationDouble, tmp_path: Path
) -> None:
    copy = station.clone()
    copy.sealed = copy.sealed[:3]
    copy.add(touch(77_000))
    taken = take(written(tmp_path / "conflict.cunhui", copy, copy.envelope(4, 4), after=3))
    assert (taken.new, taken.known, taken.set_aside) == (0, 0, 1)
    assert list(Quarantined.objects.values_list("reason", flat=True)) == ["carried_conflict"]


def test_a_dead_boards_outbox_is_read_as_far_as_its_own_heads_vouch(station: StationDouble, tmp_path: Path) -> None:
    early = station.clone()
    early.sealed = early.sealed[:7]
    BatchProcessor(clock=lambda: NOW).process_batch([early.vitals()])
    envelopes = bare(station.envelope(1, 5)), bare(station.envelope(6, 10))
    path = written(tmp_path / "x.cunhui", station, *envelopes, after=0, signed=False)
    assert "--dead-board" in refusal(path)
    taken = take(path, dead_board=True)
    assert (taken.new, taken.known, taken.held) == (6, 4, 3)
    assert list(Fact.objects.exclude(held_reason="").values_list("seq", "held_reason")) == [
        (8, "bad_signature"),
        (9, "bad_signature"),
        (10, "bad_signature"),
    ]
    assert TouchRow.objects.count() == 7
    again = take(path, dead_board=True)
    assert (again.new, again.known, again.held) == (0, 10, 3)


def test_made_up_facts_of_a_dead_board_are_never_read(station: StationDouble, tmp_path: Path) -> None:
    forged = station.clone()
    forged.sealed = forged.sealed[:4]
    forged.add(touch(99_000))
    path = written(tmp_path / "x.cunhui", forged, bare(forged.envelope(5, 5)), after=4, signed=False)
    taken = take(path, dead_board=True)
    assert (taken.new, taken.held, TouchRow.objects.count()) == (1, 1, 4)


@pytest.fixture
def swapped(station: StationDouble, home: CountyHome) -> StationDouble:
    """Another board is the station now; the journal remembers the first."""
    second = StationDouble()
    for board in (station, second):
        entry = JournalEntry(
            at="2026-11-24T08:00:00+00:00",
            event="enrolled",
            station=board.id,
            serial=board.public.hex()[:8],
            record_key=board.public.hex(),
        )
        StationJournal(home).append(entry)
    second.enrol()
    return second


def test_a_replaced_boards_file_counts_when_a_person_says_so(swapped: StationDouble, rescued: Path) -> None:
    assert "旧机器" in refusal(rescued)
    taken = take(rescued, dead_board=True)
    assert (taken.new, taken.held) == (6, 0)


def test_the_verb_says_in_chinese_what_happened(
    rescued: Path, home: CountyHome, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ingest-file", str(rescued), "--home", str(home.root)]) == 0
    assert "新收 6 条，已有 2 条，待审 0 条" in capsys.readouterr().out
    assert main(["ingest-file", str(rescued.parent), "--home", str(home.root)]) == 1
    assert "不是普通文件。没有收入任何记录" in capsys.readouterr().err


def test_the_verb_ends_well_if_all_was_taken_and_not_if_something_does_not_fit_or_could_not_be_read(
    station: StationDouble, rescued: Path, home: CountyHome, tmp_path: Path
) -> None:
    def status(path: Path, *flags: str) -> int:
        return main(["ingest-file", str(path), *flags, "--home", str(home.root)])

    beyond = written(tmp_path / "gap.cunhui", station, station.envelope(8, 10), after=7)
    assert status(beyond) == status(beyond, "--dead-board") == 1
    Station.objects.update(revoked_at=NOW)
    assert status(rescued, "--dead-board") == 0, "it waits to be accepted, as it should"
    Station.objects.update(revoked_at=None)
    station.add_body(b"\x81\xa4kind\xa5later")
    unread = written(tmp_path / "later.cunhui", station, station.envelope(11, 11), after=10)
    assert status(unread) == 1


def test_facts_are_dated_by_the_county_when_they_were_carried_in(rescued: Path) -> None:
    later = datetime(2026, 12, 1, tzinfo=UTC)
    take_file(rescued, dead_board=False, actor="test", clock=lambda: later)
    assert Fact.objects.get(seq=10).received_at == later
