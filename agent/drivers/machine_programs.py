"""Run a program of the machine, with limits on its time and output. It blocks, so call it on a thread of its own."""

import os
import select
import subprocess
import time
from collections.abc import Sequence

from agent.drivers.which import which
from agent.ports import DeviceError
from protocol.environment import without_service_manager

LIMIT_S = 5.0
MAX_BYTES = 16_384


class ProgramMissing(DeviceError):
    """The program is not on this machine."""


class ProgramFailed(DeviceError):
    """The program ended with an exit status that is not 0."""


def output_of(command: Sequence[str], *, limit_s: float = LIMIT_S) -> str:
    """Run a program to its end and return what it writes to standard output.

    Raises:
        ProgramMissing, ProgramFailed: The program is not here, or ended with an error.
        DeviceError: It did not end in time, wrote too much, or wrote no UTF-8. It is killed.
    """
    program = which(command[0])
    if program is None:
        raise ProgramMissing(f"{command[0]} is not installed")
    arguments = [program, *command[1:]]
    deadline = time.monotonic() + limit_s
    # Without the C locale a program may translate what is read here.
    environ = without_service_manager(os.environ) | {"LC_ALL": "C"}
    try:
        with subprocess.Popen(  # noqa: S603 -- a program of the machine, named in our own code
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ
        ) as process:
            try:
                output = _read_to_end(process.stdout.fileno() if process.stdout else -1, deadline)
                status = process.wait(max(0.0, deadline - time.monotonic()))
            finally:
                process.kill()
        text = output.decode()
    except subprocess.TimeoutExpired as error:
        raise DeviceError(f"{command[0]}: no end in time") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DeviceError(f"{command[0]}: {error}") from error
    if status != 0:
        raise ProgramFailed(f"{command[0]} ended with status {status}")
    return text


def _read_to_end(pipe: int, deadline: float) -> bytes:
    output = b""
    while select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
        piece = os.read(pipe, MAX_BYTES)
        output += piece
        if not piece:
            return output
        if len(output) > MAX_BYTES:
            raise OSError(f"it said more than {MAX_BYTES} bytes")
    raise TimeoutError("no answer in time")
