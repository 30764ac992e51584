"""Values over a pipe between processes of two versions: length, then MessagePack. It imports nothing of either
version."""

import struct
import sys
from typing import IO, Any, BinaryIO

import msgspec

_LENGTH = struct.Struct(">I")


def put(pipe: IO[bytes], value: Any) -> None:
    """Write one value."""
    raw = msgspec.msgpack.encode(value)
    pipe.write(_LENGTH.pack(len(raw)) + raw)
    pipe.flush()


def get(pipe: IO[bytes]) -> Any:
    """Read one value.

    Raises:
        EOFError: The other end is gone.
    """
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    raw = pipe.read(length)
    if len(raw) < length:
        raise EOFError
    return msgspec.msgpack.decode(raw)


def standard() -> tuple[BinaryIO, BinaryIO]:
    """Return the pipes to the process that started this one; what is printed goes to the error output from now on."""
    pipes = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    return pipes
