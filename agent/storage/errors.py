"""What can go wrong on the station's disk, sorted by what the caller can do about it.

`StorageFull` heals by itself when there is room again. `StorageFailed` does not: the disk or the file needs help.
"""

import errno

from agent.causes import Explained


class StorageError(Explained):
    """The disk did not read or write as it was asked to. Nothing of the transaction counts."""


class StorageFull(StorageError):
    """The disk has no room. Nothing of the transaction was written; it works again when there is room."""

    says = "磁盘满了"


class StorageFailed(StorageError):
    """The disk or the file failed. Nothing of the transaction counts.

    If the file is damaged, opening the outbox anew salvages it.
    """


class OfAnotherStation(StorageFailed):
    """The file is another station's. Only a person can help: that station's facts are carried to the county by hand."""


class Damaged(StorageFailed):
    """The file does not hold the bytes that were written. Opening the outbox anew salvages it and goes on."""


def no_space(error_number: int | None) -> bool:
    """Return whether an errno says that the disk, a quota or a limit on file size leaves no room."""
    return error_number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def storage_error(error: OSError) -> StorageFull | StorageFailed:
    """Return what an error of the operating system means for the caller."""
    return StorageFull("no room on the disk") if no_space(error.errno) else StorageFailed(str(error))
