"""Decode pictures that somebody sent in a process of its own, for which the kernel limits memory and files.

A decoder is the largest piece of foreign code that touches foreign bytes, so a fault of it must be neither the worker's
nor the web's. One process serves many pictures, because starting it costs more than a picture does. It knows no secret,
and it ends with whoever started it. ``python -m server_broker.media.opening`` reads a word and a path from each line,
and answers with a number of bytes and these bytes.
"""

import logging
import os
import resource
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

MEMORY_BYTES = 512 * 2**20
WITHIN_S = 5.0
"""Wall time for a picture; the largest allowed one takes 0.2 s. The second try gets three times as much."""
CPU_S = 1.5
"""Time on a core for a picture, the start of a new process included. Facts of all stations wait meanwhile. What takes
longer is no picture, and is not tried a second time: it would take as long again."""
_LOOK_S = 0.05
_ROOT = Path(__file__).resolve().parents[2]
_log = logging.getLogger(__name__)

type _Word = Literal[b"judge", b"small", b"pixels", b"kiosk"]


class Decoder:
    """Has a process decode files. Use it from any thread.

    A file that the process dies of, twice, is no picture. The next one gets a new process.
    """

    def __init__(self, *, within_s: float = WITHIN_S, command: Sequence[str] = ()) -> None:
        """Start nothing yet.

        Args:
            command: Another program than this module's own.
        """
        self._within_s = within_s
        self._command = command or (sys.executable, "-P", "-m", __name__)
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def is_picture(self, path: Path) -> bool:
        """Tell whether a file is a whole picture of a sane number of pixels (`server_broker.media.decoding`)."""
        return self._answer(b"judge", path) == b"1"

    def thumbnail(self, path: Path) -> bytes | None:
        """Return a small JPEG of a JPEG file, or None if the file is none."""
        return self._answer(b"small", path) or None

    def pixels(self, path: Path) -> int:
        """Return how many pixels a picture has, without decoding it; 0 if it is none or has too many."""
        return int(self._answer(b"pixels", path) or 0)

    def for_kiosk(self, path: Path) -> bytes | None:
        """Return a picture scaled for a kiosk, or None if the file is no picture or has too many pixels."""
        return self._answer(b"kiosk", path) or None

    def _answer(self, word: _Word, path: Path) -> bytes:
        with self._lock:
            for tries in (1, 3):
                answer = self._ask(word, path, within_s=self._within_s * tries)
                if answer is not None:
                    return answer
                self._end()
        _log.warning("the decoder ended over blob %s twice", path.name[:12])
        return b""

    def _ask(self, word: _Word, path: Path, *, within_s: float) -> bytes | None:
        process = self._process
        if process is None or process.poll() is not None:
            process = self._process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(word + b" " + os.fsencode(path.absolute()) + b"\n")
            process.stdin.flush()
        except OSError:
            return None
        spent_s = _cpu_s(process.pid)
        deadline = time.monotonic() + within_s
        while not (ready := select.select([process.stdout], [], [], _LOOK_S)[0]) and time.monotonic() < deadline:
            if _cpu_s(process.pid) - spent_s > CPU_S:
                _log.warning("blob %s takes too long to decode", path.name[:12])
                self._end()
                return b""
        length = process.stdout.readline().strip() if ready else b""
        if not length.isdigit():
            return None
        # The process writes an answer at once, when it has all of it.
        answer = process.stdout.read(int(length))
        return answer if len(answer) == int(length) else None

    def _started(self) -> subprocess.Popen[bytes]:
        # Nothing of our own environment: what this process opens comes from strangers.
        environment = {"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.Popen(  # noqa: S603 - our own program
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd="/"
        )

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = None

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()


def _cpu_s(pid: int) -> float:
    """Return how long a child has run on a core; 0 if it is gone."""
    try:
        return time.clock_gettime((~pid << 3) | 2)  # the clock of a process by its id, see clock_getcpuclockid(3)
    except OSError:
        return 0.0


DECODER = Decoder()
"""This process's own. Nothing is started before the first picture, and the process ends when its input does."""


def main() -> None:
    """Answer for each line on standard input."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # no file on disk; pipes have no size
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from server_broker.media import decoding  # noqa: PLC0415 - Pillow, under the limits above

    work: dict[bytes, Callable[[Path], bytes]] = {
        b"judge": lambda path: b"1" if decoding.is_whole_picture(path) else b"0",
        b"small": decoding.thumbnail,
        b"pixels": lambda path: b"%d" % decoding.pixels_of(path),
        b"kiosk": decoding.for_kiosk,
    }
    for line in sys.stdin.buffer:
        word, _, path = line.rstrip(b"\n").partition(b" ")
        try:
            answer = work[word](Path(os.fsdecode(path)))
        except MemoryError:
            answer = b""
        sys.stdout.buffer.write(b"%d\n%b" % (len(answer), answer))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
