"""Put an export file on a USB stick, complete or not at all."""

import os
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.rescue.failure import ExportFailed
from agent.storage.durable import sync_folder
from protocol.export import ExportHeader, ExportReader, ExportWriter
from protocol.refusal import Refused


def write_export(
    path: Path, header: ExportHeader, fill: Callable[[ExportWriter], None], key: Ed25519PrivateKey | None
) -> None:
    """Write the file beside its place, sync, read it back, rename it, and sync the folder.

    Args:
        fill: Writes what comes between the header and the end.

    Raises:
        ExportFailed: The stick does not hold what was written.
        OSError: It can't be written. In both cases nothing is left on the stick.
    """
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        # O_EXCL also refuses a link of this name (open(2)), because a stick may hold anything.
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            writer = ExportWriter(file.write, header)
            fill(writer)
            writer.end(key)
            file.flush()
            os.fsync(file.fileno())
            _read_back(file.fileno())
        part.rename(path)
        sync_folder(path.parent)
    except BaseException:  # also when the technician interrupts it
        part.unlink(missing_ok=True)
        raise


def _read_back(descriptor: int) -> None:
    """Read from the stick what was written, because some sticks have less room than they report.

    Raises:
        ExportFailed: It is not what was written.
    """
    # Without this the kernel would answer from its own memory. It drops only what is synced (posix_fadvise(2)).
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    with open(descriptor, "rb", closefd=False) as file:
        file.seek(0)
        try:
            reader = ExportReader(file.read)
            for _ in reader.parts():
                pass
        except Refused as refused:
            raise ExportFailed("写到 U 盘上的内容读回来不一样，请换一个 U 盘") from refused
