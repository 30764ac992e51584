"""The camera runs in a process of its own: it may hang, die or outlive the agent, and no picture is lost by that.

Both ways to it are tried: a child of the agent, and a process that systemd's own socket activation starts.
"""

import hashlib
import os
import queue
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from agent.camera.camera_line import CameraLine, ServedCamera, SpawnedCamera
from agent.camera.camera_protocol import StillTaken
from agent.camera.camera_worker import MAX_HANDED, MAX_WAITING, CameraWorker
from agent.camera.spool_names import PictureRequest, spool_name
from agent.events import PictureTaken
from agent.inbox import Inbox
from agent.storage.errors import StorageFailed, StorageFull
from protocol.units import FactRef
from tests.agent.camera.socket_activation import activated

REF = FactRef(epoch=bytes(range(16)), seq=7)
WANTED = PictureRequest("touch", about=REF)
LIMIT_S = 15

# A camera's process in miniature: what it does next stands in the file "mood".
CHILD = textwrap.dedent("""
    import json, pathlib, sys, time
    spool = pathlib.Path(sys.argv[1] if sys.argv[1:] else json.loads(sys.stdin.readline())[0])
    for line in sys.stdin:
        mood = (spool.parent / "mood").read_text()
        if mood == "hang":
            time.sleep(60)
        if mood == "die":
            sys.exit(1)
        if mood == "fail":
            print("failed no frame", flush=True)
            continue
        (spool / line.strip()).write_bytes(b"x" * {"big": 50_000, "empty": 0}.get(mood, 10))
        print("ok black" if mood == "black" else "ok", flush=True)
""")


class Camera:
    """A worker with its inbox and its child's mood."""

    def __init__(self, folder: Path, connect: Callable[[], CameraLine] | None = None, *, limit_s: float = 1.5) -> None:
        self.folder = folder
        self.spool = folder / "spool"
        self.inbox = Inbox()
        self.set("well")
        self._connect = connect or partial(SpawnedCamera, [sys.executable, "-c", CHILD, str(self.spool)])
        self.lines: queue.Queue[CameraLine] = queue.Queue()
        """The lines to the child, as they were opened."""
        self.error: Exception | None = None
        self.written: dict[bytes, bytes] = {}
        self.worker = CameraWorker(
            connect=self.connect, spool=self.spool, write=self.write, inbox=self.inbox, limit_s=limit_s
        )

    def connect(self) -> CameraLine:
        line = self._connect()
        self.lines.put(line)
        return line

    def write(self, jpeg: bytes) -> bytes:
        assert threading.current_thread().name == "camera"
        if self.error is not None:
            raise self.error
        sha256 = hashlib.sha256(jpeg).digest()
        self.written[sha256] = jpeg
        return sha256

    def picture(self, event: PictureTaken) -> bytes:
        """Return the bytes that were on disk before the core heard of them."""
        assert event.sha256 is not None
        assert event.size == len(self.written[event.sha256])
        return self.written[event.sha256]

    def set(self, mood: str) -> None:
        (self.folder / "mood").write_text(mood)

    def ask(self) -> PictureTaken:
        assert self.worker.request(WANTED)
        return self.answer()

    def answer(self) -> PictureTaken:
        event = self.inbox.get(timeout_s=10)
        assert isinstance(event, PictureTaken)
        return event


def runs() -> bool:
    """Whether a worker's thread is alive."""
    return any(thread.name == "camera" for thread in threading.enumerate())


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    made = Camera(tmp_path)
    yield made
    made.worker.stop()


@contextmanager
def camera_by(way: str, tmp_path: Path, folder: Path, *, limit_s: float = 1.5) -> Iterator[Camera]:
    if way == "spawned":
        yield (made := Camera(tmp_path, limit_s=limit_s))
        made.worker.stop()
        return
    socket = folder / "camera.sock"
    with activated(socket, sys.executable, "-c", CHILD):
        yield (made := Camera(tmp_path, partial(ServedCamera, socket, [str(tmp_path / "spool")]), limit_s=limit_s))
        made.worker.stop()


WAYS = ("spawned", "served")


@pytest.fixture(params=WAYS)
def either(request: pytest.FixtureRequest, tmp_path: Path, folder: Path) -> Iterator[Camera]:
    """A camera by each of the two ways."""
    with camera_by(request.param, tmp_path, folder) as made:
        yield made


def test_a_picture_comes_with_what_it_is_about(either: Camera) -> None:
    either.worker.start()
    event = either.ask()
    assert (event.about, event.purpose, event.problem) == (REF, "touch", "")
    assert either.picture(event) == b"x" * 10
    either.worker.release(event.spooled)
    assert list(either.spool.iterdir()) == []


