"""What picamera2 0.3.38 needs to run on libcamera's virtual camera instead of a sensor. For the rig alone.

picamera2 expects a Pi's sensor: raw modes, memory of /dev/dma_heap. libcamera 0.4.0's virtual
pipeline has none of these and leaves the length of its frames at 0 in their metadata.
"""

import contextlib
import mmap
import types
from pathlib import Path
from typing import Any

from agent.drivers.picamera2_camera import load

CONFIGURATION = Path("/usr/share/libcamera/pipeline/virtual/virtual.yaml")
_CAMERA = """\
"Virtual0":
  supported_formats:
  - width: 640
    height: 480
    frame_rates:
    - 15
    - 30
  test_pattern: "bars"
  location: "CameraLocationFront"
  model: "Virtual camera of the rig"
"""


def plug_in() -> None:
    """Make the virtual pipeline have a camera; without this file it has none."""
    CONFIGURATION.parent.mkdir(parents=True, exist_ok=True)
    CONFIGURATION.write_text(_CAMERA, encoding="utf-8")


def library() -> Any:
    """Return picamera2, patched."""
    load()  # without it picamera2 can't be imported where there is no kms
    import picamera2  # noqa: PLC0415 -- only where the rig runs
    from picamera2 import picamera2 as inside  # noqa: PLC0415
    from picamera2.allocators.allocator import Allocator  # noqa: PLC0415
    from picamera2.allocators.libcameraallocator import LibcameraAllocator  # noqa: PLC0415

    inside.DmaAllocator = Allocator  # it is made once more when a camera is closed

    class Virtual(picamera2.Picamera2):  # type: ignore[misc]
        def __init__(self, number: int) -> None:
            super().__init__(number)
            self.allocator = LibcameraAllocator(self.camera)
            self.allocator.sync = _Sync

        def _get_raw_modes(self) -> list[Any]:
            return []

        def _select_native_mode(self, _modes: object) -> dict[str, Any]:
            return {"format": "SBGGR10_CSI2P", "size": (640, 480)}

    return types.SimpleNamespace(Picamera2=Virtual)


class _Sync:
    """Maps a frame by the length of its planes instead of by what its metadata say."""

    def __init__(self, _allocator: object, frame: Any, _write: bool) -> None:
        self._frame = frame

    def __enter__(self) -> mmap.mmap:
        planes = self._frame.planes
        self._view = mmap.mmap(planes[0].fd, sum(plane.length for plane in planes))
        return self._view

    def __exit__(self, *_: object) -> None:
        # numpy may still look into it; then it goes with the last that does.
        with contextlib.suppress(BufferError):
            self._view.close()
