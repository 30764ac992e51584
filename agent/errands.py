"""Errands to the county over HTTPS, each in a process of its own that ends with it.

They are a few in a year, and what ``requests`` and X.509 load would stay in the agent's memory for good. So the agent
starts this module, writes one line with what to do, and reads one line with what came of it (JSON). A file goes to the
card, not through the pipe; half of one waits there for the next errand. The process ends when the agent does.
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
from agent.drivers.tcp_payload import Traffic
from agent.ports import DeviceError, JudgeAt
from agent.timekeeping.clock import LAST_WALL_MS

if TYPE_CHECKING:
    from agent.identity.enrolment import Post

RENEW_S = 120.0
FETCH_S = 3600.0
"""A pack may come over a slow line; each step of it has a limit of its own in `agent.drivers.https`."""
MAX_LINE_BYTES = 8_192
COMMAND = (sys.executable, "-m", "agent.errands")


class Fetch(msgspec.Struct, frozen=True, kw_only=True, tag="fetch"):
    """Bring a file; see `agent.drivers.https.fetch_pack`."""

    url: str
    ca: str
    sha256: bytes
    size: int
    into: str


class Renew(msgspec.Struct, frozen=True, kw_only=True, tag="renew"):
    """Renew the certificate of the station in ``folder`` when it is due at ``now_ms``, or ``anyway``.

    That is trusted time, and judges the county's certificate too: the machine's clock may stand in another century. A
    time that no calendar has says that none is trusted; then the machine's must do.
    """

    folder: str
    url: str
    ca: str
    now_ms: int
    anyway: bool = False


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an errand.

    ``due_ms`` and ``county_keys`` go with `Renew`: when the certificate now in place is to be renewed, and who signs
    for the county by the answer that brought it.
    """

    problem: Literal["", "device", "content"] = ""
    detail: str = ""
    renewed: bool = False
    due_ms: int = 0
    county_keys: list[bytes] = []
    billed: int = 0
    """Bytes that it moved, IP headers estimated."""


type Billed = Callable[[int], None]
"""Told what an errand moved, also when it failed; what a process moved that was killed is not known."""


def fetch_apart(url: str, ca_path: Path, sha256: bytes, size: int, *, folder: Path, billed: Billed) -> bytes:
    """Bring a file of the county in a process of its own, going on with what an earlier errand left in ``folder``.

    Args:
        folder: For files under way, of one errand at a time; what belongs to another file is removed.

    Raises:
        DeviceError: As `agent.drivers.https.fetch_pack`; also when the process fails or takes longer than `FETCH_S`.
        WrongContent: As there.
        OSError: The card fails.
    """
    into = folder / sha256.hex()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for other in folder.iterdir():
        if other != into:
            other.unlink()
    call = Fetch(url=url, ca=str(ca_path), sha256=sha256, size=size, into=str(into))
    run_errand(call, limit_s=FETCH_S, billed=billed)
    content = into.read_bytes()
    into.unlink()
    return content


def renew_apart(folder: Path, *, url: str, ca_path: Path, now_ms: int, billed: Billed, anyway: bool = False) -> Outcome:
    """Renew the station's certificate where that is due, or anyway, in a process of its own.

    Raises:
        DeviceError: The old certificate stays in place, or the new one is there and its end not known yet.
    """
    call = Renew(folder=str(folder), url=url, ca=str(ca_path), now_ms=now_ms, anyway=anyway)
    return run_errand(call, limit_s=RENEW_S, billed=billed)


def run_errand(call: Fetch | Renew, *, limit_s: float, billed: Billed, command: Sequence[str] = COMMAND) -> Outcome:
    """Start the process, wait for its answer, and end it.

    Raises:
        DeviceError: It could not do it, failed, or took longer than ``limit_s``.
        WrongContent: The file is not the one that was asked for.
    """
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:  # noqa: S603 -- our own interpreter and module
            try:
                outcome = _talk(process, call, deadline=time.monotonic() + limit_s)
            finally:
                process.kill()
    except (OSError, msgspec.DecodeError) as error:
        raise DeviceError(f"the HTTPS process failed: {type(error).__name__}: {error}") from error
    billed(outcome.billed)
    if outcome.problem == "device":
        raise DeviceError(outcome.detail)
    if outcome.problem == "content":
        raise WrongContent(outcome.detail)
    return outcome


def _talk(process: subprocess.Popen[bytes], call: Fetch | Renew, *, deadline: float) -> Outcome:
    if process.stdin is None or process.stdout is None:
        raise OSError("no pipes")
    # Its input stays open: where it ends, the agent has ended.
    process.stdin.write(msgspec.json.encode(call) + b"\n")
    said = b""
    while not said.endswith(b"\n"):
        if not select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise OSError("no answer in time")
        piece = os.read(process.stdout.fileno(), MAX_LINE_BYTES)
        said += piece
        if not piece or len(said) > MAX_LINE_BYTES:
            raise OSError("no answer")
    return msgspec.json.decode(said, type=Outcome)


def do(call: Fetch | Renew) -> Outcome:
    """Do what was asked, in this process."""
    from agent.identity.enrolment import EnrolmentFailed  # noqa: PLC0415 -- X.509 is what must not stay in the agent
    from agent.identity.station_identity import IdentityBroken  # noqa: PLC0415

    traffic = Traffic()
    outcome = Outcome()
    try:
        if isinstance(call, Renew):
            judge_at: JudgeAt = call.now_ms if call.now_ms <= LAST_WALL_MS else "system"
            outcome = renew_where_due(call, partial(post_json, traffic=traffic, judge_at=judge_at))
        else:
            fetch_pack(call.url, Path(call.ca), call.sha256, call.size, into=Path(call.into), traffic=traffic)
    except WrongContent as error:
        outcome = Outcome(problem="content", detail=str(error)[:500])
    except DeviceError as error:
        outcome = Outcome(problem="device", detail=str(error)[:500])
    except (EnrolmentFailed, IdentityBroken, OSError) as error:
        outcome = Outcome(problem="device", detail=f"{type(error).__name__}: {error}"[:500])
    return msgspec.structs.replace(outcome, billed=traffic.total().billed)


def renew_where_due(call: Renew, post: "Post") -> Outcome:
    """Renew the certificate in a station's folder, by one call of ``post``, where that is due.

    Raises:
        DeviceError: Nobody is enrolled there.
        EnrolmentFailed: The old certificate stays in place; also IdentityBroken and OSError.
    """
    from agent.identity.enrolment import renew, renewal_due_ms  # noqa: PLC0415
    from agent.identity.station_identity import load_identity  # noqa: PLC0415

    identity = load_identity(Path(call.folder))
    if identity is None:
        raise DeviceError("the station is not enrolled")
    due_ms = renewal_due_ms(identity.enrolled.certificate)
    if call.now_ms < due_ms and not call.anyway:
        return Outcome(due_ms=due_ms)
    identity = renew(identity, url=call.url, ca_file=Path(call.ca), post=post)
    enrolled = identity.enrolled
    return Outcome(renewed=True, due_ms=renewal_due_ms(enrolled.certificate), county_keys=enrolled.county_keys)


def main() -> None:
    """Take one errand from standard input and answer on standard output. Cards go first: this runs at low priority."""
    os.nice(10)
    line = sys.stdin.buffer.readline(MAX_LINE_BYTES)
    threading.Thread(target=_end_with_the_agent, daemon=True).start()
    outcome = do(msgspec.json.decode(line, type=Fetch | Renew))
    os.write(sys.stdout.fileno(), msgspec.json.encode(outcome) + b"\n")


def _end_with_the_agent() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
