"""Write the facts that the county lacks into one file on a USB stick (`protocol.export`), complete or not at all.

Nothing is written to the station's own disk, because it may be dying, full or read-only. The outbox is copied to a
temporary folder; the copy is opened, salvaged if it is damaged, and read. A running agent goes on writing, so the
outbox is copied only if no agent runs. The station's own facts stay where they are until the county's receipt comes.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

import agent
from agent.causes import cause
from agent.identity.station_identity import ENROLLED, RECORD_KEY, IdentityBroken, record_key
from agent.rescue.copying import copy_outbox
from agent.rescue.failure import ExportFailed
from agent.rescue.runs import Signer, run_to_export
from agent.rescue.stick import write_export
from agent.storage.blobs import blobs_in
from agent.storage.errors import OfAnotherStation, StorageFailed, StorageFull, no_space
from agent.storage.kept_blobs import KeptBlob
from agent.storage.outbox import Outbox
from agent.storage.outbox.check import STATION_KEY
from agent.storage.outbox.damaged_file import DamagedFile
from agent.storage.outbox.disk import RealDisk
from agent.storage.outbox.scan import scan_file
from agent.storage.outbox.stream import load_tip
from agent.storage.store import Store
from protocol.blobs import MAX_CHUNK_BYTES, BlobChunk
from protocol.enrolment import MAX_ANSWER_BYTES, Enrolled, decode_json
from protocol.export import ExportedStream, ExportHeader, ExportWriter
from protocol.refusal import Refused
from protocol.units import Moment


class Exported(Struct, frozen=True):
    """What was exported. ``path`` is None if there was nothing to write.

    ``enrolled`` is the number of this machine, if its records are of another one.
    """

    station: str
    path: Path | None = None
    facts: int = 0
    blobs: int = 0
    signed: bool = True
    damaged: bool = False
    enrolled: str = ""

    def sentences(self) -> list[str]:
        """Return what to tell the technician."""
        owner = f"本机已接入为 {self.enrolled}，记录文件还是 {self.station} 的，" if self.enrolled else ""
        move = ["再照《装机手册-救援》的“换站点编号”把旧文件夹移开，重新接入。"] if self.enrolled else []
        if self.path is None:
            return [f"{owner}站点 {self.station} 没有需要导出的记录，县里都已收到。", *move]
        sentences = [f"{owner}已导出站点 {self.station} 的 {self.facts} 条记录、{self.blobs} 张图片：{self.path}"]
        if self.damaged:
            sentences.append("记录文件有损坏，能读出的都已导出。")
        if not self.signed:
            sentences.append("没有找到本站的签名密钥：县里只能核对它已知道的部分，其余会列为待审。")
        return [
            *sentences,
            f"请把 U 盘交给县里，运行：cunhui-server ingest-file {self.path.name}",
            "本站的记录没有删除。",
            *move,
        ]


class ExportSource(Struct, frozen=True):
    """What to export: an outbox file, the station it belongs to, and the key that signs for it, if there is one.

    If ``station`` is empty, it belongs to the station that the machine is ``enrolled`` as, unless the file says another
    one, as after an enrolment under a new number. ``blobs`` is the folder of pictures that are exported too.
    """

    outbox: Path
    station: str = ""
    enrolled: str = ""
    key: Ed25519PrivateKey | None = None
    blobs: Path | None = None


def outbox_source(outbox: Path, *, station: str = "", blobs: bool = False) -> ExportSource:
    """Return an outbox as a source, with the key, the enrolment and the pictures that lie in the same folder."""
    beside = outbox.parent
    try:
        key = record_key(beside) if (beside / RECORD_KEY).is_file() else None
    except (IdentityBroken, OSError):
        # Facts without the station's signature are better than none.
        key = None
    pictures = beside / "blobs"
    enrolled = ""
    # Without the enrolment the outbox itself may still say whose it is.
    with suppress(OSError, Refused):
        enrolled = decode_json((beside / ENROLLED).read_bytes(), Enrolled, limit=MAX_ANSWER_BYTES).station
    return ExportSource(outbox, station, enrolled, key, pictures if blobs and pictures.is_dir() else None)


def export(source: ExportSource, to: Path, *, now: Callable[[], Moment], whole: bool = False) -> Exported:
    """Write the facts for which the outbox knows no receipt into the folder ``to``.

    Args:
        now: Dates the file, and the facts that salvage adds to a damaged outbox.
        whole: Write also facts that have their receipt, if they are still here.

    Raises:
        ExportFailed: Nothing is left in ``to``.
    """
    if not to.is_dir():
        raise ExportFailed(f"没有这个文件夹：{to}。请先插好 U 盘")
    try:
        with tempfile.TemporaryDirectory(prefix="cunhui-export-") as work:
            copy = Path(work) / "outbox.db"
            copy_outbox(source.outbox, copy)
            return _export(source, copy, to, now=now, whole=whole)
    except StorageFull as error:
        raise ExportFailed("本机没有空间来整理记录，请换一台机器导出") from error
    except StorageFailed as error:
        raise ExportFailed(f"记录文件不能用：{cause(error)}") from error
    except OSError as error:
        reason = "U 盘或本机满了" if no_space(error.errno) else f"{cause(error)}"
        raise ExportFailed(f"没有导出：{reason}") from error


def _export(source: ExportSource, copy: Path, to: Path, *, now: Callable[[], Moment], whole: bool) -> Exported:
    signer = Signer(_open(source, copy, now=now), source.key)
    other = source.enrolled if source.enrolled != signer.station else ""
    damaged = any(copy.parent.glob("*.bad-*"))
    with closing(Store(copy)) as store:
        tip = load_tip(store, station=signer.station)
        # Salvage writes the facts of a damaged file again, into a new stream. Without the key nobody can sign for that
        # stream. So the old stream is exported too: its facts lead to heads that the county knows already.
        numbers = [tip.number - 1, tip.number] if damaged and source.key is None else [tip.number]
        runs = [run for number in numbers if (run := run_to_export(store, number, signer, whole=whole))]
        # Only pictures whose bytes still have the hash that is their name.
        folder = source.blobs
        whole_blobs = (blob for blob in blobs_in(folder) if _content(folder, blob)) if folder else ()
        blobs = sorted(whole_blobs, key=lambda blob: blob.number)
        facts = sum(run.facts for run in runs)
        if not runs or not (facts or blobs):
            return Exported(signer.station, enrolled=other)

        def fill(writer: ExportWriter) -> None:
            for run in runs:
                for envelope in run.envelopes(store, signer):
                    writer.envelope(envelope)
            for chunk in _chunks(source.blobs, signer.station, blobs):
                writer.chunk(chunk)

        path = to / f"cunhui-{signer.station}-{tip.epoch[:4].hex()}-{tip.through}.cunhui"
        header = ExportHeader(
            station=signer.station,
            record_key=signer.key.public_key().public_bytes_raw() if signer.key else None,
            at=now(),
            software=f"cunhui-agent {agent.VERSION}",
            streams=[ExportedStream(after=run.after, before=run.before, head=run.end) for run in runs],
        )
        write_export(path, header, fill, source.key)
    return Exported(signer.station, path, facts, len(blobs), source.key is not None, damaged, other)


def _open(source: ExportSource, copy: Path, *, now: Callable[[], Moment]) -> str:
    """Open the copy, which salvages it if it is damaged, and return the station that it belongs to."""
    # Opening needs a key, because salvage signs. What a stand-in signs stays in the copy: heads go out unsigned then.
    stand_in = source.key or Ed25519PrivateKey.generate()
    station = source.station or source.enrolled or _owner(copy)
    try:
        Outbox.open(copy, station=station, record_key=stand_in, now=now).close()
    except OfAnotherStation:
        if source.station:
            raise
        # Enrolled under another number with the old one's records in place. The key is the machine's, whatever its
        # number was, so it signs for the old one too.
        station = _owner(copy)
        Outbox.open(copy, station=station, record_key=stand_in, now=now).close()
    return station


def _owner(outbox: Path) -> str:
    """Return the station that the outbox names as its owner. It is read without SQLite, because it may be damaged."""
    with closing(DamagedFile(RealDisk(), outbox)) as file:
        owner = scan_file(file).state.get(STATION_KEY)
    if owner is None:
        raise ExportFailed("文件里读不出站点编号，请加 --station 站点编号")
    return owner.decode(errors="replace")


def _content(folder: Path, blob: KeptBlob) -> bytes:
    """Return a blob's bytes; nothing if they can't be read or are not the ones that were written."""
    try:
        content = (folder / blob.name).read_bytes()
    except OSError:
        return b""
    return content if sha256(content).digest() == blob.sha256 else b""


def _chunks(folder: Path | None, station: str, blobs: list[KeptBlob]) -> Iterator[BlobChunk]:
    for blob in blobs if folder else ():
        content = _content(folder, blob) if folder else b""
        for offset in range(0, len(content), MAX_CHUNK_BYTES):
            data = content[offset : offset + MAX_CHUNK_BYTES]
            yield BlobChunk(station=station, sha256=blob.sha256, size=blob.size, offset=offset, data=data)
