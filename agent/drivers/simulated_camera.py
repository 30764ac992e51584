"""A camera without hardware. It draws an empty office and writes into the picture that it is simulated."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from agent.config.settings import ConfigSettings
from agent.ports import CameraFrame, DeviceError
from protocol.china_time import china_time

if TYPE_CHECKING:
    from PIL import Image

_SIZE = (640, 480)
_FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


class SimulatedCamera:
    """Implements `agent.ports.Camera`. Each picture adds a line to ``camera.count`` in the station's folder."""

    simulated = True

    settings: ClassVar[ConfigSettings] = {}

    def __init__(self, *, station: str, folder: Path) -> None:
        from PIL import ImageFont  # noqa: PLC0415 -- large, for the camera's process only

        self._station = station
        self._count = folder / "camera.count"
        self._fonts = [
            ImageFont.truetype(_FONT, size) if _FONT.exists() else ImageFont.load_default(size) for size in (40, 24)
        ]

    def capture(self) -> CameraFrame:
        """Draw the room now; every picture differs from every other.

        Raises:
            DeviceError: The picture can't be counted, so it must not exist.
        """
        taken_ns = time.time_ns()
        image = self._draw(taken_ns)
        try:
            with self._count.open("a", encoding="ascii") as count:
                count.write(f"{taken_ns}\n")
        except OSError as error:
            raise DeviceError(f"the picture can't be counted: {error}") from error
        return CameraFrame("rgb", image.tobytes(), width=image.width, height=image.height)

    def _draw(self, taken_ns: int) -> "Image.Image":
        from PIL import Image, ImageDraw  # noqa: PLC0415 -- large, for the camera's process only

        image = Image.new("RGB", _SIZE, "#d9d4c7")
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 330, 640, 480), fill="#9a8f7d")
        draw.rectangle((60, 90, 220, 220), fill="#b8d4e3", outline="#6b6357", width=6)
        draw.rectangle((470, 110, 580, 330), fill="#7d5a3c", outline="#4f3826", width=6)
        draw.polygon([(180, 340), (470, 340), (530, 420), (120, 420)], fill="#a9744f", outline="#5f3f28")
        when = f"{china_time(taken_ns // 10**6):%Y-%m-%d %H:%M:%S}"
        draw.text((24, 20), "模拟画面", font=self._fonts[0], fill="#8a1c1c")
        draw.text((24, 436), f"{self._station}  {when}.{taken_ns % 10**9:09d}", font=self._fonts[1], fill="#ffffff")
        return image

    def close(self) -> None:
        """Do nothing."""
