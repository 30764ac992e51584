"""Make the still that may leave the room: small, masked, and with nothing in it but the picture.

A camera's frame is not trusted. Its size is read from the header before a pixel is decoded, and a frame that is not
whole is refused. The still is a baseline JPEG (ITU-T T.81) of at most 640×640 pixels and `MAX_STILL_BYTES`, without
EXIF, colour profile or comment. The mask is painted before the picture is scaled or encoded, because scaling and JPEG
blocks would mix pixels under the mask into those beside it.

This module loads Pillow, so only the camera's process imports it.
"""

import io
from collections.abc import Sequence
from typing import Literal

from PIL import Image, ImageDraw, UnidentifiedImageError

from agent.camera.camera_protocol import MAX_STILL_BYTES
from agent.ports import CameraFrame, DeviceError

MAX_SIDE_PX = 640
MAX_PIXELS = 16_777_216
"""Of a camera's frame. The largest camera for a Raspberry Pi has 4056×3040."""
MIN_SIDE_PX = 16
MASK_GREY = (96, 96, 96)
_QUALITIES = (80, 70, 60, 50, 40, 30)
_SMALLER = 0.75

type Turn = Literal[0, 90, 180, 270]
type Rectangle = Sequence[int]
"""``[x, y, width, height]`` in thousandths of the upright picture's width and height, from its top left corner."""

_TURNS: dict[int, Image.Transpose] = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}
"""Degrees clockwise; Pillow counts them counter-clockwise."""


def read_frame(frame: CameraFrame, *, turn: int = 0) -> Image.Image:
    """Decode a frame to an upright RGB picture of about the size of the still, unmasked.

    Raises:
        DeviceError: It is empty, cut short, too large, or no picture.
    """
    image = _read_jpeg(frame.data) if frame.layout == "jpeg" else _read_raw(frame)
    return image.transpose(_TURNS[turn]) if turn else image


def make_still(image: Image.Image, *, mask: Sequence[Rectangle] = ()) -> bytes:
    """Return the JPEG of an upright picture with the mask painted into it."""
    # A new image has none of the metadata that the camera's has.
    clean = Image.new("RGB", image.size)
    clean.paste(image)
    draw = ImageDraw.Draw(clean)
    for x, y, width, height in mask:
        left, top = x * clean.width // 1000, y * clean.height // 1000
        # Rounded outwards, so that no pixel that is partly under the mask stays.
        right = -(-(x + width) * clean.width // 1000) - 1
        bottom = -(-(y + height) * clean.height // 1000) - 1
        draw.rectangle((left, top, right, bottom), fill=MASK_GREY)
    clean.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX), Image.Resampling.BICUBIC)
    # The best quality that fits; if none does, a smaller picture.
    while True:
        for quality in _QUALITIES:
            buffer = io.BytesIO()
            clean.save(buffer, "JPEG", quality=quality, optimize=True)
            if buffer.tell() <= MAX_STILL_BYTES:
                return buffer.getvalue()
        clean = clean.resize((int(clean.width * _SMALLER), int(clean.height * _SMALLER)), Image.Resampling.BICUBIC)


def _read_jpeg(data: bytes) -> Image.Image:
    if not data:
        raise DeviceError("the camera gave an empty picture")
    try:
        image: Image.Image = Image.open(io.BytesIO(data), formats=("JPEG",))
        _check_size(image.width, image.height)
        # The decoder itself scales down by 2, 4 or 8, to no less than this: it saves time and memory on a Pi.
        image.draft("RGB", (MAX_SIDE_PX, MAX_SIDE_PX))
        return image.convert("RGB")
    except Image.DecompressionBombError as error:
        raise DeviceError("the camera's picture is too large") from error
    except UnidentifiedImageError as error:
        raise DeviceError(f"{len(data)} bytes from the camera are no JPEG") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise DeviceError(f"the camera's JPEG can't be read: {error}") from error


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise DeviceError(f"the camera's picture of {width}x{height} pixels is too large")
    if min(width, height) < MIN_SIDE_PX:
        raise DeviceError(f"the camera's picture of {width}x{height} pixels is too small")


def _read_raw(frame: CameraFrame) -> Image.Image:
    _check_size(frame.width, frame.height)
    # In yuyv and nv12, two or four neighbouring pixels share their colour.
    if frame.width % 2 or frame.height % 2:
        raise DeviceError(f"a {frame.layout} frame of {frame.width}x{frame.height} pixels can't be")
    if frame.layout == "rgb":
        return Image.frombytes("RGB", (frame.width, frame.height), _rows(frame, frame.width * 3, frame.height))
    planes = _yuyv_planes(frame) if frame.layout == "yuyv" else _nv12_planes(frame)
    if not frame.full_range:
        # Pillow converts as JFIF does, with the full range; a video camera leaves room at both ends.
        planes = [plane.point(_CHROMA_TO_FULL if number else _LUMA_TO_FULL) for number, plane in enumerate(planes)]
    luma, *chroma = planes
    return Image.merge("YCbCr", [luma, *(plane.resize(luma.size) for plane in chroma)]).convert("RGB")


def _rows(frame: CameraFrame, row_bytes: int, rows: int, *, start: int = 0) -> bytes:
    """Return the rows without the padding at their ends."""
    stride = frame.stride or row_bytes
    needed = start + stride * (rows - 1) + row_bytes
    if stride < row_bytes or len(frame.data) < needed:
        raise DeviceError(f"the camera's frame is cut short: {len(frame.data)} of {needed} bytes")
    if stride == row_bytes:
        return frame.data[start : start + row_bytes * rows]
    return b"".join(frame.data[at : at + row_bytes] for at in range(start, start + stride * rows, stride))


def _yuyv_planes(frame: CameraFrame) -> list[Image.Image]:
    packed = _rows(frame, frame.width * 2, frame.height)
    half = (frame.width // 2, frame.height)
    return [
        Image.frombytes("L", (frame.width, frame.height), packed[0::2]),
        Image.frombytes("L", half, packed[1::4]),
        Image.frombytes("L", half, packed[3::4]),
    ]


def _nv12_planes(frame: CameraFrame) -> list[Image.Image]:
    luma = _rows(frame, frame.width, frame.height)
    chroma = _rows(frame, frame.width, frame.height // 2, start=(frame.stride or frame.width) * frame.height)
    half = (frame.width // 2, frame.height // 2)
    return [
        Image.frombytes("L", (frame.width, frame.height), luma),
        Image.frombytes("L", half, chroma[0::2]),
        Image.frombytes("L", half, chroma[1::2]),
    ]


_LUMA_TO_FULL = [min(255, max(0, round((level - 16) * 255 / 219))) for level in range(256)]
_CHROMA_TO_FULL = [min(255, max(0, round((level - 128) * 255 / 224 + 128))) for level in range(256)]
"""ITU-R BT.601-7, 2.5.3: Y takes 16 to 235, Cb and Cr 16 to 240."""
