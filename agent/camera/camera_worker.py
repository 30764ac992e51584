"""Have a camera's process take pictures within a time limit, and bring them into the blob store.

The process writes each picture as a file into the spool folder. This thread copies the file into the blob store, with
every fsync that this takes, and only then tells the core. The core releases the file when the fact is on disk.
So a picture that was taken just before the agent was killed is not lost: the next run finds it in the spool. The camera
has a process of its own so that it can hang or use too much memory without harm to the agent.
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
from agent.camera.camera_protocol import (
    FRAME,
    MAX_STILL_BYTES,
    FrameFollows,
    NoReply,
    PictureFailed,
    Reply,
    StillTaken,
)
from agent.camera.spool_names import PictureRequest, parse_spool_name, spool_name
from agent.events import FrameTaken, PictureTaken
from agent.inbox import Inbox
from agent.ports import Suspect
from agent.storage.durable import make_folder
from agent.storage.errors import StorageError

log = logging.getLogger(__name__)

MAX_WAITING = 32
"""Requests in the queue; more are refused, so that a busy door can't have pictures taken for minutes afterwards."""
MAX_HANDED = 8
"""Pictures that the core was told of and has not released; more wait in the spool."""
LIMIT_S = 20.0
"""A Pi 3B may need half of it to load a camera's library with the first picture."""
STOP_WITHIN_S = 3.0
_IDLE_LOOK_S = 30.0
_FAULT_PAUSE_S = 1.0


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
        self._suspects: dict[str, Suspect] = {}
        """By the name in the spool: how the process judged the pictures that are not handed over yet."""
        self._more = False
        self._stuck = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._line: CameraLine | None = None

    def start(self) -> None:
        """Begin, and hand over the pictures that an earlier run left in the spool."""
        self._look_again()
        self._thread.start()

    def request(self, request: PictureRequest) -> bool:
        """Ask for a picture; return False if too many are waiting."""
        try:
            self._asked.put_nowait(request)
        except queue.Full:
            log.warning("a picture is left out: %d are waiting", MAX_WAITING)
            return False
        return True

    def request_frame(self, command: bytes) -> bool:
        """Ask for a frame of a live view, which is stored nowhere; return False if too many pictures are waiting."""
        try:
            self._asked.put_nowait(command)
        except queue.Full:
            return False
        return True

    def commands_in_spool(self) -> set[bytes]:
        """Return the county's commands whose pictures lie in the spool."""
        requests = [parse_spool_name(path) for path in self._spool.glob("*.jpg")]
        return {request.command for request in requests if request is not None and request.command is not None}

    def release(self, spooled: str) -> None:
        """Remove a spool file whose picture is in the record."""
        try:
            (self._spool / spooled).unlink(missing_ok=True)
        except OSError as error:
            # It stays in `_handed`, so this run does not hand it over again. The next run finds it in the spool, and
            # `Snapshots` knows by the last facts that its picture was announced.
            log.error("a picture's file stays in the spool: %s", error)
            return
        self._handed.discard(spooled)
        if self._more:
            self._look_again()

    def requeue(self, spooled: str) -> None:
        """Hand a spool file over again with the next picture, or within half a minute."""
        self._handed.discard(spooled)

    def _look_again(self) -> None:
        # If the queue is full, the thread looks into the spool after the next picture anyway.
        with contextlib.suppress(queue.Full):
            self._asked.put_nowait(None)

    def stop(self) -> None:
        """End the thread and the camera's process."""
        self._stopping.set()
        self._look_again()
        if not self._thread.is_alive():
            return
        # A picture that is nearly taken may still come. After that the process is ended, so that the thread returns.
        self._thread.join(timeout=STOP_WITHIN_S)
        if self._thread.is_alive() and (line := self._line) is not None:
            line.interrupt()
            self._thread.join(timeout=STOP_WITHIN_S)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    asked = self._asked.get(timeout=_IDLE_LOOK_S)
                except queue.Empty:
                    asked = None  # look into the spool: the disk may have room again for a picture that it did not take
                self._attend(asked)
        finally:
            self._end_line()

    def _attend(self, asked: PictureRequest | bytes | None) -> None:
        """Take the picture or frame that is asked for, then hand over the pictures in the spool.

        An unexpected error costs this picture and a pause. The thread goes on, because nobody would start it again.
        """
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

    def _take(self, request: PictureRequest) -> None:
        """Have the process take a still into the spool, or tell the core why there is none."""
        name = spool_name(request, secrets.token_hex(8))
        try:
            make_folder(self._spool)
            reply = self._ask(name)
        except OSError as error:
            self._end_line()
            reply = PictureFailed(f"the camera's process died: {error}", ended=True)
        if isinstance(reply, StillTaken):
            self._suspects[name] = reply.suspect
        else:
            self._report_failure(request, self._problem(reply))

    def _frame(self, command: bytes) -> FrameTaken:
        """Have the process take a frame and send it over the line."""
        try:
            reply = self._ask(FRAME)
            if isinstance(reply, FrameFollows) and self._line is not None:
                return FrameTaken(command, jpeg=self._line.read(reply.size, within_s=self._limit_s))
        except OSError as error:
            self._end_line()
            return FrameTaken(command, problem=f"the camera's process died: {error}")
        return FrameTaken(command, problem=self._problem(reply))

    def _report_failure(self, request: PictureRequest, problem: str) -> None:
        purpose, about, command = request
        self._inbox.put(PictureTaken(about=about, purpose=purpose, sha256=None, problem=problem, command=command))

    def _ask(self, request: str) -> Reply:
        """Ask the process; start one if none runs. A reply that fails is a failed picture of a process that has ended.

        Raises:
            OSError: The process can't be started, or was gone before it could be asked.
        """
        # A process that has ended unseen is replaced first, so that its end costs no picture.
        if self._line is not None and not self._line.alive():
            self._end_line()
        if self._line is None:
            self._line = self._connect()
        try:
            return self._line.ask(request, within_s=self._limit_s)
        except NoReply as error:
            return PictureFailed(str(error), ended=True)

    def _problem(self, reply: Reply) -> str:
        """Return why there is no picture, and close the line to a process that has exited or broken the protocol."""
        if not isinstance(reply, PictureFailed):
            self._end_line()
            return str(reply)
        if reply.ended:
            self._end_line()
        return reply.reason

    def _end_line(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.end()

    def _hand_over(self) -> None:
        """Hand the pictures in the spool over to the core, as far as the disk takes them and the core keeps up."""
        waiting = sorted(path.name for path in self._spool.glob("*.jpg") if path.name not in self._handed)
        # Set before the loop too: the core may release a picture meanwhile, and must then wake this thread.
        self._more = bool(waiting)
        while waiting and len(self._handed) < MAX_HANDED and not self._stopping.is_set():
            if not self._hand_over_one(self._spool / waiting.pop(0)):
                return
        self._more = bool(waiting)

    def _hand_over_one(self, path: Path) -> bool:
        """Bring one file of the spool into the blob store and tell the core; return False if the disk is full or fails.

        A file that is no picture is removed, and the request that it was for has failed.
        """
        request = parse_spool_name(path)
        try:
            size, jpeg = _read(path) if request else (0, b"")
            if not jpeg:
                path.unlink()
        except FileNotFoundError:
            # The core released it between our look into the folder and now.
            return True
        except OSError as error:
            log.warning("a picture in the spool can't be read: %s", error)
            return True
        if request is None:
            log.warning("a file that is not ours lay in the camera's spool")
            return True
        if not jpeg:
            self._report_failure(request, f"a file of {size} bytes is no picture")
            return True
        try:
            sha256 = self._write(jpeg)
        except StorageError as error:
            if not self._stuck:
                log.warning("pictures wait in the spool: %s", error)
            self._stuck = True
            return False
        self._stuck = False
        self._handed.add(path.name)
        self._inbox.put(
            PictureTaken(
                about=request.about,
                purpose=request.purpose,
                sha256=sha256,
                size=len(jpeg),
                spooled=path.name,
                command=request.command,
                suspect=self._suspects.pop(path.name, None),
            )
        )
        return True


def _read(path: Path) -> tuple[int, bytes]:
    """Return a spool file's size and, if it may be a picture, its bytes.

    The camera's process has a user of its own and may be broken into. So nothing here follows a symbolic link, which
    could lead to one of the agent's secrets, or waits for a pipe, which could stop the thread for ever.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a symbolic link; a socket
            return 0, b""
        raise
    try:
        status = os.fstat(descriptor)
        may_be = stat.S_ISREG(status.st_mode) and 0 < status.st_size <= MAX_STILL_BYTES
        return status.st_size, os.read(descriptor, MAX_STILL_BYTES) if may_be else b""
    finally:
        os.close(descriptor)
