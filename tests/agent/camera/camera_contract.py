"""What every camera promises; run with the fake, the simulated and the real ones, also in the rig."""

import io

from PIL import Image

from agent.camera.camera_protocol import MAX_STILL_BYTES
from agent.camera.stills import MAX_SIDE_PX, make_still, read_frame
from agent.ports import Camera, CameraFrame


def check_camera(camera: Camera, *, pictures: int = 3) -> list[CameraFrame]:
    """Frames one after the other, each fit for a still, also after `close`, which may be called twice."""
    frames = [camera.capture() for _ in range(pictures)]
    camera.close()
    frames.append(camera.capture())
    for frame in frames:
        check_frame(frame)
    camera.close()
    camera.close()
    return frames


def check_frame(frame: CameraFrame) -> None:
    """The frame tells everything that is needed to read the picture, and its still may leave the room."""
    image = read_frame(frame)
    assert image.mode == "RGB"
    assert image.getextrema() != ((0, 0), (0, 0), (0, 0))
    if frame.layout != "jpeg":
        assert image.size == (frame.width, frame.height)
    still = Image.open(io.BytesIO(make_still(image)))
    assert (still.format, max(still.size) <= MAX_SIDE_PX, dict(still.getexif())) == ("JPEG", True, {})
    assert len(make_still(image)) <= MAX_STILL_BYTES
