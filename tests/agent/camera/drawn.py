"""Drawn pictures of rooms, for tests."""

import io
from random import Random
from typing import Any

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from agent.ports import CameraFrame

SIZE = (640, 480)
type Colour = tuple[int, int, int]


def room(*, light: float = 1.0, noise: float = 2.0, seed: int = 1, size: tuple[int, int] = SIZE) -> Image.Image:
    """Return an office with a window, a door, a table and shelves, as a sensor gives it.

    Args:
        light: 1 is day; 0.06 a night with the lamps out: nothing is brighter than 14 of 255.
        noise: Standard deviation of each pixel, in steps of 256.
    """
    image = Image.new("RGB", SIZE, "#b9b4a7")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 330, 640, 480), fill="#7a6f5d")
    draw.rectangle((60, 90, 220, 220), fill="#e8f4ff", outline="#4b4337", width=6)
    draw.rectangle((470, 110, 580, 330), fill="#5d3a1c", outline="#2f1806", width=6)
    draw.polygon([(180, 340), (470, 340), (530, 420), (120, 420)], fill="#a9744f", outline="#3f1f08")
    for shelf in range(4):
        draw.line((260, 100 + 40 * shelf, 430, 100 + 40 * shelf), fill="#3f1f08", width=5)
    return noisy(image.point(lambda level: round(level * light)), noise=noise, seed=seed).resize(size)


def noisy(image: Image.Image, *, noise: float, seed: int) -> Image.Image:
    """Return the picture with a sensor's noise."""
    grain = Random(seed).randbytes(image.width * image.height * 3)
    spread = noise * 3**0.5
    shift = [round(spread * (level - 127.5) / 127.5 + 128) for level in range(256)]
    added = Image.frombytes("RGB", image.size, grain).point(shift * 3)
    return ImageChops.add(image, added, scale=1, offset=-128)


def covered(colour: Colour = (150, 80, 60), *, noise: float = 3.0, seed: int = 1) -> Image.Image:
    """Return what is seen through a hand: one colour, softly darker to a side."""
    shade = Image.linear_gradient("L").resize(SIZE).point([110 + level // 2 for level in range(256)])
    base = Image.composite(Image.new("RGB", SIZE, colour), Image.new("RGB", SIZE, (10, 5, 5)), shade)
    return noisy(base.filter(ImageFilter.GaussianBlur(20)), noise=noise, seed=seed)


def jpeg(image: Image.Image, **options: Any) -> bytes:
    """Return a JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def jpeg_frame(image: Image.Image, **options: Any) -> CameraFrame:
    """Return a JPEG as a camera gives it."""
    return CameraFrame("jpeg", jpeg(image, **options))


def without_huffman_tables(data: bytes) -> bytes:
    """Return a JPEG as Motion-JPEG cameras send it: the standard tables are left out."""
    kept, at = bytearray(data[:2]), 2
    while data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] != 0xC4:
            kept += data[at:end]
        at = end
    return bytes(kept + data[at:])


def _limited(image: Image.Image) -> list[Image.Image]:
    """Return Y, Cb and Cr with the range of ITU-R BT.601."""
    luma, *chroma = image.convert("YCbCr").split()
    y = luma.point([round(16 + level * 219 / 255) for level in range(256)])
    return [y, *(plane.point([round(128 + (level - 128) * 224 / 255) for level in range(256)]) for plane in chroma)]


def _padded(rows: bytes, row_bytes: int, stride: int) -> bytes:
    pad = b"\xee" * (stride - row_bytes)
    return b"".join(rows[at : at + row_bytes] + pad for at in range(0, len(rows), row_bytes))


def yuyv(image: Image.Image, *, padding: int = 0) -> CameraFrame:
    """Return a picture as a webcam without JPEG gives it."""
    y, cb, cr = _limited(image)
    half = (image.width // 2, image.height)
    packed = bytearray(image.width * image.height * 2)
    packed[0::2] = y.tobytes()
    packed[1::4] = cb.resize(half, Image.Resampling.BOX).tobytes()
    packed[3::4] = cr.resize(half, Image.Resampling.BOX).tobytes()
    stride = image.width * 2 + padding
    return CameraFrame("yuyv", _padded(bytes(packed), image.width * 2, stride), image.width, image.height, stride)


def nv12(image: Image.Image, *, padding: int = 0, full_range: bool = False) -> CameraFrame:
    """Return a picture as libcamera gives it."""
    y, cb, cr = image.convert("YCbCr").split() if full_range else _limited(image)
    half = (image.width // 2, image.height // 2)
    chroma = bytearray(image.width * image.height // 2)
    chroma[0::2] = cb.resize(half, Image.Resampling.BOX).tobytes()
    chroma[1::2] = cr.resize(half, Image.Resampling.BOX).tobytes()
    stride = image.width + padding
    data = _padded(y.tobytes(), image.width, stride) + _padded(bytes(chroma), image.width, stride)
    return CameraFrame("nv12", data, image.width, image.height, stride, full_range)


def opened(still: bytes) -> Image.Image:
    return Image.open(io.BytesIO(still), formats=("JPEG",))
