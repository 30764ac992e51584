"""Where built things are kept between runs, each in a folder whose name is a hash of what it was made from."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


def kept(name: str, made_from: str, make: Callable[[Path], None]) -> Path:
    """Return the folder of something built; build it if it is not here yet.

    Args:
        made_from: Everything that it depends on, as text.
        make: Fills an empty folder. What it leaves half done is thrown away.
    """
    root = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "cunhui" / "rig"
    folder = root / f"{name}-{hashlib.sha256(made_from.encode()).hexdigest()[:16]}"
    if folder.exists():
        return folder
    root.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=root))
    try:
        make(fresh)
        # Renamed only when it is complete, so that a run that was interrupted leaves nothing that looks built.
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder
