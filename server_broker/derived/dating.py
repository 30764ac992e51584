"""Whether the county's corrections of a row's time follow from what it knows of the clocks of that boot.

How rows are dated depends a little on the order in which corrections came (`server_broker.ingest.dating`). So where
words of the county contradict each other in a boot, a time need only be one that a correction of the boot gives.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from protocol.units import DATED_QUALITIES, LAST_WALL_MS
from server_broker.ingest.dating.anchors import anchors_of
from server_broker.ingest.dating.due import WHOLE_STATION
from server_broker.ingest.dating.weighing import DIFFERS_MS, DISPUTED, DRIFT_PPM, Anchor, Plan, plan
from server_broker.ingest.models import DatingDue

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class Clocks:
    """What the county knows of the clocks of one station's boots. It remembers those of some boots at a time."""

    def __init__(self, station: str) -> None:
        self._station = station
        self._known: dict[bytes, tuple[list[Anchor], Plan | None]] = {}
        self._due: dict[bytes, bool] = {}
        """The boots that wait to be dated; True: from scratch."""

    def load(self, boots: Collection[bytes]) -> None:
        """Load these boots and forget others, unless it knows all of them."""
        if self._known.keys() >= set(boots):
            return
        missing = [boot for boot in boots if boot not in self._known]
        kept = {boot: self._known[boot] for boot in boots if boot in self._known}
        found = anchors_of([(self._station, boot) for boot in missing])
        for boot in missing:
            anchors = found.get((self._station, boot), [])
            kept[boot] = anchors, plan(anchors) if anchors else None
        self._known = kept
        due = DatingDue.objects.filter(station=self._station, boot__in=[*kept, WHOLE_STATION])
        waits = {bytes(boot): from_scratch for boot, from_scratch in due.values_list("boot", "from_scratch")}
        self._due = dict.fromkeys(kept, True) if WHOLE_STATION in waits else waits

    def column_at_fault(
        self,
        boot: bytes,
        mono: int,
        *,
        wall: datetime,
        said: str,
        quality: str,
        replaced: str,
        corrected: datetime | None,
    ) -> str:
        """Return the first column that does not follow; empty if all do.

        Args:
            wall: What the station said.
            said: The quality that it said.
            quality: The column of that name.
            replaced: The column ``said_quality``.
            corrected: The column ``corrected_wall``.
        """
        anchors, planned = self._known[boot]
        if boot in self._due and planned is not None:
            if self._due[boot]:
                return ""
            planned = planned._replace(contradicted=True)
        if planned is None or not planned.contradicted:
            if (quality, replaced) != (said, ""):
                return "quality" if quality != said else "said_quality"
        elif (quality, replaced) not in ((said, ""), (DISPUTED, said)):
            return "quality" if quality not in (said, DISPUTED) else "said_quality"
        if planned is None:
            return "" if corrected is None else "corrected_wall"
        return "" if _follows(anchors, planned, mono, wall, said, corrected) else "corrected_wall"


def _follows(
    anchors: list[Anchor], planned: Plan, mono: int, wall: datetime, said: str, corrected: datetime | None
) -> bool:
    if corrected is not None and not any(corrected == _at(anchor, mono) for anchor in anchors):
        return False
    if planned.contradicted:
        return True
    expected = None
    if said not in DATED_QUALITIES and mono > planned.undated.after:
        expected = _at(planned.undated.anchor, mono)
    for span in planned.again:
        value = _at(span.anchor, mono)
        now = expected or wall
        if span.after < mono <= span.through and value is not None and abs(value - now) > DIFFERS_MS * _MS:
            expected = value
    if said not in DATED_QUALITIES and (expected is None) != (corrected is None):
        return False
    # Which of several anchors that agree was there first is not known any more.
    drift = (anchors[-1].mono - anchors[0].mono + abs(mono - anchors[0].mono)) * DRIFT_PPM // 1_000_000
    return abs((corrected or wall) - (expected or wall)) <= (DIFFERS_MS + drift) * _MS


def _at(anchor: Anchor, mono: int) -> datetime | None:
    value = anchor.wall + mono - anchor.mono
    return _EPOCH + value * _MS if 0 <= value <= LAST_WALL_MS else None
