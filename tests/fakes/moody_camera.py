"""A camera for the real camera process that does what stands in its file ``mood``."""

import io
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

from agent.config.settings import ConfigSettings
from agent.ports import CameraFrame, DeviceError
from tests.agent.camera import drawn

PROGRAM = """
import sys
import agent.config.catalogue, agent.camera.camera_limits as limits, agent.camera.camera_process as process
agent.config.catalogue.CAMERAS["moody"] = "tests.fakes.moody_camera:MoodyCamera"
limits.CPU_S, limits.PICTURE_S = 1, {picture_s}
sys.exit(process.main(sys.argv[1:]))
"""


def command(folder: Path, spool: Path, settings: str = "{}", *, picture_s: float = 30) -> list[str]:
    """Return what starts the process with this camera. A picture may take 1 s of the processor."""
    program = PROGRAM.format(picture_s=picture_s)
    mood = f'{{"mood": "{folder / "mood"}", {settings[1:]}'.replace(", }", "}")
    return [sys.executable, "-c", program, "moody", mood, "test-0001", str(folder), str(spool)]


class MoodyCamera:
    """Implements `agent.ports.Camera`, as far as its mood allows."""

    simulated = True

    settings: ClassVar[ConfigSettings] = {}

    def __init__(self, *, mood: str) -> None:
        self._mood = Path(mood)
        self._taken = 0

    def capture(self) -> CameraFrame:
        self._taken += 1
        mood = self._mood.read_text()
        if mood in ("hang", "spin", "hog", "gone", "crash"):
            getattr(self, f"_{mood}")()
        room = drawn.room(seed=self._taken)
        whole = drawn.jpeg(room)
        if mood == "chatty":
            print("ok frozen\nfailed nothing at all")
        data: dict[str, Any] = {
            "empty": b"",
            "truncated": whole[: len(whole) // 2],
            "cmyk": drawn.jpeg(room.convert("CMYK")),
            "black": drawn.jpeg(drawn.room(light=0.01)),
            "gif": _gif(),
            "garbage": b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + bytes(range(256)) * 100,
            "bomb": _bomb(whole),
        }
        return CameraFrame("jpeg", data.get(mood, whole))

    def _hang(self) -> None:
        pipe = self._mood.with_name("hangs")
        if pipe.is_fifo():  # a test waits for this moment
            pipe.write_text("yes")
        while True:
            time.sleep(1_000)

    def _spin(self) -> None:
        while True:
            pass

    def _hog(self) -> None:
        hoard = []
        while True:
            hoard.append(bytearray(16 * 2**20))

    def _gone(self) -> None:
        raise DeviceError("no USB camera is plugged in")

    def _crash(self) -> None:
        raise RuntimeError("a mistake of ours")

    def close(self) -> None:
        """Nothing to let go."""


def _gif() -> bytes:
    buffer = io.BytesIO()
    drawn.room().save(buffer, "GIF", save_all=True, append_images=[drawn.room(light=0.5)])
    return buffer.getvalue()


def _bomb(whole: bytes) -> bytes:
    at = whole.index(b"\xff\xc0") + 5
    return whole[:at] + (20_000).to_bytes(2, "big") * 2 + whole[at + 4 :]
