"""Open an export file that a person brought, and believe nothing in it that does not verify.

A person may also bring a board's outbox as it lies on its card. Only the station's own program can read an outbox, and
the county's rooms never import the station's. So that program is run. It makes an export file from a copy of the
outbox, and the outbox itself is not changed.
"""

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from protocol.export import MAX_EXPORT_BYTES, ExportReader
from protocol.refusal import Refused
from protocol.system_errors import os_cause
from server_broker.fleet.models import Station
from server_broker.ingest.reasons import reason_word
from server_broker.ingest.record_keys import record_keys

AFTER_RESTORE = (
    "如果它是恢复的那份备份以后才接入的，先运行 cunhui-server claim {station} --village 村代码 --name 名称。"
    "机器还在用：在机器上用这个接入码运行 sudo cunhui-agent enrol --again，记录自己补上来；"
    "机器丢了或已吊销：再运行 cunhui-server revoke {station} --reason 理由，然后用 --dead-board 收"
)
"""What to do about a station that the county knows no more, in Chinese."""
PROGRAM = Path(sys.executable).with_name("cunhui-agent")
LIMIT_S = 1_800
"""Enough for an outbox of years on a slow disk that must be salvaged on the way."""
_SQLITE = b"SQLite format 3\x00"
"""The first bytes of an outbox (https://sqlite.org/fileformat2.html, 1.3). A damaged one is known by its name."""
_SUFFIX = ".db"


class FileRefused(Exception):
    """Nothing of the file was taken. The text says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """A file that is whole. ``key`` is the public key of the board that signed it; None if it has no signatures."""

    file: BinaryIO
    station: str
    key: bytes | None
    is_of_unknown_board: bool = False
    """This county has taken in no board as the station, which is revoked, so nobody but the file says whose ``key`` is.
    So it is after a restore of a copy that is older than the station."""

    def reader(self) -> ExportReader:
        """Begin to read the file from its start."""
        self.file.seek(0)
        return ExportReader(self.file.read)


@contextmanager
def opened(path: Path, *, dead_board: bool) -> Iterator[CarriedFile]:
    """Open a file, read all of it once, and find out who signed it.

    Args:
        dead_board: Also take a file that an earlier board of the station signed, that has no signatures, or that is of
            a station that is revoked.

    Raises:
        FileRefused: It is not a regular file, not whole, altered, too large, or from no station of this county.
    """
    with _regular(path) as file:
        try:
            # To the end, because the hash and the signature of the whole stand there.
            reader = ExportReader(file.read)
            for _ in reader.parts():
                pass
        except Refused as refused:
            raise FileRefused(_WORDS.get(refused.reason) or reason_word(refused.reason)) from refused
        station = _station_of(reader.header.station, dead_board=dead_board)
        if station.record_key is None:
            yield CarriedFile(file, station.pk, _named_key(reader), is_of_unknown_board=True)
        else:
            yield CarriedFile(file, station.pk, _signer(reader, station, dead_board=dead_board))


_WORDS = {
    "malformed": "不是村慧的导出文件，或者没有写完整，请在站点重新导出",
    "bad_signature": "内容被改动或损坏，请在站点重新导出",
    "chain_mismatch": "记录链对不上，内容被改动或损坏，请在站点重新导出",
    "wrong_station": "一个文件里混有不同站点的记录",
}


@contextmanager
def _regular(path: Path) -> Iterator[BinaryIO]:
    # A USB stick is a stranger's: no links that lead elsewhere, and no FIFO or device that would never end.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        reason = "是符号链接" if path.is_symlink() else f"打不开（{os_cause(error)}）"
        raise FileRefused(reason) from error
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise FileRefused("不是普通文件")
    with os.fdopen(descriptor, "rb") as file:
        if found.st_size > MAX_EXPORT_BYTES:
            raise FileRefused(f"文件太大，最多 {MAX_EXPORT_BYTES // 2**20} MB")
        try:
            yield file
        except OSError as error:
            raise FileRefused(f"读不出来（{os_cause(error)}），请换一个 USB 口再试") from error


def _station_of(name: str, *, dead_board: bool) -> Station:
    """Return the station of a file, from which something may be taken."""
    station = Station.objects.filter(pk=name).first()
    if station is None:
        raise FileRefused(f"县里没有站点 {name}，请核对编号。{AFTER_RESTORE.format(station=name)}")
    if station.revoked_at is not None and not dead_board:
        raise FileRefused(
            f"站点 {station.pk} 已吊销。查清了文件来历、要把里面的打卡收进来，请加 --dead-board："
            "先全部列为待审，有人认可以后才计入考勤"
        )
    if station.record_key is None and station.revoked_at is None:
        raise FileRefused(f"站点 {station.pk} 还没有接入。{AFTER_RESTORE.format(station=station.pk)}")
    return station


def _named_key(reader: ExportReader) -> bytes:
    """Return the public key that a file names, if it signed the file."""
    key = reader.header.record_key
    if key is None:
        raise FileRefused("没有签名，县里也没有这台机器的公钥：请把存储卡上的整个文件夹（连同 record-key.pem）拷来")
    try:
        reader.verify(key)
    except Refused as refused:
        raise FileRefused(_WORDS["bad_signature"]) from refused
    return key


def _signer(reader: ExportReader, station: Station, *, dead_board: bool) -> bytes | None:
    """Return the public key that signed the file, or None if it has no signatures and may be taken without."""
    if not reader.signed:
        if not dead_board:
            raise FileRefused("文件没有签名。如果它来自坏机器的存储卡，请加 --dead-board")
        return None
    for key in record_keys(station):
        try:
            reader.verify(key)
        except Refused:
            continue
        if key != bytes(station.record_key or b"") and not dead_board:
            raise FileRefused("文件由本站换下的旧机器签名。如果确是旧机器的存储卡，请加 --dead-board")
        return key
    raise FileRefused(f"签名不是站点 {station.pk} 的")


@contextmanager
def as_export(path: Path) -> Iterator[Path]:
    """Yield an export file made from an outbox, and delete it afterwards. Yield any other file as it is.

    Raises:
        FileRefused: The outbox gives nothing that can be taken, or the station's program is not installed here.
    """
    if path.is_symlink() or not path.is_file():
        yield path  # refused where it is opened
        return
    try:
        with path.open("rb") as file:
            is_outbox = file.read(len(_SQLITE)) == _SQLITE or path.suffix == _SUFFIX
    except OSError:
        is_outbox = False
    if not is_outbox:
        yield path
        return
    if not PROGRAM.is_file():
        raise FileRefused("是站点的记录文件：请先在装有站点程序的电脑上运行 cunhui-agent export --outbox")
    with tempfile.TemporaryDirectory(prefix="cunhui-outbox-") as folder:
        yield _exported(path, Path(folder))


def _exported(path: Path, folder: Path) -> Path:
    command = [str(PROGRAM), "export", "--outbox", str(path.absolute()), "--to", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)  # noqa: S603 -- our own program
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FileRefused(f"站点的记录文件没有整理出来（{type(error).__name__}）") from error
    made = list(folder.glob("*.cunhui"))
    if done.returncode != 0 or len(made) != 1:
        said = (done.stderr if done.returncode else done.stdout).strip().splitlines()
        raise FileRefused(f"站点的记录文件没有整理出来：{said[-1] if said else '原因不明'}")
    return made[0]
