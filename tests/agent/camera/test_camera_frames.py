"""A frame of a live view comes through the camera process's pipe: it touches no disk, and no child can make the
agent hang."""

import io
import sys
import textwrap
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from agent.camera.camera_line import SpawnedCamera
from agent.camera.camera_worker import MAX_WAITING, CameraWorker
from agent.camera.spool_names import PictureRequest
from agent.events import FrameTaken, PictureTaken
from agent.inbox import Inbox

COMMAND = b"o" * 16

# A camera's process in miniature: what it answers to a word stands in the file "answer".
CHILD = textwrap.dedent("""
    import pathlib, sys, time
    answer = pathlib.Path(sys.argv[1]) / "answer"
    for line in sys.stdin:
        if line.strip() != "frame":
            (pathlib.Path(sys.argv[1]) / "spool" / line.strip()).write_bytes(b"x" * 10)
            print("ok", flush=True)
            continue
        raw = answer.read_bytes()
        sys.stdout.buffer.write(raw)
        sys.stdout.buffer.flush()
        if raw.endswith(b"half"):
            time.sleep(60)
        if raw.endswith(b"dead"):
            sys.exit(1)
""")


class Camera:
    def __init__(self, folder: Path, command: list[str], *, limit_s: float = 1.5) -> None:
        self.folder = folder
        self.spool = folder / "spool"
        self.inbox = Inbox()
        self.worker = CameraWorker(
            connect=partial(SpawnedCamera, command),
            spool=self.spool,
            write=lambda jpeg: bytes(32),
            inbox=self.inbox,
            limit_s=limit_s,
        )
        self.worker.start()

    def says(self, answer: bytes) -> FrameTaken:
        (self.folder / "answer").write_bytes(answer)
        return self.frame()

    def frame(self) -> FrameTaken:
        assert self.worker.request_frame(COMMAND)
        event = self.inbox.get(timeout_s=20)
        assert isinstance(event, FrameTaken)
        assert event.command == COMMAND
        return event


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    made = Camera(tmp_path, [sys.executable, "-c", CHILD, str(tmp_path)])
    yield made
    made.worker.stop()


def test_a_frame_comes_whole_and_leaves_nothing_behind(camera: Camera) -> None:
    jpeg = bytes(range(250)) * 160
    assert camera.says(b"frame 40000\n" + jpeg) == FrameTaken(COMMAND, jpeg=jpeg)
    assert list(camera.spool.glob("*")) == []


@pytest.mark.parametrize(
    "answer",
    [
        b"failed no light\n",
        b"frame 40001\n" + bytes(40_001),
        b"frame 0\n",
        b"frame -3\nabc",
        b"frame \xd9\xa3\nabc",
        b"frame\n",
        b"frame 100\nhalf",
        b"frame 100\ndead",
        b"dead",
        b"half",
        b"\xff\xfe\n",
        b"ok\n",
        b"\n",
    ],
    ids=lambda answer: ascii(answer[:20]),
)
def test_any_other_answer_is_no_frame_and_the_next_one_comes(camera: Camera, answer: bytes) -> None:
    failed = camera.says(answer)
    assert failed.jpeg == b""
    assert failed.problem
    assert camera.says(b"frame 3\nabc") == FrameTaken(COMMAND, jpeg=b"abc")


def test_stills_and_frames_take_turns(camera: Camera) -> None:
    (camera.folder / "answer").write_bytes(b"frame 3\nabc")
    camera.worker.request_frame(COMMAND)
    camera.worker.request(PictureRequest("requested"))
    camera.worker.request_frame(COMMAND)
    events = [camera.inbox.get(timeout_s=20) for _ in range(3)]
    assert [type(event) for event in events] == [FrameTaken, PictureTaken, FrameTaken]


def test_no_more_are_asked_for_than_can_wait(tmp_path: Path) -> None:
    idle = CameraWorker(connect=partial(SpawnedCamera, []), spool=tmp_path, write=lambda jpeg: bytes(32), inbox=Inbox())
    assert [idle.request_frame(COMMAND) for _ in range(MAX_WAITING + 1)] == [True] * MAX_WAITING + [False]


def test_the_real_process_sends_a_jpeg(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    command = [sys.executable, "-m", "agent.camera.camera_process", "simulated", "{}", "test-0001", str(tmp_path)]
    camera = Camera(tmp_path, [*command, str(spool)], limit_s=15)
    try:
        first, second = camera.frame(), camera.frame()
    finally:
        camera.worker.stop()
    for frame in (first, second):
        with Image.open(io.BytesIO(frame.jpeg)) as picture:
            assert (picture.format, max(picture.size) <= 640) == ("JPEG", True)
    assert list(spool.glob("*")) == []