def test_a_picture_that_is_put_back_comes_again(camera: Camera) -> None:
    camera.worker.start()
    first = camera.ask()
    camera.worker.requeue(first.spooled)
    camera.worker.request(WANTED)
    assert {camera.answer().spooled, camera.answer().spooled} >= {first.spooled}


@pytest.mark.parametrize("mood", ["hang", "die", "fail"])
def test_after_trouble_the_next_picture_comes(either: Camera, mood: str) -> None:
    either.worker.start()
    assert either.ask().sha256 is not None
    either.set(mood)
    event = either.ask()
    assert event.sha256 is None
    assert event.problem
    either.set("well")
    assert either.ask().sha256 is not None


@pytest.mark.parametrize(
    "connect", [partial(SpawnedCamera, ["/no/such/camera"]), partial(ServedCamera, Path("/no/such/socket"), [])]
)
def test_a_program_that_is_missing_is_a_problem_not_a_crash(tmp_path: Path, connect: Callable[[], CameraLine]) -> None:
    inbox = Inbox()
    worker = CameraWorker(connect=connect, spool=tmp_path / "spool", write=bytes, inbox=inbox)
    worker.start()
    worker.request(WANTED)
    event = inbox.get(timeout_s=10)
    assert isinstance(event, PictureTaken)
    assert event.sha256 is None
    worker.stop()


def test_what_an_earlier_run_left_is_handed_over_once(camera: Camera) -> None:
    camera.spool.mkdir()
    name = spool_name(WANTED, "ab")
    (camera.spool / name).write_bytes(b"left")
    (camera.spool / "else.jpg").write_bytes(b"no picture of ours")
    camera.worker.start()
    event = camera.answer()
    assert (camera.picture(event), event.about, event.spooled) == (b"left", REF, name)
    assert camera.ask().spooled != name


@pytest.mark.parametrize("mood", ["big", "empty"])
def test_what_can_not_be_a_picture_is_thrown_away_and_said(camera: Camera, mood: str) -> None:
    camera.worker.start()
    camera.set(mood)
    assert camera.worker.request(PictureRequest("requested", command=b"c" * 16))
    event = camera.answer()
    assert (event.sha256, event.command) == (None, b"c" * 16)
    assert "is no picture" in event.problem
    assert list(camera.spool.iterdir()) == []


def test_what_the_camera_sees_and_whose_order_it_was_is_told(camera: Camera) -> None:
    camera.worker.start()
    assert camera.ask().suspect == ""
    camera.set("black")
    assert camera.worker.request(PictureRequest("requested", command=b"c" * 16))
    event = camera.answer()
    assert (event.suspect, event.purpose, event.command) == ("black", "requested", b"c" * 16)
    assert camera.worker.commands_in_spool() == {b"c" * 16}
    camera.worker.release(event.spooled)
    assert camera.worker.commands_in_spool() == set()


def test_an_order_is_found_again_in_the_spool(camera: Camera) -> None:
    camera.spool.mkdir()
    (camera.spool / spool_name(PictureRequest("requested", command=b"c" * 16), "ab")).write_bytes(b"left")
    (camera.spool / spool_name(WANTED, "cd")).write_bytes(b"left")
    assert camera.worker.commands_in_spool() == {b"c" * 16}
    camera.worker.start()
    events = [camera.answer(), camera.answer()]
    assert [(event.command, event.suspect) for event in events] == [(b"c" * 16, None), (None, None)]


def test_it_is_said_how_the_process_ended(camera: Camera) -> None:
    camera.worker.start()
    camera.set("die")
    assert camera.ask().problem == "the camera's process ended by exit 1"


def test_a_process_that_died_between_two_pictures_costs_none(either: Camera) -> None:
    either.worker.start()
    assert either.ask().sha256 is not None
    line = either.lines.get(timeout=LIMIT_S)
    line.interrupt()
    while line.alive():
        assert runs()
    assert either.ask().sha256 is not None


@pytest.mark.parametrize("way", WAYS)
def test_a_camera_that_hangs_does_not_hold_up_the_end(way: str, tmp_path: Path, folder: Path) -> None:
    with camera_by(way, tmp_path, folder, limit_s=60) as camera:
        camera.set("hang")
        camera.worker.start()
        camera.worker.request(WANTED)
        camera.lines.get(timeout=LIMIT_S)
        assert runs()
        camera.worker.stop()
        assert not runs()


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "socket"])
def test_what_a_broken_camera_puts_into_the_spool_instead_of_a_picture_is_not_read(
    camera: Camera, kind: str, folder: Path
) -> None:
    """The camera's process has a user of its own and can't read the agent's keys.

    It must not make the agent read them, either.
    """
    camera.spool.mkdir()
    place = camera.spool / spool_name(WANTED, "ab")
    (camera.folder / "key").write_bytes(b"secret")
    if kind == "link":
        place.symlink_to(camera.folder / "key")
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(folder / "socket"))
        (folder / "socket").rename(place)
    camera.worker.start()
    events = [camera.ask(), *([] if kind == "folder" else [camera.answer()])]
    assert [event.sha256 for event in events if not event.problem] == list(camera.written)
    assert list(camera.written.values()) == [b"x" * 10]


