"""The export to a USB stick contains all facts that the county lacks and verifies, in whatever state the disk is."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.cli import main
from agent.config.station_config import OUTBOX_FILE
from agent.identity.station_identity import ENROLLED, record_key
from agent.rescue import ExportFailed, export, outbox_source
from agent.rescue.copying import copy_outbox
from agent.storage.blobs import BlobStore
from agent.storage.outbox import Outbox
from agent.storage.store import PAGE_BYTES
from protocol.blobs import BlobChunk
from protocol.envelope import Envelope
from protocol.export import ExportReader
from protocol.facts import EpochOpened, Fact, Reissued, decode_fact
from protocol.receipts import Receipt
from protocol.refusal import Refused
from tests.agent.storage.file_limit import room_for
from tests.golden.vectors import JSON
from tests.proofs.power_cut.workload import STATION, moment, touch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A station's folder with 300 touches, of which the county has receipted the first 100 facts."""
    made = tmp_path / "station"
    made.mkdir()
    outbox = opened(made)
    for first in range(0, 300, 30):
        outbox.commit(*(touch(number) for number in range(first, first + 30)))
    receipt(outbox, 100)
    outbox.close()
    return made


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    made = tmp_path / "stick"
    made.mkdir()
    return made


def opened(folder: Path) -> Outbox:
    return Outbox.open(folder / OUTBOX_FILE, station=STATION, record_key=record_key(folder), now=moment)


def receipt(outbox: Outbox, through: int) -> None:
    head = outbox.head_at(through)
    assert head is not None
    assert outbox.take_receipt(Receipt(station=STATION, epoch=outbox.epoch, through=through, head=head, generation=1))


def read(path: Path) -> tuple[ExportReader, list[Envelope | BlobChunk]]:
    with path.open("rb") as file:
        reader = ExportReader(file.read)
        return reader, list(reader.parts())


def facts_in(parts: list[Envelope | BlobChunk]) -> list[Fact]:
    return [decode_fact(fact.body) for part in parts if isinstance(part, Envelope) for fact in part.facts]


def test_facts_without_a_receipt_are_exported_and_verify(folder: Path, stick: Path) -> None:
    done = export(outbox_source(folder / OUTBOX_FILE), stick, now=moment)
    assert (done.station, done.facts, done.signed, done.damaged) == (STATION, 201, True, False)
    assert done.path is not None
    reader, parts = read(done.path)
    reader.verify(record_key(folder).public_key().public_bytes_raw())
    assert (reader.header.streams[0].after, reader.header.streams[0].head.through) == (100, 301)
    assert facts_in(parts) == [touch(number) for number in range(99, 300)]
    assert list(stick.iterdir()) == [done.path]


def test_a_whole_export_has_all_facts_that_are_still_here(folder: Path, stick: Path) -> None:
    done = export(outbox_source(folder / OUTBOX_FILE), stick, now=moment, whole=True)
    assert done.facts == 301


def test_nothing_is_written_on_the_stations_own_disk(folder: Path, stick: Path) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    export(outbox_source(folder / OUTBOX_FILE), stick, now=moment)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_pictures_go_along_when_they_are_asked_for(folder: Path, stick: Path) -> None:
    blobs = BlobStore(folder / "blobs")
    contents = [bytes([number]) * 40_000 for number in range(3)]
    names = [blobs.write(content) for content in contents]
    damaged = next(path for path in (folder / "blobs").iterdir() if names[1].hex() in path.name)
    damaged.write_bytes(b"x" * 40_000)
    done = export(outbox_source(folder / OUTBOX_FILE, blobs=True), stick, now=moment)
    assert done.path is not None
    pieces = [part for part in read(done.path)[1] if isinstance(part, BlobChunk)]
    assert done.blobs == 2
    for name, content in ((names[0], contents[0]), (names[2], contents[2])):
        assert b"".join(piece.data for piece in pieces if piece.sha256 == name) == content
    assert names[1] not in {piece.sha256 for piece in pieces}


