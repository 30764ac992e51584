"""What is found: a row that is not what its station's facts make of it, as a value."""

from dataclasses import dataclass
from typing import NamedTuple


class Place(NamedTuple):
    """Where a fact of a station stands, or its rows."""

    epoch: bytes
    seq: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that is not as it should be. ``what`` and ``said`` are Chinese."""

    what: str
    """What kind of row it is."""
    table: str
    station: str
    place: Place | None
    """None: the row is not of one fact alone, and ``what`` names it."""
    said: str

    def where(self) -> str:
        """Return in Chinese which row it is."""
        at = "" if self.place is None else f" 流 {self.place.epoch.hex()[:8]} 第 {self.place.seq} 条"
        return f"{self.what} 站点 {self.station}{at}（{self.table}）"


CHANGED = "{} 和站点的记录不符"
GONE = "站点的记录里有它，库里没有了"
INVENTED = "没有任何站点记录说过它"
HELD_THOUGH_READABLE = "站点签过名，也读得出来，却列为待审：请先重新读取待审的记录，再核对一次"
