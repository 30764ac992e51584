"""The calls to the disk, in order. Names are paths below the folder that is watched; a folder of "" is that folder."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Create:
    """A new empty file got a name."""

    name: str
    inode: int


@dataclass(frozen=True, slots=True)
class Mkdir:
    """A new empty folder got a name."""

    name: str


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes of a file, not yet durable."""

    inode: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    """A file's new size, not yet durable."""

    inode: int
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """fsync of a file: all its bytes are durable now."""

    inode: int


@dataclass(frozen=True, slots=True)
class Unlink:
    """A name was taken away, not yet durably."""

    name: str


@dataclass(frozen=True, slots=True)
class Rename:
    """A file got another name, not yet durably."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class SyncFolder:
    """fsync of a folder: the names in it are durable now."""

    folder: str = ""


type Naming = Create | Mkdir | Unlink | Rename
type Syscall = Create | Mkdir | Write | Truncate | Sync | Unlink | Rename | SyncFolder
