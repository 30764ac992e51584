"""Copy an outbox that nobody writes, as far as the disk can still be read."""

import os
from pathlib import Path

from agent.causes import cause
from agent.rescue.failure import ExportFailed
from agent.storage.outbox.disk import wal_of
from agent.storage.store import PAGE_BYTES, locked_elsewhere

_COPY_BYTES = 64 * PAGE_BYTES
"""Read at once. Only if that fails, page by page, so that one bad sector costs one page."""


def copy_outbox(outbox: Path, copy: Path) -> None:
    """Copy an outbox and its log. A page that can't be read becomes zeros, which salvage recognises.

    Raises:
        ExportFailed: There is no such file, or an agent has it open.
        OSError: There is no room for the copy.
    """
    if not outbox.is_file():
        raise ExportFailed(f"没有记录文件：{outbox}")
    try:
        descriptor = os.open(outbox, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise ExportFailed(f"记录文件打不开：{cause(error)}") from error
    try:
        running = locked_elsewhere(descriptor)
    finally:
        os.close(descriptor)
    if running:
        raise ExportFailed("站点程序正在运行。请先停止：sudo systemctl stop cunhui-agent，导出后再启动")
    _copy(outbox, copy)
    if wal_of(outbox).is_file():
        _copy(wal_of(outbox), wal_of(copy))


def _copy(old: Path, new: Path) -> None:
    descriptor = os.open(old, os.O_RDONLY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb", buffering=0) as source, new.open("wb") as target:
        size = os.fstat(descriptor).st_size
        for offset in range(0, size, _COPY_BYTES):
            target.write(_read(source.fileno(), offset, min(_COPY_BYTES, size - offset)))


def _read(descriptor: int, offset: int, size: int) -> bytes:
    try:
        # A dying disk may also return fewer bytes than it was asked for.
        return os.pread(descriptor, size, offset).ljust(size, b"\0")
    except OSError:
        if size <= PAGE_BYTES:
            return bytes(size)
        pages = range(offset, offset + size, PAGE_BYTES)
        return b"".join(_read(descriptor, page, min(PAGE_BYTES, offset + size - page)) for page in pages)