def test_with_nothing_waiting_there_is_no_file(folder: Path, stick: Path) -> None:
    outbox = opened(folder)
    receipt(outbox, outbox.through)
    outbox.close()
    done = export(outbox_source(folder / OUTBOX_FILE), stick, now=moment)
    assert (done.path, list(stick.iterdir())) == (None, [])
    assert "没有需要导出" in done.sentences()[0]


def test_a_damaged_outbox_is_salvaged_on_the_way(folder: Path, stick: Path) -> None:
    with (folder / OUTBOX_FILE).open("r+b") as file:
        file.write(b"rubbish" * 20)
    done = export(outbox_source(folder / OUTBOX_FILE), stick, now=moment)
    assert done.damaged
    assert done.path is not None
    facts = facts_in(read(done.path)[1])
    again = {decode_fact(fact.body) for fact in facts if isinstance(fact, Reissued)}
    assert isinstance(facts[0], EpochOpened)
    assert {touch(number) for number in range(99, 300)} <= again
    assert any("损坏" in line for line in done.sentences())


@pytest.fixture
def dead(folder: Path, tmp_path: Path) -> Path:
    """Only the outbox and its log, copied from the storage card of a dead board, without the key."""
    there = tmp_path / "copied"
    there.mkdir()
    outbox = opened(folder)
    outbox.commit(touch(300))
    for name in (OUTBOX_FILE, f"{OUTBOX_FILE}-wal"):
        shutil.copy(folder / name, there / name)
    outbox.close()
    return there


