"""The name of a board: what a broker that judges by names alone knows it by.

A broker without a revocation list can tell an earlier board of a station from its present one only by what stands in
their certificates. So each certificate names the board. All certificates of a board have one name, also renewed ones.
"""

import hashlib
import re

_DIGITS = 16
_NAME = re.compile(rf"[a-z0-9][a-z0-9-]{{3,31}}\.[0-9a-f]{{{_DIGITS}}}", re.ASCII)


def board_name(station: str, record_key: str) -> str:
    """Return ``STATION.BOARD`` of the board with this record key, which is given in hex."""
    return f"{station}.{hashlib.sha256(record_key.encode('ascii')).hexdigest()[:_DIGITS]}"


def is_board_name(name: str) -> bool:
    """Tell whether ``name`` is one that `board_name` gives."""
    return _NAME.fullmatch(name) is not None


def station_of(name: str) -> str:
    """Return the station of a board's name."""
    return name.partition(".")[0]