def test_the_real_process_is_served_by_its_socket(tmp_path: Path, folder: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    with activated(folder / "camera.sock", sys.executable, "-m", "agent.camera.camera_process"):
        line = ServedCamera(folder / "camera.sock", ["simulated", "{}", "test-0001", str(tmp_path), str(spool)])
        assert line.ask("touch-none-0-ab.jpg", within_s=30) == StillTaken()
        assert line.alive()
        line.end()
    assert (spool / "touch-none-0-ab.jpg").read_bytes().startswith(b"\xff\xd8")


@pytest.mark.parametrize("error", [StorageFull("no room"), StorageFailed("no disk")])
def test_what_the_disk_does_not_take_stays_in_the_spool(camera: Camera, error: Exception) -> None:
    camera.worker.start()
    camera.error = error
    camera.worker.request(WANTED)
    assert camera.inbox.get(timeout_s=1) is None
    camera.error = None
    camera.worker.request(WANTED)
    assert len({camera.answer().spooled, camera.answer().spooled}) == 2


def test_a_full_spool_is_handed_over_little_by_little(camera: Camera) -> None:
    camera.spool.mkdir()
    names = [spool_name(WANTED, f"{number:04d}") for number in range(3 * MAX_HANDED + 1)]
    for name in names:
        (camera.spool / name).write_bytes(name.encode())
    camera.worker.start()
    first = [camera.answer().spooled for _ in range(MAX_HANDED)]
    assert camera.inbox.get(timeout_s=0.2) is None
    seen: list[str] = []
    for name in first:
        camera.worker.release(name)
    while len(first) + len(seen) < len(names):
        seen.append(camera.answer().spooled)
        camera.worker.release(seen[-1])
    assert first + seen == names
    assert list(camera.spool.iterdir()) == []
    for name in names[:MAX_HANDED]:
        (camera.spool / name).write_bytes(name.encode())
    assert camera.ask().spooled in names, "there is room for as many again"
    assert len({camera.answer().spooled for _ in range(MAX_HANDED - 1)}) == MAX_HANDED - 1


def test_a_file_that_stays_in_the_spool_is_not_handed_over_again(
    camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera.worker.start()
    event = camera.ask()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        camera.worker.release(event.spooled)
    assert camera.ask().spooled != event.spooled


def refuse(*_: object, **__: object) -> None:
    raise OSError("read-only")


def test_the_queue_is_bounded(camera: Camera) -> None:
    asked = [camera.worker.request(WANTED) for _ in range(MAX_WAITING + 1)]
    assert asked == [True] * MAX_WAITING + [False]


def test_the_child_outlives_a_killed_agent_long_enough_and_no_longer(tmp_path: Path) -> None:
    """The picture that was being taken lies in the spool; the child ends because its pipe is closed."""
    spool = tmp_path / "spool"
    spool.mkdir()
    command = [
        sys.executable,
        "-m",
        "agent.camera.camera_process",
        "simulated",
        "{}",
        "test-0001",
        str(tmp_path),
        str(spool),
    ]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(b"touch-none-0-ab.jpg\n")
    child.stdin.close()
    child.stdout.close()
    assert child.wait(20) in (0, -signal.SIGPIPE)
    assert [path.name for path in spool.iterdir()] == ["touch-none-0-ab.jpg"]
    assert len((tmp_path / "camera.count").read_bytes().splitlines()) == 1


def test_a_fault_of_the_program_costs_one_picture(camera: Camera) -> None:
    camera.error = ValueError("nobody thought of this")
    camera.worker.start()
    assert camera.worker.request(WANTED)
    event = camera.inbox.get(timeout_s=10)
    assert isinstance(event, PictureTaken)
    assert (event.sha256, event.problem) == (None, "a fault of the program: ValueError")
    camera.error = None
    assert camera.worker.request(WANTED)
    for _ in range(2):  # the one that lay in the spool, and the next
        event = camera.inbox.get(timeout_s=10)
        assert isinstance(event, PictureTaken)
        assert camera.picture(event)