def test_a_dead_boards_outbox_alone_is_exported_unsigned(dead: Path, stick: Path) -> None:
    done = export(outbox_source(dead / OUTBOX_FILE), stick, now=moment, whole=True)
    assert (done.station, done.facts, done.signed) == (STATION, 302, False)
    assert done.path is not None
    reader, parts = read(done.path)
    assert (reader.signed, facts_in(parts)[-1]) == (False, touch(300))
    with pytest.raises(Refused):
        reader.verify(Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    assert any("密钥" in line for line in done.sentences())


def test_of_a_damaged_outbox_without_its_key_the_old_stream_is_exported_too(dead: Path, stick: Path) -> None:
    with (dead / OUTBOX_FILE).open("r+b") as file:
        file.write(b"rubbish" * 20)
    (dead / f"{OUTBOX_FILE}-wal").unlink()
    done = export(outbox_source(dead / OUTBOX_FILE, station=STATION), stick, now=moment, whole=True)
    assert done.path is not None
    reader, parts = read(done.path)
    as_it_lay, said_again = reader.header.streams
    assert (as_it_lay.after, as_it_lay.head.through) == (0, 301)
    assert {touch(number) for number in range(300)} <= set(facts_in(parts))
    assert said_again.head.epoch != as_it_lay.head.epoch


@pytest.fixture
def agent_runs(folder: Path) -> Iterator[None]:
    """Another process that has the outbox open, as an agent does."""
    program = (
        "import sys; from pathlib import Path; from tests.agent.rescue.test_rescue import opened\n"
        "outbox = opened(Path(sys.argv[1])); print(1, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline()
        yield
        process.kill()


@pytest.mark.usefixtures("agent_runs")
def test_while_an_agent_runs_it_says_to_stop_it(folder: Path, stick: Path) -> None:
    with pytest.raises(ExportFailed, match="systemctl stop cunhui-agent"):
        export(outbox_source(folder / OUTBOX_FILE), stick, now=moment)
    assert list(stick.iterdir()) == []


def test_a_full_stick_keeps_nothing(folder: Path, stick: Path) -> None:
    BlobStore(folder / "blobs").write(bytes(2**20))
    with room_for(2**20), pytest.raises(ExportFailed, match="满"):
        export(outbox_source(folder / OUTBOX_FILE, blobs=True), stick, now=moment)
    assert list(stick.iterdir()) == []


def test_a_page_that_can_not_be_read_costs_no_other(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = 3 * PAGE_BYTES

    def dying(descriptor: int, size: int, offset: int) -> bytes:
        if offset <= bad < offset + size:
            raise OSError(errno.EIO, "input/output error")
        return os.pread(descriptor, size, offset)

    monkeypatch.setattr("agent.rescue.copying.os", SimpleNamespace(**vars(os) | {"pread": dying}))
    copy_outbox(folder / OUTBOX_FILE, tmp_path / "copy.db")
    was = (folder / OUTBOX_FILE).read_bytes()
    assert len(was) > 2 * bad
    assert (tmp_path / "copy.db").read_bytes() == was[:bad] + bytes(PAGE_BYTES) + was[bad + PAGE_BYTES :]


def test_a_stick_with_less_room_than_it_reports_is_found_out(
    folder: Path, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt(descriptor: int) -> None:
        os.pwrite(descriptor, b"x", 500)

    monkeypatch.setattr("agent.rescue.stick.os", SimpleNamespace(**vars(os) | {"fsync": spoilt}))
    with pytest.raises(ExportFailed, match="换一个 U 盘"):
        export(outbox_source(folder / OUTBOX_FILE), stick, now=moment)
    assert list(stick.iterdir()) == []


def test_no_stick_no_outbox_no_file_and_no_name(folder: Path, stick: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportFailed, match="先插好 U 盘"):
        export(outbox_source(folder / OUTBOX_FILE), tmp_path / "nowhere", now=moment)
    with pytest.raises(ExportFailed, match="没有记录文件"):
        export(outbox_source(tmp_path / OUTBOX_FILE), stick, now=moment)
    with pytest.raises(ExportFailed, match="没有记录文件"):
        export(outbox_source(tmp_path), stick, now=moment)
    (tmp_path / "rubbish.db").write_bytes(b"rubbish" * 10_000)
    with pytest.raises(ExportFailed, match="--station"):
        export(outbox_source(tmp_path / "rubbish.db"), stick, now=moment)


def test_anothers_outbox_is_refused(folder: Path, stick: Path) -> None:
    with pytest.raises(ExportFailed, match=STATION):
        export(outbox_source(folder / OUTBOX_FILE, station="shili-99"), stick, now=moment)


@pytest.mark.parametrize("damage", [False, True])
def test_what_a_machine_still_has_of_its_old_number_is_exported_as_the_old_numbers(
    folder: Path, stick: Path, capsys: pytest.CaptureFixture[str], *, damage: bool
) -> None:
    """The machine was enrolled anew without moving its folder: its enrolment says one number, its records another."""
    enrolled = msgspec.structs.replace(JSON["enrolled"], station="shili-99")
    (folder / ENROLLED).write_bytes(msgspec.json.encode(enrolled))
    if damage:
        with (folder / OUTBOX_FILE).open("r+b") as file:
            file.write(b"rubbish" * 20)
    done = export(outbox_source(folder / OUTBOX_FILE), stick, now=moment)
    assert (done.station, done.signed, done.damaged, done.enrolled) == (STATION, True, damage, "shili-99")
    assert done.path is not None
    reader, _ = read(done.path)
    assert reader.header.station == STATION
    reader.verify(record_key(folder).public_key().public_bytes_raw())
    assert main(["export", "--outbox", str(folder / OUTBOX_FILE), "--to", str(stick)]) == 0
    said = capsys.readouterr().out
    assert f"本机已接入为 shili-99，记录文件还是 {STATION} 的" in said
    assert "换站点编号" in said


def test_the_command_says_in_chinese_what_it_did(folder: Path, stick: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--outbox", str(folder / OUTBOX_FILE), "--to", str(stick)]) == 0
    assert "301 条记录" in capsys.readouterr().out
    assert main(["export", "--outbox", str(folder / "none"), "--to", str(stick)]) == 1
    assert "没有记录文件" in capsys.readouterr().err
