"""Errands to the county over HTTPS: renew the certificate, fetch files. They run in a process of their own.

``requests`` and X.509 are large and would stay in the agent's memory for good, so the agent starts this module as a
process, writes one JSON line for each errand, and reads one JSON line with its outcome. Errands that follow one another
share a process and with it a connection. A file goes to the disk, not through the pipe, so that the next errand can go
on with half a file. The process has bounds of memory and ends when the agent ends.
"""

import os
import queue
import resource
import secrets
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import msgspec

from agent.drivers.https import CountyFiles, CountySaysNo, WrongContent, post_json
from agent.drivers.tcp_traffic import TcpTraffic
from agent.ports import DeviceError, JudgeAt
from agent.storage.errors import StorageFull, no_space
from protocol.fetch import sign_fetch
from protocol.units import LAST_WALL_MS

if TYPE_CHECKING:
    from agent.identity.enrolment import Post

RENEW_S = 120.0
"""More than `agent.drivers.https.POST_S`, so that a slow call is ended by its own limit and says so."""
FETCH_S = 3600.0
"""Long, because a pack may come over a slow line. `agent.drivers.https` limits each step of the download."""
MAX_LINE_BYTES = 8_192
_MAX_DETAIL_CHARS = 500
"""An outcome must fit one line, whatever a library's error says."""
MEMORY_BYTES = 256 * 2**20
"""For the private memory of the process, threads' stacks included (setrlimit(2), RLIMIT_DATA)."""
COMMAND = (sys.executable, "-P", "-m", "agent.errands")


class FetchErrand(msgspec.Struct, frozen=True, kw_only=True, tag="fetch"):
    """Fetch a file; see `agent.drivers.https.CountyFiles`."""

    url: str
    ca: str
    sha256: bytes
    """What the file must hash to; empty for a file that the caller judges by itself."""
    size: int
    """Of the file in bytes; at most so many are read."""
    into: str
    path: str = ""
    """The path of the URL, for which each request is signed; empty for a file that everybody may fetch."""
    folder: str = ""
    """Of the station whose record key signs."""
    wall_ms: int = 0
    """The station's time, for the signature."""
    most_bytes: int | None = None
    """No further request is made once so many bytes have moved, IP headers included."""


class RenewErrand(msgspec.Struct, frozen=True, kw_only=True, tag="renew"):
    """Renew the certificate of the station in ``folder`` if it is due at ``now_ms``, or ``anyway``.

    ``now_ms`` is a trusted wall time. The county's certificate is judged by it too, because the machine's clock may
    stand in another century. If no time is trusted, ``now_ms`` lies after the last date of the calendar; then the
    machine's clock judges.
    """

    folder: str
    url: str
    ca: str
    now_ms: int
    anyway: bool = False


class ErrandOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an errand.

    ``due_ms`` and ``county_keys`` belong to `RenewErrand`. ``due_ms`` is the wall time at which the certificate that is
    now in place must be renewed. ``county_keys`` are the keys that sign for the county, as its last response named
    them.
    """

    problem: Literal["", "device", "content", "refused", "full"] = ""
    detail: str = ""
    status: int = 0
    """Of HTTP, if the county refused."""
    renewed: bool = False
    due_ms: int = 0
    county_keys: list[bytes] = []
    billed: int = 0
    """Bytes that the errand moved, with an estimate of the IP headers."""


type Billed = Callable[[int], None]
"""Called with the bytes that an errand moved, also when it failed. If its process was killed, at least those that it
left on the disk."""


def fetch_by_errand(url: str, ca_path: Path, sha256: bytes, size: int, *, folder: Path, billed: Billed) -> bytes:
    """Fetch a file of the county, beginning with the part that an earlier errand left in ``folder``.

    Args:
        folder: Holds the unfinished file of the one errand that runs. Other files in it are removed.

    Raises:
        DeviceError: As `agent.drivers.https.CountyFiles.fetch`; also when the process fails or takes longer than
            `FETCH_S`.
        WrongContent: The bytes are not the file that was asked for.
        OSError: The disk fails.
    """
    into = folder / sha256.hex()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Packs change rarely, so half a file of another one is worth less than its room on the disk.
    for other in folder.iterdir():
        if other != into:
            other.unlink()
    call = FetchErrand(url=url, ca=str(ca_path), sha256=sha256, size=size, into=str(into))
    run_errand(call, limit_s=FETCH_S, billed=billed)
    content = into.read_bytes()
    into.unlink()
    return content


def renew_by_errand(
    folder: Path, *, url: str, ca_path: Path, now_ms: int, billed: Billed, anyway: bool = False
) -> ErrandOutcome:
    """Renew the station's certificate if it is due, or ``anyway``.

    Raises:
        DeviceError: The old certificate stays in place; or the new one is in place and nobody knows yet when it is due.
    """
    call = RenewErrand(folder=str(folder), url=url, ca=str(ca_path), now_ms=now_ms, anyway=anyway)
    return run_errand(call, limit_s=RENEW_S, billed=billed)


def run_errand(
    call: FetchErrand | RenewErrand, *, limit_s: float, billed: Billed, command: Sequence[str] = COMMAND
) -> ErrandOutcome:
    """Start a process for one errand, wait for its outcome, and end it.

    Raises:
        DeviceError: The errand or its process failed, or took longer than ``limit_s``.
        WrongContent: The file is not the one that was asked for.
    """
    with ErrandRunner(billed=billed, command=command) as runner:
        return runner.run(call, limit_s=limit_s)


class ErrandRunner:
    """A process for errands that follow one another. It is started with the first one."""

    def __init__(self, *, billed: Billed, command: Sequence[str] = COMMAND) -> None:
        self._billed = billed
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """End the process."""
        self._end()

    def run(self, call: FetchErrand | RenewErrand, *, limit_s: float) -> ErrandOutcome:
        """Have one errand done.

        Raises:
            DeviceError: The errand or its process failed, or took longer than ``limit_s``. The next errand gets another
                process if it was the process.
            CountySaysNo: The county does not give the file to this station.
            WrongContent: The file is not the one that was asked for.
            StorageFull: The disk is full. What came is kept.
        """
        here = _bytes_of(call)
        try:
            if self._process is None:
                self._process = subprocess.Popen(  # noqa: S603 -- our own interpreter and module
                    self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
                )
            outcome = _talk(self._process, call, deadline=time.monotonic() + limit_s)
        except (OSError, msgspec.DecodeError) as error:
            # What a process has moved that was killed is not known. At least what it left on the disk has come.
            self._billed(max(0, _bytes_of(call) - here))
            self._end()
            raise DeviceError(f"the HTTPS process failed: {type(error).__name__}: {error}") from error
        self._billed(outcome.billed)
        return without_problem(outcome)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            # Nothing more is wanted of it. The end of Popen's context closes the pipes and reaps it.
            with process:
                process.kill()


def without_problem(outcome: ErrandOutcome) -> ErrandOutcome:
    """Return the outcome of an errand that went well; raise the problem of another one, as `ErrandRunner.run` does."""
    match outcome.problem:
        case "device":
            raise DeviceError(outcome.detail)
        case "content":
            raise WrongContent(outcome.detail)
        case "refused":
            raise CountySaysNo(outcome.detail, status=outcome.status)
        case "full":
            raise StorageFull(outcome.detail)
    return outcome


def _bytes_of(call: FetchErrand | RenewErrand) -> int:
    """Return the length of the part of a file that is on the disk; 0 if there is none, and for a renewal."""
    try:
        return os.stat(call.into).st_size if isinstance(call, FetchErrand) else 0
    except OSError:
        return 0


def _talk(process: subprocess.Popen[bytes], call: FetchErrand | RenewErrand, *, deadline: float) -> ErrandOutcome:
    if process.stdin is None or process.stdout is None:
        raise OSError("no pipes")
    # The pipe stays open on purpose: the process ends when it reads the end of its input, which means that the agent
    # ended.
    process.stdin.write(msgspec.json.encode(call) + b"\n")
    line = b""
    while not line.endswith(b"\n"):
        if not select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise OSError("no answer in time")
        piece = os.read(process.stdout.fileno(), MAX_LINE_BYTES)
        line += piece
        if not piece or len(line) > MAX_LINE_BYTES:
            raise OSError("no answer")
    return msgspec.json.decode(line, type=ErrandOutcome)


class Errands:
    """Does errands in this process; files of one county come over one connection."""

    def __init__(self) -> None:
        self._traffic = TcpTraffic()
        self._told = 0
        self._files: dict[str, CountyFiles] = {}

    def do(self, call: FetchErrand | RenewErrand) -> ErrandOutcome:
        """Do one errand."""
        from agent.identity.enrolment import EnrolmentFailed  # noqa: PLC0415 -- X.509 is large and must not stay in the agent
        from agent.identity.station_identity import IdentityBroken  # noqa: PLC0415

        outcome = ErrandOutcome()
        try:
            if isinstance(call, RenewErrand):
                judge_at: JudgeAt = call.now_ms if call.now_ms <= LAST_WALL_MS else "system"
                outcome = renew_where_due(call, partial(post_json, traffic=self._traffic, judge_at=judge_at))
            else:
                self._fetch(call)
        except WrongContent as error:
            outcome = ErrandOutcome(problem="content", detail=str(error)[:_MAX_DETAIL_CHARS])
        except CountySaysNo as error:
            outcome = ErrandOutcome(problem="refused", detail=str(error)[:_MAX_DETAIL_CHARS], status=error.status)
        except DeviceError as error:
            outcome = ErrandOutcome(problem="device", detail=str(error)[:_MAX_DETAIL_CHARS])
        except (EnrolmentFailed, IdentityBroken, OSError) as error:
            detail = f"{type(error).__name__}: {error}"[:_MAX_DETAIL_CHARS]
            full = isinstance(error, OSError) and no_space(error.errno)
            outcome = ErrandOutcome(problem="full" if full else "device", detail=detail)
        total = self._traffic.total().billed
        billed, self._told = total - self._told, total
        return msgspec.structs.replace(outcome, billed=billed)

    def _fetch(self, call: FetchErrand) -> None:
        files = self._files.get(call.ca)
        if files is None:
            files = self._files[call.ca] = CountyFiles(Path(call.ca), traffic=self._traffic)

        def may_ask() -> bool:
            return call.most_bytes is None or self._traffic.total().billed - self._told < call.most_bytes

        files.fetch(
            call.url,
            call.size,
            into=Path(call.into),
            sha256=call.sha256,
            authorization=_authorization(call),
            may_ask=may_ask,
        )


def _authorization(call: FetchErrand) -> Callable[[], str] | None:
    """Return a function that signs each request, or None for a file that everybody may fetch.

    Raises:
        DeviceError: The folder holds no enrolled station.
    """
    if not call.path:
        return None
    from agent.identity.station_identity import load_identity  # noqa: PLC0415 -- X.509 must not stay in the agent

    identity = load_identity(Path(call.folder))
    if identity is None:
        raise DeviceError("the station is not enrolled")
    began = time.monotonic()

    def header() -> str:
        # A download of an hour needs the time of each request, not that of the errand.
        wall = call.wall_ms + int((time.monotonic() - began) * 1000)
        nonce = secrets.token_bytes(16)
        return sign_fetch(identity.record_key, station=identity.station, path=call.path, nonce=nonce, wall=wall)

    return header


def renew_where_due(call: RenewErrand, post: "Post") -> ErrandOutcome:
    """Renew the certificate in a station's folder by one call of ``post``, if it is due.

    Raises:
        DeviceError: The folder holds no enrolled station.
        EnrolmentFailed, IdentityBroken, OSError: The old certificate stays in place.
    """
    from agent.identity.enrolment import renew, renewal_due_ms  # noqa: PLC0415
    from agent.identity.station_identity import load_identity  # noqa: PLC0415

    identity = load_identity(Path(call.folder))
    if identity is None:
        raise DeviceError("the station is not enrolled")
    due_ms = renewal_due_ms(identity.enrolled.certificate)
    if call.now_ms < due_ms and not call.anyway:
        return ErrandOutcome(due_ms=due_ms)
    identity = renew(identity, url=call.url, ca_file=Path(call.ca), post=post)
    enrolled = identity.enrolled
    return ErrandOutcome(renewed=True, due_ms=renewal_due_ms(enrolled.certificate), county_keys=enrolled.county_keys)


def main() -> None:
    """Take errands from standard input, one after another, and write their outcomes to standard output."""
    os.nice(10)  # so that an errand never delays a card
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    errands = Errands()
    while True:
        outcome = errands.do(msgspec.json.decode(lines.get(), type=FetchErrand | RenewErrand))
        os.write(sys.stdout.fileno(), msgspec.json.encode(outcome) + b"\n")


def _listen(lines: "queue.SimpleQueue[bytes]") -> None:
    while line := sys.stdin.buffer.readline(MAX_LINE_BYTES):
        lines.put(line)
    os._exit(1)  # at once, from this thread: the agent ended, and nobody waits for an outcome any more


if __name__ == "__main__":
    main()
