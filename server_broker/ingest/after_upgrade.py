"""Read again, without being asked, what was held for a cause that may be gone: an upgrade, a later signature, a repair.

A county that was upgraded knows kinds and words that it held before. A station signs later for what came with a damaged
signature. Nobody should have to press a key for each station.

A file beside the database says that this program has done so since it started. From then on a held fact that it can
read is none that an earlier version left behind (`server_broker.derived.held`).
"""

import logging
from datetime import datetime
from pathlib import Path

from django.db import InterfaceError, OperationalError

from server_broker.ingest.held import BY_DATABASE, to_review
from server_broker.ingest.reread import UNVOUCHED, reread_held
from server_broker.platform.files import write_atomically
from server_broker.platform.home import CountyHome

LATER = ("unknown_kind", "unknown_value", "malformed")
"""Contract 1.0 had no other name for a later word than ``malformed``."""
_log = logging.getLogger(__name__)


def reread_later(now: datetime) -> str:
    """Read again what can be read by now. Return how many facts are read, in words for the log.

    A fact that is still of a later version or malformed, or that nobody has signed for, stays held as it was. So does
    what came after its station was revoked.
    """
    waiting = to_review().filter(held_reason__in=(*LATER, *UNVOUCHED, *BY_DATABASE))
    stations = waiting.order_by("stream__station").values_list("stream__station", flat=True).distinct()
    read: dict[str, int] = {}
    for station in list(stations):
        try:
            read[station] = reread_held(station, now=now).read
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # noqa: BLE001 - what fails at one station stays held, and those of the others are read
            _log.exception("%s: held facts cannot be read again", station, extra={"station": station})
    return ", ".join(f"{count} of {station}" for station, count in read.items() if count)


def catch_up(home: CountyHome, now: datetime) -> str:
    """Do `reread_later`, and note in the county's folder that this program has."""
    said = reread_later(now)
    write_atomically(_file(home), f"{now.isoformat()}\n".encode())
    return said


def has_caught_up(home: CountyHome) -> bool:
    """Tell whether `catch_up` was done since the program started."""
    return _file(home).exists()


def begin(home: CountyHome) -> None:
    """Note that this program, which may be a later version, has read nothing again yet."""
    _file(home).unlink(missing_ok=True)


def _file(home: CountyHome) -> Path:
    return home.root / "caught-up"
