"""Errands to the county over HTTPS: renew the certificate, fetch a pack. Each runs in a process of its own.

There are a few errands in a year. ``requests`` and X.509 are large and would stay in the agent's memory for good, so
the agent starts this module as a process, writes one JSON line that says what to do, and reads one JSON line with the
outcome. A pack's file goes to the disk, not through the pipe, so that the next errand can go on with half a file. The
process ends when the agent ends.
"""

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from agent.drivers.https import WrongContent, fetch_pack, post_json
from agent.drivers.tcp_traffic import TcpTraffic
from agent.ports import DeviceError, JudgeAt
from agent.timekeeping.clock import LAST_WALL_MS

if TYPE_CHECKING:
    from agent.identity.enrolment import Post

RENEW_S = 120.0
"""More than `agent.drivers.https.POST_S`, so that a slow call is ended by its own limit and says so."""
FETCH_S = 3600.0
"""Long, because a pack may come over a slow line. `agent.drivers.https` limits each step of the download."""
MAX_LINE_BYTES = 8_192
_MAX_DETAIL_CHARS = 500
"""An outcome must fit one line, whatever a library's error says."""
COMMAND = (sys.executable, "-m", "agent.errands")


class FetchErrand(msgspec.Struct, frozen=True, kw_only=True, tag="fetch"):
    """Fetch a file; see `agent.drivers.https.fetch_pack`."""

    url: str
    ca: str
    sha256: bytes
    size: int
    into: str


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

    problem: Literal["", "device", "content"] = ""
    detail: str = ""
    renewed: bool = False
    due_ms: int = 0
    county_keys: list[bytes] = []
    billed: int = 0
    """Bytes that the errand moved, with an estimate of the IP headers."""


type Billed = Callable[[int], None]
"""Called with the bytes that an errand moved, also when it failed. If its process was killed, they are not known."""


def fetch_by_errand(url: str, ca_path: Path, sha256: bytes, size: int, *, folder: Path, billed: Billed) -> bytes:
    """Fetch a file of the county, beginning with the part that an earlier errand left in ``folder``.

    Args:
        folder: Holds the unfinished file of the one errand that runs. Other files in it are removed.

    Raises:
        DeviceError: As `agent.drivers.https.fetch_pack`; also when the process fails or takes longer than `FETCH_S`.
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
    """Start the process, wait for its outcome, and end it.

    Raises:
        DeviceError: The errand or its process failed, or took longer than ``limit_s``.
        WrongContent: The file is not the one that was asked for.
    """
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:  # noqa: S603 -- our own interpreter and module
            try:
                outcome = _talk(process, call, deadline=time.monotonic() + limit_s)
            finally:
                # After its outcome, or without one, nothing more is wanted of it. The end of Popen's context reaps it.
                process.kill()
    except (OSError, msgspec.DecodeError) as error:
        raise DeviceError(f"the HTTPS process failed: {type(error).__name__}: {error}") from error
    billed(outcome.billed)
    if outcome.problem == "device":
        raise DeviceError(outcome.detail)
    if outcome.problem == "content":
        raise WrongContent(outcome.detail)
    return outcome


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


def do_errand(call: FetchErrand | RenewErrand) -> ErrandOutcome:
    """Do the errand in this process."""
    from agent.identity.enrolment import EnrolmentFailed  # noqa: PLC0415 -- X.509 is large and must not stay in the agent
    from agent.identity.station_identity import IdentityBroken  # noqa: PLC0415

    traffic = TcpTraffic()
    outcome = ErrandOutcome()
    try:
        if isinstance(call, RenewErrand):
            judge_at: JudgeAt = call.now_ms if call.now_ms <= LAST_WALL_MS else "system"
            outcome = renew_where_due(call, partial(post_json, traffic=traffic, judge_at=judge_at))
        else:
            fetch_pack(call.url, Path(call.ca), call.sha256, call.size, into=Path(call.into), traffic=traffic)
    except WrongContent as error:
        outcome = ErrandOutcome(problem="content", detail=str(error)[:_MAX_DETAIL_CHARS])
    except DeviceError as error:
        outcome = ErrandOutcome(problem="device", detail=str(error)[:_MAX_DETAIL_CHARS])
    except (EnrolmentFailed, IdentityBroken, OSError) as error:
        outcome = ErrandOutcome(problem="device", detail=f"{type(error).__name__}: {error}"[:_MAX_DETAIL_CHARS])
    return msgspec.structs.replace(outcome, billed=traffic.total().billed)


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
    """Take one errand from standard input and write its outcome to standard output."""
    os.nice(10)  # so that an errand never delays a card
    line = sys.stdin.buffer.readline(MAX_LINE_BYTES)
    threading.Thread(target=_end_with_the_agent, daemon=True).start()
    outcome = do_errand(msgspec.json.decode(line, type=FetchErrand | RenewErrand))
    os.write(sys.stdout.fileno(), msgspec.json.encode(outcome) + b"\n")


def _end_with_the_agent() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)  # at once, from this thread: nobody waits for an outcome any more


if __name__ == "__main__":
    main()
