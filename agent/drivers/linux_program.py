"""Ask a small program of the system something, with limits on time and on what it may say."""

import logging
import os
import select
import subprocess
import time
from collections.abc import Sequence

log = logging.getLogger(__name__)

LIMIT_S = 5.0
MAX_BYTES = 16_384


def output(command: Sequence[str], *, limit_s: float = LIMIT_S) -> str:
    """Return the beginning of what a program writes; empty when it fails, can't start or is not done in time."""
    try:
        with subprocess.Popen(  # noqa: S603 -- a fixed program of the system, no shell
            list(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as child:
            return _said(child, limit_s)
    except OSError as error:
        log.info("%s can't be run: %s", command[0], error)
        return ""


def _said(child: "subprocess.Popen[bytes]", limit_s: float) -> str:
    """Read until the end, the limit of time or that of size; the child is gone then."""
    said, deadline = b"", time.monotonic() + limit_s
    try:
        while len(said) < MAX_BYTES and (piece := _piece(child, deadline, MAX_BYTES - len(said))):
            said += piece
        code = child.wait(max(0, deadline - time.monotonic())) if len(said) < MAX_BYTES else 0
    except (TimeoutError, subprocess.TimeoutExpired):
        log.warning("%s did not answer within %g s", child.args, limit_s)
        return ""
    finally:
        child.kill()
    return said.decode("utf-8", "replace") if code == 0 else ""


def _piece(child: "subprocess.Popen[bytes]", deadline: float, most: int) -> bytes:
    if child.stdout is None or not select.select([child.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
        raise TimeoutError
    return os.read(child.stdout.fileno(), most)
