"""Look at the outbox of an agent that does not run: whether it is whole, and what waits in it. Nothing is changed."""

import fcntl
import logging
import os
import struct
from pathlib import Path

from agent.causes import cause
from agent.doctor.problems import Finding, amiss
from agent.storage.errors import Damaged, StorageError
from agent.storage.outbox.check import checked
from agent.storage.outbox.files import alone_in
from agent.storage.store import Store

log = logging.getLogger(__name__)

_PENDING_BYTE = 0x40000000
_LOCKED_BYTES = 512
"""Where SQLite's locks lie (https://sqlite.org/fileformat2.html, "The Lock-Byte Page")."""


def examine_outbox(path: Path, *, station: str) -> Finding:
    """Judge the file as the agent would at its start."""
    try:
        if not path.exists():
            return Finding("记录文件", "还没有记录")
        if _locked(path):
            return amiss("记录文件", 52)
        with alone_in(path.parent):
            return Finding("记录文件", f"完好，{_waiting(path, station)} 条等待上传")
    except Damaged as error:
        log.warning("the outbox is damaged: %s", error)
        return amiss("记录文件", 51, "坏了")
    except (StorageError, OSError) as error:
        return amiss("记录文件", 51, f"打不开（{cause(error)}）")


def _waiting(path: Path, station: str) -> int:
    store = Store(path)
    try:
        tip, mark = checked(store, station=station)
    finally:
        store.abandon()
    return tip.through - mark.receipted


def _locked(path: Path) -> bool:
    """Return whether another process holds SQLite's lock (fcntl(2), F_GETLK); the question takes none itself."""
    asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, _PENDING_BYTE, _LOCKED_BYTES, 0)
    with path.open("r+b") as file:
        answer = fcntl.fcntl(file, fcntl.F_GETLK, asked)
    (kind, *_) = struct.unpack("hhqqi4x", answer)
    return bool(kind != fcntl.F_UNLCK)
