"""The camera runs in a process of its own: it may hang, die or outlive the agent, and no picture is lost by that."""

import hashlib
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.camera_worker import MAX_HANDED, MAX_WAITING, CameraWorker
from agent.events import PictureTaken
from agent.inbox import Inbox
from agent.outbox.errors import OutboxBroken, OutboxFull
from agent.spool_names import Wanted, spool_name
from protocol.units import FactRef

REF = FactRef(epoch=bytes(range(16)), seq=7)
WANTED = Wanted("touch", about=REF)

# A camera's process in miniature: what it does next stands in the file "mood".
CHILD = textwrap.dedent("""
    import pathlib, sys, time
    spool = pathlib.Path(sys.argv[1])
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

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spool = folder / "spool"
        self.inbox = Inbox()
        self.set("well")
        command = [sys.executable, "-c", CHILD, str(self.spool)]
        self.error: Exception | None = None
        self.written: dict[bytes, bytes] = {}
        self.worker = CameraWorker(command=command, spool=self.spool, write=self.write, inbox=self.inbox, limit_s=1.5)

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


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    made = Camera(tmp_path)
    yield made
    made.worker.stop()


def test_a_picture_comes_with_what_it_is_about(camera: Camera) -> None:
    camera.worker.start()
    event = camera.ask()
    assert (event.about, event.purpose, event.problem) == (REF, "touch", "")
    assert camera.picture(event) == b"x" * 10
    camera.worker.taken_over(event.spooled)
    assert list(camera.spool.iterdir()) == []


def test_a_picture_that_is_put_back_comes_again(camera: Camera) -> None:
    camera.worker.start()
    first = camera.ask()
    camera.worker.put_back(first.spooled)
    camera.worker.request(WANTED)
    assert {camera.answer().spooled, camera.answer().spooled} >= {first.spooled}


@pytest.mark.parametrize("mood", ["hang", "die", "fail"])
def test_after_trouble_the_next_picture_comes(camera: Camera, mood: str) -> None:
    camera.worker.start()
    assert camera.ask().sha256 is not None
    camera.set(mood)
    event = camera.ask()
    assert event.sha256 is None
    assert event.problem
    camera.set("well")
    assert camera.ask().sha256 is not None


def test_a_program_that_is_missing_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    inbox = Inbox()
    worker = CameraWorker(command=["/no/such/camera"], spool=tmp_path / "spool", write=bytes, inbox=inbox)
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
    assert camera.worker.request(Wanted("requested", command=b"c" * 16))
    event = camera.answer()
    assert (event.sha256, event.command) == (None, b"c" * 16)
    assert "is no picture" in event.problem
    assert list(camera.spool.iterdir()) == []


def test_what_the_camera_sees_and_whose_order_it_was_is_told(camera: Camera) -> None:
    camera.worker.start()
    assert camera.ask().suspect == ""
    camera.set("black")
    assert camera.worker.request(Wanted("requested", command=b"c" * 16))
    event = camera.answer()
    assert (event.suspect, event.purpose, event.command) == ("black", "requested", b"c" * 16)
    assert camera.worker.orders_in_spool() == {b"c" * 16}
    camera.worker.taken_over(event.spooled)
    assert camera.worker.orders_in_spool() == set()


def test_an_order_is_found_again_in_the_spool(camera: Camera) -> None:
    camera.spool.mkdir()
    (camera.spool / spool_name(Wanted("requested", command=b"c" * 16), "ab")).write_bytes(b"left")
    (camera.spool / spool_name(WANTED, "cd")).write_bytes(b"left")
    assert camera.worker.orders_in_spool() == {b"c" * 16}
    camera.worker.start()
    events = [camera.answer(), camera.answer()]
    assert [(event.command, event.suspect) for event in events] == [(b"c" * 16, None), (None, None)]


def test_it_is_said_how_the_process_ended(camera: Camera) -> None:
    camera.worker.start()
    camera.set("die")
    assert camera.ask().problem == "the camera's process ended by exit 1"


def test_a_camera_that_hangs_does_not_hold_up_the_end(tmp_path: Path) -> None:
    made = Camera(tmp_path)
    made.worker._limit_s = 60
    made.set("hang")
    made.worker.start()
    made.worker.request(WANTED)
    while made.worker._child is None:
        assert made.worker._thread.is_alive()
    made.worker.stop()
    assert not made.worker._thread.is_alive()


@pytest.mark.parametrize("error", [OutboxFull("no room"), OutboxBroken("no disk")])
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
        camera.worker.taken_over(name)
    while len(first) + len(seen) < len(names):
        seen.append(camera.answer().spooled)
        camera.worker.taken_over(seen[-1])
    assert first + seen == names
    assert list(camera.spool.iterdir()) == []
    assert camera.worker._handed == set()


def test_a_file_that_stays_in_the_spool_is_not_handed_over_again(
    camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera.worker.start()
    event = camera.ask()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        camera.worker.taken_over(event.spooled)
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
        "agent.drivers.camera_process",
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
