"""The county's HTTPS calls in a process of their own, which ends after one call.

They are a few in a year. ``requests`` and what it loads would stay in the agent's memory for good; so the agent
starts this module, writes one `Call` to it and reads one `Outcome` back, both MessagePack, through its pipes.
"""

import subprocess
import sys
from pathlib import Path
from typing import Literal

import msgspec

from agent.drivers.https import WrongContent, fetch_pack, post_json
from agent.ports import DeviceError
from protocol.codec import decode, encode
from protocol.packs import MAX_PACK_BYTES
from protocol.refusal import Refused

MAX_MESSAGE_BYTES = MAX_PACK_BYTES + 65_536
POST_S = 60.0
FETCH_S = 3600.0
"""A pack may come over a slow line; each step of it has a limit of its own in `agent.drivers.https`."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What to do. ``body`` goes with ``post``; ``sha256`` and ``size`` with ``fetch``."""

    kind: Literal["post", "fetch"]
    url: str
    ca: str
    body: bytes = b""
    sha256: bytes = b""
    size: int = 0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. ``status`` is the HTTP status of a post."""

    problem: Literal["", "device", "content"] = ""
    detail: str = ""
    status: int = 0
    content: bytes = b""


def post_json_apart(url: str, ca_path: Path, body: bytes) -> tuple[int, bytes]:
    """As `agent.drivers.https.post_json`, in a process of its own.

    Raises:
        DeviceError: As there, and when the process fails or takes longer than `POST_S`.
    """
    outcome = _ask(Call(kind="post", url=url, ca=str(ca_path), body=body), limit_s=POST_S)
    return outcome.status, outcome.content


def fetch_pack_apart(url: str, ca_path: Path, sha256: bytes, size: int) -> bytes:
    """As `agent.drivers.https.fetch_pack`, in a process of its own.

    Raises:
        DeviceError: As there, and when the process fails or takes longer than `FETCH_S`.
        WrongContent: As there.
    """
    return _ask(Call(kind="fetch", url=url, ca=str(ca_path), sha256=sha256, size=size), limit_s=FETCH_S).content


def _ask(call: Call, *, limit_s: float) -> Outcome:
    command = [sys.executable, "-m", "agent.drivers.https_process"]
    try:
        done = subprocess.run(  # noqa: S603 -- our own interpreter and module
            command, input=encode(call), stdout=subprocess.PIPE, timeout=limit_s, check=True
        )
        outcome = decode(done.stdout, Outcome, limit=MAX_MESSAGE_BYTES)
    except (subprocess.SubprocessError, OSError, Refused) as error:
        raise DeviceError(f"the HTTPS process failed: {type(error).__name__}") from error
    if outcome.problem == "device":
        raise DeviceError(outcome.detail)
    if outcome.problem == "content":
        raise WrongContent(outcome.detail)
    return outcome


def answer(call: Call) -> Outcome:
    """Do what was asked, in this process."""
    try:
        if call.kind == "post":
            status, content = post_json(call.url, Path(call.ca), call.body)
            return Outcome(status=status, content=content)
        return Outcome(content=fetch_pack(call.url, Path(call.ca), call.sha256, call.size))
    except DeviceError as error:
        return Outcome(problem="device", detail=str(error)[:500])
    except WrongContent as error:
        return Outcome(problem="content", detail=str(error)[:500])


if __name__ == "__main__":
    sys.stdout.buffer.write(encode(answer(decode(sys.stdin.buffer.read(), Call, limit=MAX_MESSAGE_BYTES))))
