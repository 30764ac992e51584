"""Open an export file that a person put in front of the county, and believe nothing of it that does not verify."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from protocol.export import MAX_EXPORT_BYTES, ExportReader
from protocol.refusal import Refused
from server_broker.fleet.models import Station
from server_broker.ingest.reasons import reason_word
from server_broker.ingest.record_keys import record_keys


class FileRefused(Exception):
    """Nothing of the file was taken. The text says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """A file that is whole. ``key`` is that of the station which signed it; None for one without signatures."""

    file: BinaryIO
    station: str
    key: bytes | None

    def reader(self) -> ExportReader:
        """Begin to read it, once more."""
        self.file.seek(0)
        return ExportReader(self.file.read)


@contextmanager
def opened(path: Path, *, dead_board: bool) -> Iterator[CarriedFile]:
    """Open a file, read all of it once, and find out who signed it.

    Args:
        dead_board: Also take what an earlier board of the station signed, or nobody.

    Raises:
        FileRefused: It is not a file, not whole, altered, too large, or no station's of this county.
    """
    with _regular(path) as file:
        try:
            reader = ExportReader(file.read)
            for _ in reader.parts():
                pass
        except Refused as refused:
            raise FileRefused(_WORDS.get(refused.reason) or reason_word(refused.reason)) from refused
        yield CarriedFile(file, reader.header.station, _signer(reader, dead_board=dead_board))


_WORDS = {
    "malformed": "不是村慧的导出文件，或者没有写完整，请在站点重新导出",
    "bad_signature": "内容被改动或损坏，请在站点重新导出",
    "chain_mismatch": "记录链对不上，内容被改动或损坏，请在站点重新导出",
    "wrong_station": "一个文件里混有不同站点的记录",
}


@contextmanager
def _regular(path: Path) -> Iterator[BinaryIO]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        reason = "是符号链接" if path.is_symlink() else f"打不开（{error.strerror}）"
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
            raise FileRefused(f"读不出来（{error.strerror}），请换一个 USB 口再试") from error


def _signer(reader: ExportReader, *, dead_board: bool) -> bytes | None:
    station = Station.objects.filter(pk=reader.header.station).first()
    if station is None:
        raise FileRefused(f"县里没有站点 {reader.header.station}")
    if station.revoked_at is not None:
        raise FileRefused(f"站点 {station.pk} 已吊销")
    if station.record_key is None:
        raise FileRefused(f"站点 {station.pk} 还没有接入")
    if not reader.signed:
        if not dead_board:
            raise FileRefused("文件没有签名。如果它来自坏机器的存储卡，请加 --dead-board")
        return None
    keys = [key for key in record_keys(station) if _is_by(reader, key)]
    if not keys:
        raise FileRefused(f"签名不是站点 {station.pk} 的")
    if keys[0] != bytes(station.record_key) and not dead_board:
        raise FileRefused("文件由本站换下的旧机器签名。如果确是旧机器的存储卡，请加 --dead-board")
    return keys[0]


def _is_by(reader: ExportReader, key: bytes) -> bool:
    try:
        reader.verify(key)
    except Refused:
        return False
    return True
