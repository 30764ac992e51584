"""The camera's real process under everything that a camera can do to it: a picture is lost, and nothing else."""

import hashlib
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.camera.camera_limits import FILE_BYTES, MEMORY_BYTES, NICE, OPEN_FILES
from agent.camera.camera_line import SpawnedCamera
from agent.camera.camera_worker import CameraWorker
from agent.camera.spool_names import PictureRequest
from agent.events import PictureTaken
from agent.inbox import Inbox
from tests.agent.camera.drawn import opened
from tests.fakes.moody_camera import command

LIMIT_S = 20.0


class Camera:
    """A worker whose child is the real one, with a moody camera."""

    def __init__(self, folder: Path, *, settings: str = "{}", limit_s: float = LIMIT_S) -> None:
        self.folder, self.spool = folder, folder / "spool"
        self.inbox = Inbox()
        self.stills: dict[bytes, bytes] = {}
        self.set("well")
        self._command = command(folder, self.spool, settings)
        self.lines: list[SpawnedCamera] = []
        """The lines to the child, as they were opened."""
        self.worker = CameraWorker(
            connect=self.connect,
            spool=self.spool,
            write=self.write,
            inbox=self.inbox,
            limit_s=limit_s,
        )
        self.worker.start()

    def connect(self) -> SpawnedCamera:
        self.lines.append(SpawnedCamera(self._command))
        return self.lines[-1]

    def write(self, jpeg: bytes) -> bytes:
        sha256 = hashlib.sha256(jpeg).digest()
        self.stills[sha256] = jpeg
        return sha256

    def set(self, mood: str) -> None:
        (self.folder / "mood").write_text(mood)

    def ask(self, mood: str = "well") -> PictureTaken:
        self.set(mood)
        assert self.worker.request(PictureRequest("random"))
        return self.answer()

    def answer(self) -> PictureTaken:
        event = self.inbox.get(timeout_s=3 * LIMIT_S)
        assert isinstance(event, PictureTaken)
        return event

    @property
    def child(self) -> int:
        return self.lines[-1].pid


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    made = Camera(tmp_path)
    yield made
    made.worker.stop()


@pytest.mark.parametrize(
    ("mood", "problem"),
    [
        ("gone", "no USB camera is plugged in"),
        ("empty", "the camera gave an empty picture"),
        ("truncated", "the camera's JPEG can't be read"),
        ("gif", "bytes from the camera are no JPEG"),
        ("garbage", "bytes from the camera are no JPEG"),
        ("bomb", "is too large"),
        ("crash", "the camera's process ended by exit 1"),
        ("spin", "the camera's process ended by SIGXCPU"),
        ("hog", f"a picture wanted more than {MEMORY_BYTES} bytes of memory"),
    ],
)
def test_a_bad_camera_costs_its_picture_and_the_next_one_comes(camera: Camera, mood: str, problem: str) -> None:
    event = camera.ask(mood)
    assert (event.sha256, problem in event.problem) == (None, True), event.problem
    assert camera.ask().problem == ""
    assert len(camera.stills) == 1


def test_one_that_hangs_for_ever_is_ended(tmp_path: Path) -> None:
    camera = Camera(tmp_path, limit_s=1.5)
    camera.set("hang")
    assert camera.worker.request(PictureRequest("random"))
    assert camera.answer().problem == "no picture within 1.5 s"
    assert [line.alive() for line in camera.lines] == [False]
    camera.worker.stop()


def test_killed_while_idle_nothing_is_lost(camera: Camera) -> None:
    assert camera.ask().problem == ""
    first = camera.child
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert camera.ask().problem == ""
    assert camera.child != first


def test_killed_while_taking_one_picture_is_lost(camera: Camera) -> None:
    assert camera.ask().problem == ""
    camera.set("hang")
    pipe = camera.folder / "hangs"
    os.mkfifo(pipe)
    assert camera.worker.request(PictureRequest("random"))
    assert pipe.read_text() == "yes"
    pipe.unlink()
    os.kill(camera.child, signal.SIGKILL)
    event = camera.answer()
    assert event.problem
    assert camera.ask().problem == ""


def test_what_it_prints_is_no_answer(camera: Camera) -> None:
    event = camera.ask("chatty")
    assert (event.problem, event.suspect) == ("", "")
    assert camera.ask("well").suspect == ""


def test_cmyk_is_a_picture_and_black_is_said(camera: Camera) -> None:
    event = camera.ask("cmyk")
    assert event.sha256 is not None
    assert opened(camera.stills[event.sha256]).mode == "RGB"
    assert (camera.ask("black").suspect, camera.ask().suspect) == ("black", "")


def test_it_is_turned_and_masked_as_the_station_is_set(tmp_path: Path) -> None:
    camera = Camera(tmp_path, settings='{"mask": [[0, 0, 1000, 500]], "rotate": 90}')
    event = camera.ask()
    camera.worker.stop()
    assert event.sha256 is not None
    still = opened(camera.stills[event.sha256])
    assert still.size == (480, 640)
    shades = [level for level, count in enumerate(still.crop((0, 0, 480, 312)).convert("L").histogram()) if count]
    assert shades[-1] - shades[0] < 8
    assert event.suspect == "", "it is judged by what it sees, not by what is shown"


def test_it_lives_within_its_limits(camera: Camera) -> None:
    camera.ask()
    limits = Path(f"/proc/{camera.child}/limits").read_text()
    table = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()}
    assert table["Max data size"] == [str(MEMORY_BYTES)] * 2
    assert table["Max file size"] == [str(FILE_BYTES)] * 2
    assert table["Max open files"] == [str(OPEN_FILES)] * 2
    assert table["Max core file size"] == ["0", "0"]
    assert os.getpriority(os.PRIO_PROCESS, camera.child) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICE)


def test_a_process_that_lost_its_agent_and_hangs_ends_by_itself(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    (tmp_path / "mood").write_text("hang")
    program = command(tmp_path, spool, picture_s=0.5)
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        child.stdin.write(b"random-none-0-ab.jpg\n")
        child.stdin.close()
        assert child.wait(30) == -signal.SIGALRM
    assert list(spool.iterdir()) == []


def test_it_takes_nothing_but_names(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    (tmp_path / "mood").write_text("well")
    asked = b"../x.jpg\n/etc/x.jpg\nx.png\n\n" + b"a" * 5_000 + b".jpg\nrandom-none-0-ab.jpg\n"
    done = subprocess.run(command(tmp_path, spool), input=asked, capture_output=True, timeout=60, check=True)
    assert re.findall(rb"^(\w+)", done.stdout, re.MULTILINE) == [b"failed"] * 5 + [b"ok"]
    assert [path.name for path in spool.iterdir()] == ["random-none-0-ab.jpg"]
