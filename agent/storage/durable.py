"""Names that survive a power cut: whoever writes a file syncs its bytes, and its folder syncs its name (fsync(2))."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
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
    """Make a folder, and those above it, durably; what is there is left as it is.

    Raises:
        OSError: The disk failed, or something else has the name.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=mode, exist_ok=True)
    sync_folder(folder.parent)
