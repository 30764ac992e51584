"""The camera's process: ``python -m agent.drivers.camera_process DRIVER SETTINGS STATION FOLDER SPOOL``.

SETTINGS are the driver's, as JSON.

Reads file names from standard input, takes a picture for each, writes it under that name into the spool and
answers ``ok`` or ``failed REASON``. Ends when its input ends. See `agent.camera_worker` for the other end.
"""

import contextlib
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

from agent.catalogue import CAMERAS, driver
from agent.ports import Camera, DeviceError

_NAME = re.compile(r"[a-z0-9-]{1,120}\.jpg")
_STALE_S = 60.0


def main(arguments: list[str]) -> int:
    """Serve until the input ends."""
    name, settings, station, folder, spool = arguments
    _clear(Path(spool))
    camera = _open(name, json.loads(settings), station, Path(folder))
    try:
        for line in sys.stdin:
            print(_serve(camera, Path(spool), line.strip()), flush=True)  # noqa: T201 -- the answer's pipe
    except BrokenPipeError:
        # The agent is gone; the picture lies in the spool for the next one. Python would complain once more
        # when it flushes at exit.
        sys.stdout = None
    finally:
        camera.close()
    return 0


def _clear(spool: Path) -> None:
    """Remove what a power cut left half-written; a moment old it may be another process's, which is finishing."""
    for half in spool.glob("*.new"):
        with contextlib.suppress(OSError):
            if time.time() - half.stat().st_mtime > _STALE_S:
                half.unlink()


def _open(name: str, settings: dict[str, Any], station: str, folder: Path) -> Camera:
    if name == "simulated":  # it draws what the others see, and counts how often
        settings = {"station": station, "folder": folder}
    camera: Camera = driver(CAMERAS[name])(**settings)
    return camera


def _serve(camera: Camera, spool: Path, name: str) -> str:
    if not _NAME.fullmatch(name):
        return "failed: not a file name"
    fresh = spool / f"{name}.new"
    try:
        _write(fresh, camera.capture_jpeg())
        fresh.rename(spool / name)
        _sync(spool, os.O_RDONLY | os.O_DIRECTORY)
    except (DeviceError, OSError) as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        return "failed " + " ".join(str(error).split())
    return "ok"


def _write(path: Path, jpeg: bytes) -> None:
    """Have the bytes on the card before they get the name of a picture: a power cut leaves no empty one."""
    path.write_bytes(jpeg)
    _sync(path, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
