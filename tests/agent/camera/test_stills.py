"""The still that may leave the room: small, masked, and nothing in it but the picture."""

import contextlib
import io
from random import Random
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from agent.camera.camera_protocol import MAX_STILL_BYTES
from agent.camera.stills import MASK_GREY, make_still, read_frame
from agent.ports import CameraFrame, DeviceError
from tests.agent.camera import drawn
from tests.agent.camera.drawn import opened


def markers(data: bytes) -> list[int]:
    """Return the kinds of a JPEG's segments up to the scan (ITU-T T.81, B.1.1.3)."""
    kinds, at = [], 2
    while data[at + 1] != 0xDA:
        assert data[at] == 0xFF
        kinds.append(data[at + 1])
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return kinds


def distance(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two pictures in steps of 256."""
    return sum(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other)).mean) / 3


@pytest.mark.parametrize(
    "frame",
    [
        drawn.jpeg_frame(drawn.room()),
        CameraFrame("jpeg", drawn.without_huffman_tables(drawn.jpeg(drawn.room()))),
        CameraFrame("jpeg", drawn.jpeg(drawn.room()) + drawn.jpeg(Image.new("RGB", drawn.SIZE))),
        drawn.yuyv(drawn.room()),
        drawn.yuyv(drawn.room(), padding=64),
        drawn.nv12(drawn.room()),
        drawn.nv12(drawn.room(), padding=64, full_range=True),
        CameraFrame("rgb", drawn.room().tobytes(), *drawn.SIZE),
    ],
)
def test_what_a_camera_gives_becomes_the_same_picture(frame: CameraFrame) -> None:
    still = opened(make_still(read_frame(frame)))
    assert (still.size, still.mode) == (drawn.SIZE, "RGB")
    assert distance(still, drawn.room()) < 6


@pytest.mark.parametrize("size", [(4056, 3040), (1920, 1080), (640, 480), (320, 240), (480, 1920)])
def test_no_side_is_longer_than_640_and_the_shape_stays(size: tuple[int, int]) -> None:
    still = opened(make_still(read_frame(drawn.jpeg_frame(drawn.room(size=size)))))
    assert max(still.size) == min(640, max(size))
    assert still.width / still.height == pytest.approx(size[0] / size[1], rel=0.01)


def test_a_picture_that_can_not_be_packed_is_made_worse_and_then_smaller() -> None:
    noise = Image.frombytes("RGB", drawn.SIZE, Random(1).randbytes(640 * 480 * 3))
    still = make_still(noise)
    assert len(still) <= MAX_STILL_BYTES
    assert opened(still).width < 640
    assert len(make_still(drawn.room())) <= MAX_STILL_BYTES
    assert opened(make_still(drawn.room(noise=12))).width == 640


def test_nothing_but_the_picture_leaves_the_room() -> None:
    exif = Image.Exif()
    exif[0x010F] = "maker"
    exif.get_ifd(0x8825)[1] = "N"
    frame = drawn.jpeg_frame(
        drawn.room(), exif=exif, comment=b"serial 123", icc_profile=b"profile", dpi=(300, 300), quality=95
    )
    assert b"serial 123" in frame.data
    still = make_still(read_frame(frame))
    assert set(markers(still)) == {0xE0, 0xDB, 0xC0, 0xC4}
    assert opened(still).info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize(("turn", "corner"), [(0, (0, 0)), (90, (1, 0)), (180, (1, 1)), (270, (0, 1))])
def test_it_is_turned_clockwise(turn: int, corner: tuple[int, int]) -> None:
    marked = drawn.room()
    marked.paste((255, 0, 0), (0, 0, 60, 60))
    image = read_frame(CameraFrame("rgb", marked.tobytes(), *drawn.SIZE), turn=turn)
    assert image.size == ((640, 480) if turn in (0, 180) else (480, 640))
    x, y = (30 + corner[0] * (image.width - 60), 30 + corner[1] * (image.height - 60))
    assert image.getpixel((x, y)) == (255, 0, 0)


def test_of_what_lies_under_the_mask_nothing_is_left() -> None:
    """Two rooms that differ under the mask alone give the same still, to the byte."""
    secret = drawn.room(size=(1280, 960))
    secret.paste((255, 0, 255), (0, 0, 384, 960))
    secret.paste((0, 255, 0), (1216, 912, 1280, 960))
    mask = [[0, 0, 300, 1000], [950, 950, 50, 50]]
    stills = [make_still(image, mask=mask) for image in (secret, drawn.room(size=(1280, 960)))]
    assert stills[0] == stills[1]
    assert distance(opened(stills[0]).crop((0, 0, 180, 480)), Image.new("RGB", (180, 480), MASK_GREY)) < 1
    assert distance(opened(stills[0]).crop((200, 0, 600, 450)), drawn.room().crop((200, 0, 600, 450))) < 6


def test_a_pixel_that_the_mask_covers_in_part_is_masked() -> None:
    secret = drawn.room()
    secret.paste((255, 0, 255), (0, 0, 214, 160))
    mask = [[0, 0, 333, 333]]
    assert drawn.SIZE == (640, 480)
    assert make_still(secret, mask=mask) == make_still(drawn.room(), mask=mask)


def test_a_mask_over_everything_leaves_one_colour() -> None:
    still = opened(make_still(drawn.room(), mask=[[0, 0, 1000, 1000]]))
    assert distance(still, Image.new("RGB", drawn.SIZE, MASK_GREY)) < 1


@pytest.mark.parametrize("mode", ["CMYK", "L"])
def test_jpegs_of_other_colour_spaces_are_read(mode: str) -> None:
    frame = drawn.jpeg_frame(drawn.room().convert(mode))
    assert distance(opened(make_still(read_frame(frame))), drawn.room().convert(mode).convert("RGB")) < 6


def encoded(kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    drawn.room().save(buffer, kind, **options)
    return buffer.getvalue()


def huge(width: int, height: int) -> bytes:
    """Return a JPEG whose header claims so many pixels."""
    data = bytearray(drawn.jpeg(drawn.room()))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(data)


WHOLE = drawn.jpeg(drawn.room())


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty picture"),
        (b"\xff\xd8", "no JPEG"),
        (WHOLE[:300], "can't be read|no JPEG"),
        (WHOLE[: len(WHOLE) // 2], "can't be read"),
        (b"\x00" * 20_000, "no JPEG"),
        (b"\xff\xd8\xff" + Random(1).randbytes(20_000), "can't be read|no JPEG"),
        (encoded("GIF", save_all=True, append_images=[drawn.room(seed=2)]), "no JPEG"),
        (encoded("PNG"), "no JPEG"),
        (huge(20_000, 20_000), "too large"),
        (huge(65_500, 65_500), "too large"),
        (huge(5_000, 5_000), "too large"),
        (huge(640, 1), "too small"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(DeviceError, match=why):
        read_frame(CameraFrame("jpeg", data))


def test_a_bomb_is_refused_before_a_pixel_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    bombs = [CameraFrame("jpeg", huge(width, width)) for width in (5_000, 20_000)]
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("pixels were decoded"))
    for bomb in bombs:
        with pytest.raises(DeviceError, match="too large"):
            read_frame(bomb)


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (CameraFrame("yuyv", b"", 640, 480), "cut short: 0 of 614400"),
        (CameraFrame("yuyv", bytes(614_399), 640, 480), "cut short"),
        (CameraFrame("nv12", bytes(460_799), 640, 480), "cut short"),
        (CameraFrame("rgb", bytes(921_599), 640, 480), "cut short"),
        (CameraFrame("yuyv", bytes(614_400), 640, 480, stride=640), "cut short"),
        (CameraFrame("nv12", bytes(460_800), 641, 480), "can't be"),
        (CameraFrame("nv12", b"", 0, 0), "too small"),
        (CameraFrame("rgb", b"", 20_000, 20_000), "too large"),
        (CameraFrame("rgb", b"", -640, -480), "too small"),
    ],
)
def test_a_frame_that_is_not_whole_is_refused(frame: CameraFrame, why: str) -> None:
    with pytest.raises(DeviceError, match=why):
        read_frame(frame)


def test_mutated_jpegs_are_pictures_or_refusals_and_nothing_else() -> None:
    random = Random(3)
    for _ in range(150):
        data = bytearray(WHOLE)
        for _ in range(random.randrange(1, 6)):
            data[random.randrange(len(data)) if random.random() < 0.5 else random.randrange(700)] = random.randrange(
                256
            )
        with contextlib.suppress(DeviceError):
            assert len(make_still(read_frame(CameraFrame("jpeg", bytes(data))))) <= MAX_STILL_BYTES
