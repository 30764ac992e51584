"""The camera's process: ``python -m agent.camera.camera_process [DRIVER SETTINGS STATION FOLDER SPOOL]``.

Without arguments the first line of its input is these five, as a JSON list. SETTINGS are those of ``[camera]``, as
JSON: the driver's and what is the same for all (`agent.config.catalogue`).

Reads file names from standard input, takes a picture for each, writes it under that name into the spool and answers
``ok``, ``ok black`` (or ``covered``, ``frozen``: it was taken and shows no room), ``failed REASON``, or, as its last
word, ``ended REASON``. The word ``frame`` instead of a name: the picture itself is the answer, ``frame SIZE`` and then
so many bytes; it touches no disk. Ends when its input ends, and by itself where a picture takes too much, see
`agent.camera.camera_limits`. The other end is `agent.camera.camera_worker`.
"""

import contextlib
import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent.camera.camera_limits import MEMORY_BYTES, limit_process, picture_begins, picture_ends
from agent.config.catalogue import CAMERA_SETTINGS, CAMERAS, driver
from agent.ports import Camera, DeviceError, Suspect
from agent.storage.durable import write_durably

_NAME = re.compile(r"[a-z0-9-]{1,120}\.jpg")
FRAME = "frame"
_STALE_S = 60.0

type Develop = Callable[[Camera], tuple[bytes, Suspect]]


def main(arguments: list[str]) -> int:
    """Serve until the input ends."""
    name, settings, station, folder, spool = arguments or json.loads(sys.stdin.readline())
    limit_process()
    answers = _take_over_stdout()
    _clear(Path(spool))
    chosen = json.loads(settings)
    common = {key: chosen.pop(key) for key in CAMERA_SETTINGS if key in chosen}
    camera = _open(name, chosen, station, Path(folder))
    try:
        return _serve_all(camera, _darkroom(**common), Path(spool), answers)
    except BrokenPipeError:
        # The agent is gone; the picture lies in the spool for the next one.
        return 0
    finally:
        camera.close()


def _take_over_stdout() -> int:
    """Return the answers' pipe, which from now on is for answers alone: what a library prints goes to the log."""
    answers = os.dup(1)
    os.dup2(2, 1)
    return answers


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


def _darkroom(*, mask: list[list[int]] | None = None, rotate: int = 0) -> Develop:
    """Return what takes a camera's frame and makes the still and the judgement of it."""
    # Pillow is large: only the process itself loads it.
    from agent.camera.sight import Sight  # noqa: PLC0415
    from agent.camera.stills import make_still, read_frame  # noqa: PLC0415

    sight = Sight()

    def develop(camera: Camera) -> tuple[bytes, Suspect]:
        image = read_frame(camera.capture(), turn=rotate)
        return make_still(image, mask=mask or []), sight.judge(image)

    return develop


def _serve_all(camera: Camera, develop: Develop, spool: Path, answers: int) -> int:
    for line in sys.stdin:
        picture_begins()
        try:
            answer = _serve(camera, develop, spool, line.strip())
        except MemoryError:
            os.write(answers, f"ended a picture wanted more than {MEMORY_BYTES} bytes of memory\n".encode())
            return 1
        finally:
            picture_ends()
        _say(answers, answer)
    return 0


def _say(answers: int, answer: bytes) -> None:
    """Write an answer whole: a pipe takes a frame in pieces (pipe(7))."""
    while answer:
        answer = answer[os.write(answers, answer) :]


def _serve(camera: Camera, develop: Develop, spool: Path, word: str) -> bytes:
    if word != FRAME:
        return f"{_still(camera, develop, spool, word)}\n".encode()
    try:
        jpeg, _ = develop(camera)
    except (DeviceError, OSError) as error:
        return f"failed {_one_line(error)}\n".encode()
    return f"{FRAME} {len(jpeg)}\n".encode() + jpeg


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _still(camera: Camera, develop: Develop, spool: Path, name: str) -> str:
    if not _NAME.fullmatch(name):
        return "failed not a file name"
    try:
        jpeg, suspect = develop(camera)
        write_durably(spool / name, jpeg)
    except (DeviceError, OSError) as error:
        return f"failed {_one_line(error)}"
    return f"ok {suspect}".strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
