"""Have a camera's process take pictures, with a time limit, so that neither its hangs nor its memory are ours.

It writes each picture as a file into the spool folder and answers with a line. From there this thread brings
it into the blob store, with every fsync that takes, and only then tells the core; also what an earlier run of the agent
left: a picture taken just before the agent was killed is not lost. The process ends by itself when its line closes.
"""

import contextlib
import errno
import logging
import os
import queue
import secrets
import stat
import threading
from collections.abc import Callable
from pathlib import Path

from agent.camera.camera_line import CameraLine
from agent.camera.spool_names import PictureRequest, parse_spool_name, spool_name
from agent.events import FrameTaken, PictureTaken
from agent.inbox import Inbox
from agent.ports import Suspect
from agent.storage.durable import make_folder
from agent.storage.outbox.errors import StorageFailed, StorageFull

log = logging.getLogger(__name__)

MAX_WAITING = 32
MAX_HANDED = 8
"""Pictures that the core has not yet dealt with; more wait in the spool."""
LIMIT_S = 20.0
"""A Pi 3B may need half of it to load a camera's library with the first picture."""
STOP_WITHIN_S = 3.0
MAX_JPEG_BYTES = 40_000
FRAME = "frame"
"""What the child is told for a frame, and how its answer begins: its size follows, then a line feed, then its bytes."""
_IDLE_LOOK_S = 30.0
_FAULT_PAUSE_S = 1.0
_GOOD: dict[str, Suspect] = {
    "ok": "",
    "ok black": "black",
    "ok covered": "covered",
    "ok frozen": "frozen",
}
"""The process's answers when the picture lies in the spool."""


