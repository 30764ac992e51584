"""Files that survive a power cut: fsync of a file keeps its bytes, fsync of its folder keeps its name (fsync(2))."""

import os
from contextlib import suppress
from pathlib import Path


def write_durably(path: str | Path, content: bytes, *, beside: str | Path = "", mode: int = 0o666) -> None:
    """Put ``content`` at ``path``: after a power cut there is the former file or the whole new one.

    Args:
        beside: Where it is written first, in the same folder; ``PATH.new`` if not given.
        mode: Permissions of the file, less the process's umask.

    Raises:
        OSError: The disk failed or is full. Nothing is left beside, as far as the disk allows.
    """
    beside = beside or f"{path}.new"
    with suppress(FileNotFoundError):
        os.unlink(beside)
    # What was left beside is gone, so with O_EXCL the file is ours alone: no link of somebody's is followed.
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            # Before the rename: otherwise a power cut could leave an empty file under the right name.
            os.fsync(file.fileno())
        os.rename(beside, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise
    sync_folder(os.path.dirname(path) or ".")


def sync_folder(folder: str | Path) -> None:
    """Make every earlier creation, rename and removal in ``folder`` durable.

    Raises:
        OSError: The disk failed.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path, *, mode: int = 0o700) -> None:
    """Make a folder, and those above it, durably; a folder that exists is left as it is.

    Raises:
        OSError: The disk failed, or something else has the name.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=mode, exist_ok=True)
    sync_folder(folder.parent)
