"""A frame's outline is judged without decoding it: what stations make passes, everything else does not."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from server_broker.live.outline import is_jpeg


def jpeg(size: tuple[int, int] = (320, 240), **how: Any) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise(size, 60).convert(how.pop("mode", "RGB")).save(buffer, "JPEG", **how)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "how",
    [
        {"quality": 55, "optimize": True},
        {"quality": 95, "subsampling": 0},
        {"restart_marker_blocks": 4},
        {"comment": b"x" * 300},
        {"mode": "L"},
        {"size": (1, 1)},
    ],
    ids=str,
)
def test_what_a_station_makes_passes(how: dict[str, Any]) -> None:
    assert is_jpeg(jpeg(**how))


WHOLE = jpeg()
AT_SIZE = WHOLE.index(b"\xff\xc0") + 5
PNG = io.BytesIO()
Image.new("RGB", (8, 8)).save(PNG, "PNG")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8\xff\xd9",
        WHOLE[: len(WHOLE) // 2],
        WHOLE[:-2],
        WHOLE + b"<script>alert(1)</script>",
        WHOLE + WHOLE,
        WHOLE[:-2] + WHOLE[2:],
        WHOLE[:AT_SIZE] + b"\xff\xff\xff\xff" + WHOLE[AT_SIZE + 4 :],
        WHOLE[:AT_SIZE] + bytes(4) + WHOLE[AT_SIZE + 4 :],
        jpeg(progressive=True),
        jpeg().replace(b"\xff\xc0", b"\xff\xc9"),
        b"\xff\xd8" + WHOLE[WHOLE.index(b"\xff\xda") :],
        b"\xff\xd8\xff\xe0\x00\x00\xff\xd9",
        b"\xff\xd8\xff\xe0\xff\xff\xff\xd9",
        PNG.getvalue(),
        b"<html>" + WHOLE,
    ],
    ids=lambda data: f"{len(data)}",
)
def test_anything_else_does_not(data: bytes) -> None:
    assert not is_jpeg(data)


@given(st.binary(max_size=200), st.integers(0, len(WHOLE)), st.integers(0, 200))
def test_no_bytes_at_all_raise(noise: bytes, at: int, cut: int) -> None:
    assert is_jpeg(noise) in (True, False)
    assert is_jpeg(WHOLE[:at] + noise + WHOLE[at + cut :]) in (True, False)