class CameraWorker:
    """A thread that drives the camera's process. Implements `agent.camera.snapshots.PictureTaker`."""

    def __init__(
        self,
        *,
        connect: Callable[[], CameraLine],
        spool: Path,
        write: Callable[[bytes], bytes],
        inbox: Inbox,
        limit_s: float = LIMIT_S,
    ) -> None:
        """Make a worker that rests.

        Args:
            connect: Starts the process, or has it started. Raises OSError.
            write: Puts a picture durably into the blob store and returns its SHA-256; called on the worker's thread.
                Raises `StorageFull` or `StorageFailed`: the picture stays in the spool and is tried again later.
            limit_s: How long a picture may take.
        """
        self._connect = connect
        self._spool = spool
        self._write = write
        self._inbox = inbox
        self._limit_s = limit_s
        self._asked: queue.Queue[PictureRequest | bytes | None] = queue.Queue(MAX_WAITING)
        self._handed: set[str] = set()
        self._judged: dict[str, Suspect] = {}
        """What the process saw in pictures that are not handed over yet."""
        self._more = False
        self._stuck = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._line: CameraLine | None = None

    def start(self) -> None:
        """Begin; hand over what the spool still holds."""
        self._look_again()
        self._thread.start()

    def request(self, wanted: PictureRequest) -> bool:
        """Ask for a picture; False when too many are waiting."""
        try:
            self._asked.put_nowait(wanted)
        except queue.Full:
            log.warning("a picture is left out: %d are waiting", MAX_WAITING)
            return False
        return True

    def request_frame(self, command: bytes) -> bool:
        """Ask for a frame of a live view, which is kept nowhere; False when too many pictures are waiting."""
        try:
            self._asked.put_nowait(command)
        except queue.Full:
            return False
        return True

    def commands_in_spool(self) -> set[bytes]:
        """Return the county's orders whose pictures lie in the spool."""
        named = [parse_spool_name(path) for path in self._spool.glob("*.jpg")]
        return {wanted.command for wanted in named if wanted is not None and wanted.command is not None}

    def release(self, spooled: str) -> None:
        """Remove a spool file whose picture is in the record."""
        try:
            (self._spool / spooled).unlink(missing_ok=True)
        except OSError as error:
            # It counts as handed over for the rest of this run, and as announced in the next.
            log.error("a picture's file stays in the spool: %s", error)
            return
        self._handed.discard(spooled)
        if self._more:
            self._look_again()

    def requeue(self, spooled: str) -> None:
        """Hand a spool file over once more with the next picture, or within half a minute."""
        self._handed.discard(spooled)

    def _look_again(self) -> None:
        # Where the queue is full, the thread looks after the next picture anyway.
        with contextlib.suppress(queue.Full):
            self._asked.put_nowait(None)

    def stop(self) -> None:
        """End the thread and the camera's process."""
        self._stopping.set()
        self._look_again()
        if not self._thread.is_alive():
            return
        self._thread.join(timeout=STOP_WITHIN_S)
        if self._thread.is_alive() and (line := self._line) is not None:
            line.interrupt()
            self._thread.join(timeout=STOP_WITHIN_S)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._attend(self._next())
        finally:
            self._end_line()

    def _next(self) -> PictureRequest | bytes | None:
        try:
            return self._asked.get(timeout=_IDLE_LOOK_S)
        except queue.Empty:
            return None

    def _attend(self, asked: PictureRequest | bytes | None) -> None:
        """Answer what was asked and hand over what there is. A fault costs its picture and a pause, not the camera."""
        try:
            if isinstance(asked, bytes):
                self._inbox.put(self._frame(asked))
            elif asked is not None:
                self._take(asked)
            self._hand_over()
        except Exception as error:
            log.exception("the camera's thread failed and begins again")
            self._end_line()
            problem = f"a fault of the program: {type(error).__name__}"
            if isinstance(asked, bytes):
                self._inbox.put(FrameTaken(asked, problem=problem))
            elif asked is not None:
                self._report_failure(asked, problem)
            self._stopping.wait(_FAULT_PAUSE_S)

    def _take(self, wanted: PictureRequest) -> None:
        name = spool_name(wanted, secrets.token_hex(8))
        problem = self._capture(name)
        if problem:
            self._judged.pop(name, None)
            self._report_failure(wanted, problem)

    def _report_failure(self, wanted: PictureRequest, problem: str) -> None:
        purpose, about, command = wanted
        self._inbox.put(PictureTaken(about=about, purpose=purpose, sha256=None, problem=problem, command=command))

    def _capture(self, name: str) -> str:
        """Have one picture taken into the spool; return what went wrong, or nothing."""
        try:
            make_folder(self._spool)
            answer = self._running().ask(name, within_s=self._limit_s)
        except OSError as error:
            self._end_line()
            return f"the camera's process died: {error}"
        if answer in _GOOD:
            self._judged[name] = _GOOD[answer]
            return ""
        return self._problem(answer)

    def _problem(self, answer: str) -> str:
        if not answer.startswith("failed "):
            self._end_line()
        return answer.removeprefix("failed ").removeprefix("ended ")

    def _running(self) -> CameraLine:
        if self._line is not None and not self._line.alive():
            self._end_line()
        if self._line is None:
            self._line = self._connect()
        return self._line

    def _frame(self, command: bytes) -> FrameTaken:
        """Have one frame taken; it comes through the line and touches no disk."""
        try:
            line = self._running()
            answer = line.ask(FRAME, within_s=self._limit_s)
            word, _, size = answer.partition(" ")
            if word == FRAME and size.isascii() and size.isdigit() and 0 < int(size) <= MAX_JPEG_BYTES:
                return FrameTaken(command, jpeg=line.read(int(size), within_s=self._limit_s))
        except OSError as error:
            self._end_line()
            return FrameTaken(command, problem=f"the camera's process died: {error}")
        return FrameTaken(command, problem=self._problem(answer))

    def _end_line(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.end()

    def _hand_over(self) -> None:
        """Tell the core of what lies in the spool, as far as the disk takes it and the core keeps up."""
        waiting = sorted(path.name for path in self._spool.glob("*.jpg") if path.name not in self._handed)
        self._more = bool(waiting)
        while waiting and len(self._handed) < MAX_HANDED and not self._stopping.is_set():
            if not self._hand(self._spool / waiting.pop(0)):
                return
        self._more = bool(waiting)

    def _hand(self, path: Path) -> bool:
        """Bring one picture into the blob store and tell the core; return whether the disk took it."""
        wanted = parse_spool_name(path)
        try:
            size, jpeg = _read(path) if wanted else (0, b"")
            if not jpeg:
                path.unlink()
        except FileNotFoundError:
            # The core took it into the record between our look into the folder and now.
            return True
        except OSError as error:
            log.warning("a picture in the spool can't be read: %s", error)
            return True
        if wanted is None:
            log.warning("a file that is not ours lay in the camera's spool")
            return True
        if not jpeg:
            self._report_failure(wanted, f"a file of {size} bytes is no picture")
            return True
        sha256 = self._written(jpeg)
        if sha256 is None:
            return False
        self._handed.add(path.name)
        self._inbox.put(
            PictureTaken(
                about=wanted.about,
                purpose=wanted.purpose,
                sha256=sha256,
                size=len(jpeg),
                spooled=path.name,
                command=wanted.command,
                suspect=self._judged.pop(path.name, None),
            )
        )
        return True

    def _written(self, jpeg: bytes) -> bytes | None:
        try:
            sha256 = self._write(jpeg)
        except (StorageFull, StorageFailed) as error:
            if not self._stuck:
                log.warning("pictures wait in the spool: %s", error)
            self._stuck = True
            return None
        self._stuck = False
        return sha256


def _read(path: Path) -> tuple[int, bytes]:
    """Return a spool file's size and, where it may be a picture, its bytes.

    The camera's process may be another user's, and broken into: a link to one of our files or a pipe is no picture.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a symbolic link; a socket
            return 0, b""
        raise
    try:
        status = os.fstat(descriptor)
        may_be = stat.S_ISREG(status.st_mode) and 0 < status.st_size <= MAX_JPEG_BYTES
        return status.st_size, os.read(descriptor, MAX_JPEG_BYTES) if may_be else b""
    finally:
        os.close(descriptor)
