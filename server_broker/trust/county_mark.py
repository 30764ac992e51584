"""How far the county's stream has got, written outside the database: ``trust/county-mark``.

A database that is restored from an older backup does not know what was signed since. Without this mark it would give
the same place in the stream to another fact, and the county would have signed both.
"""

import fcntl
import os
from contextlib import suppress

import msgspec

from server_broker.platform.files import write_atomically
from server_broker.platform.home import CountyHome
from server_broker.trust.record_key import RecordStopped


class CountyMark(msgspec.Struct, frozen=True, kw_only=True):
    """The county's id, its present epoch (hex), and how many facts of it were committed at least."""

    county: str
    epoch: str
    through: int


def read_mark(home: CountyHome) -> CountyMark | None:
    """Return the mark, or None before the first decision.

    Raises:
        RecordStopped: The file is damaged.
    """
    path = home.trust / "county-mark"
    try:
        return msgspec.json.decode(path.read_bytes(), type=CountyMark)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise RecordStopped(f"{path} 损坏：请从备份恢复这个文件，没有备份时删去它") from error


def raise_mark(home: CountyHome, mark: CountyMark) -> None:
    """Note that ``mark`` was committed. A mark that is further on stays."""
    home.trust.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(home.trust / "county-mark.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        known = None
        with suppress(RecordStopped):  # a damaged mark is replaced by a whole one
            known = read_mark(home)
        if known is None or known.epoch != mark.epoch or known.through < mark.through:
            write_atomically(home.trust / "county-mark", msgspec.json.encode(mark))
    finally:
        os.close(descriptor)
