"""The camera's process: ``python -m agent.camera.camera_process [DRIVER SETTINGS STATION FOLDER SPOOL]``.

Without arguments the first line of its input is these five, as a JSON list. It takes pictures on request until its
input ends; `agent.camera.camera_protocol` declares the conversation. It is a process of its own because a camera's
driver may hang, crash, leak or be broken into. It ends itself when a picture takes too much
(`agent.camera.camera_limits`), and the agent's end (`agent.camera.camera_worker`) starts a new one.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from agent.camera.camera_limits import MEMORY_BYTES, limit_process, picture_begins, picture_ends
from agent.camera.camera_protocol import FRAME, STILL_NAME, CameraStart, FrameFollows, PictureFailed, Reply, StillTaken
from agent.config.catalogue import CAMERA_SETTINGS, CAMERAS, driver
from agent.ports import Camera, DeviceError, Suspect
from agent.storage.durable import write_durably

_STALE_S = 60.0

type Develop = Callable[[Camera], tuple[bytes, Suspect]]
"""Takes one frame of a camera; returns the still made of it, and whether it is black, covered or frozen."""


def main(arguments: list[str]) -> int:
    """Serve until the input ends."""
    start = CameraStart.parse(arguments or json.loads(sys.stdin.readline()))
    limit_process()
    # From now on standard output is for replies alone. What a library prints goes to standard error, and so to the log.
    replies = os.dup(1)
    os.dup2(2, 1)
    # A power cut may have left a picture half-written. A fresh one may belong to the process before this one, which is
    # still finishing its last picture.
    for half in start.spool.glob("*.new"):
        with contextlib.suppress(OSError):
            if time.time() - half.stat().st_mtime > _STALE_S:
                half.unlink()
    chosen = dict(start.settings)
    common = {key: chosen.pop(key) for key in CAMERA_SETTINGS if key in chosen}
    if start.driver == "simulated":  # it draws what the simulated devices see, and counts how often
        chosen = {"station": start.station, "folder": start.folder}
    camera: Camera = driver(CAMERAS[start.driver])(**chosen)
    try:
        return _serve(camera, _darkroom(**common), start.spool, replies)
    except BrokenPipeError:
        # The agent is gone; the picture lies in the spool for the next one.
        return 0
    finally:
        camera.close()


def _darkroom(*, mask: list[list[int]] | None = None, rotate: int = 0) -> Develop:
    # Pillow is large: only the process itself loads it, and not the agent, which imports this module's neighbours.
    from agent.camera.sight import Sight  # noqa: PLC0415
    from agent.camera.stills import make_still, read_frame  # noqa: PLC0415

    sight = Sight()

    def develop(camera: Camera) -> tuple[bytes, Suspect]:
        image = read_frame(camera.capture(), turn=rotate)
        # Judged without the mask: a large mask would look like a covered lens.
        return make_still(image, mask=mask or []), sight.judge(image)

    return develop


def _serve(camera: Camera, develop: Develop, spool: Path, replies: int) -> int:
    for line in sys.stdin:
        picture_begins()
        try:
            reply, jpeg = answer_request(camera, develop, spool, line.strip())
        except MemoryError:
            # The memory may be in pieces or lost in a library: a new process begins with all of it.
            reason = f"a picture wanted more than {MEMORY_BYTES} bytes of memory"
            os.write(replies, f"{PictureFailed(reason, ended=True)}\n".encode())
            return 1
        finally:
            picture_ends()
        answer = f"{reply}\n".encode() + jpeg
        while answer:  # a pipe takes a frame in pieces (pipe(7))
            answer = answer[os.write(replies, answer) :]
    return 0


def answer_request(camera: Camera, develop: Develop, spool: Path, request: str) -> tuple[Reply, bytes]:
    """Take one picture and return the reply, and the bytes that follow it on the line."""
    try:
        if request == FRAME:
            jpeg, _ = develop(camera)
            return FrameFollows(len(jpeg)), jpeg
        if not STILL_NAME.fullmatch(request):
            return PictureFailed("not a file name"), b""
        jpeg, suspect = develop(camera)
        # Durably, because the agent may be told of a picture only if a power cut leaves it whole.
        write_durably(spool / request, jpeg)
        return StillTaken(suspect), b""
    except (DeviceError, OSError) as error:
        return PictureFailed(str(error)), b""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
