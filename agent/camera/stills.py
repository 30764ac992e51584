"""Make the still that may leave the room: small, masked, and with nothing in it but the picture.

What a camera gives is not trusted: its size is judged by the header before a pixel is decoded, and what is no whole
JPEG or frame is refused. The still is a baseline JPEG (ITU-T T.81) of at most 640×640 pixels and 40,000 bytes without
EXIF, colour profile or comment. The mask is painted before the picture is scaled or encoded, so that nothing of what
lies under it is left. Loads Pillow: for the camera's process only.
"""

import io
from collections.abc import Sequence
from typing import Literal

from PIL import Image, ImageDraw, UnidentifiedImageError

from agent.camera.camera_protocol import MAX_STILL_BYTES
from agent.ports import DeviceError, Frame

MAX_SIDE_PX = 640
MAX_PIXELS = 16_777_216
"""Of a camera's frame; the largest camera for a Pi has 4056×3040."""
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
"""Clockwise; Pillow turns the other way."""


def read_frame(frame: Frame, *, turn: int = 0) -> Image.Image:
    """Decode a frame to an upright RGB picture of about the size of the still, unmasked.

    Raises:
        DeviceError: It is empty, cut short, too large, or no picture.
    """
    image = _read_jpeg(frame.data) if frame.layout == "jpeg" else _read_raw(frame)
    return image.transpose(_TURNS[turn]) if turn else image


def make_still(image: Image.Image, *, mask: Sequence[Rectangle] = ()) -> bytes:
    """Return the JPEG of an upright picture, which the mask is painted into."""
    clean = Image.new("RGB", image.size)
    clean.paste(image)
    _paint(clean, mask)
    clean.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX), Image.Resampling.BICUBIC)
    while True:
        for quality in _QUALITIES:
            buffer = io.BytesIO()
            clean.save(buffer, "JPEG", quality=quality, optimize=True)
            if buffer.tell() <= MAX_STILL_BYTES:
                return buffer.getvalue()
        clean = clean.resize((int(clean.width * _SMALLER), int(clean.height * _SMALLER)), Image.Resampling.BICUBIC)


def _paint(image: Image.Image, mask: Sequence[Rectangle]) -> None:
    draw = ImageDraw.Draw(image)
    for x, y, width, height in mask:
        left, top = x * image.width // 1000, y * image.height // 1000
        right = -(-(x + width) * image.width // 1000) - 1
        bottom = -(-(y + height) * image.height // 1000) - 1
        draw.rectangle((left, top, right, bottom), fill=MASK_GREY)


def _read_jpeg(data: bytes) -> Image.Image:
    if not data:
        raise DeviceError("the camera gave an empty picture")
    try:
        image: Image.Image = Image.open(io.BytesIO(data), formats=("JPEG",))
        _check_size(image.width, image.height)
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


def _read_raw(frame: Frame) -> Image.Image:
    _check_size(frame.width, frame.height)
    if frame.width % 2 or frame.height % 2:
        raise DeviceError(f"a {frame.layout} frame of {frame.width}x{frame.height} pixels can't be")
    if frame.layout == "rgb":
        return Image.frombytes("RGB", (frame.width, frame.height), _rows(frame, frame.width * 3, frame.height))
    planes = _yuyv_planes(frame) if frame.layout == "yuyv" else _nv12_planes(frame)
    return Image.merge("YCbCr", [_stretched(frame, number, plane) for number, plane in enumerate(planes)]).convert(
        "RGB"
    )


def _rows(frame: Frame, row_bytes: int, rows: int, *, start: int = 0) -> bytes:
    """Return rows without what pads them."""
    stride = frame.stride or row_bytes
    needed = start + stride * (rows - 1) + row_bytes
    if stride < row_bytes or len(frame.data) < needed:
        raise DeviceError(f"the camera's frame is cut short: {len(frame.data)} of {needed} bytes")
    if stride == row_bytes:
        return frame.data[start : start + row_bytes * rows]
    return b"".join(frame.data[at : at + row_bytes] for at in range(start, start + stride * rows, stride))


def _yuyv_planes(frame: Frame) -> list[Image.Image]:
    packed = _rows(frame, frame.width * 2, frame.height)
    half = (frame.width // 2, frame.height)
    return [
        Image.frombytes("L", (frame.width, frame.height), packed[0::2]),
        Image.frombytes("L", half, packed[1::4]),
        Image.frombytes("L", half, packed[3::4]),
    ]


def _nv12_planes(frame: Frame) -> list[Image.Image]:
    luma = _rows(frame, frame.width, frame.height)
    chroma = _rows(frame, frame.width, frame.height // 2, start=(frame.stride or frame.width) * frame.height)
    half = (frame.width // 2, frame.height // 2)
    return [
        Image.frombytes("L", (frame.width, frame.height), luma),
        Image.frombytes("L", half, chroma[0::2]),
        Image.frombytes("L", half, chroma[1::2]),
    ]


def _stretched(frame: Frame, number: int, plane: Image.Image) -> Image.Image:
    """Bring a plane to the picture's size and to the full range that JFIF has."""
    if not frame.full_range:
        plane = plane.point(_CHROMA_TO_FULL if number else _LUMA_TO_FULL)
    return plane if plane.size == (frame.width, frame.height) else plane.resize((frame.width, frame.height))


_LUMA_TO_FULL = [min(255, max(0, round((level - 16) * 255 / 219))) for level in range(256)]
_CHROMA_TO_FULL = [min(255, max(0, round((level - 128) * 255 / 224 + 128))) for level in range(256)]
"""ITU-R BT.601-7, 2.5.3: Y takes 16 to 235, Cb and Cr 16 to 240."""
