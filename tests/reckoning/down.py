"""When a station was down, and whether a village had none up (§3, Down)."""

from datetime import datetime
from functools import lru_cache

from tests.reckoning.case import Case, Fact, Station
from tests.reckoning.minutes import ALWAYS, MINUTE, NEVER, cut, minutes
from tests.reckoning.record import dated_times, ended, gap_free

Stretch = tuple[datetime, datetime]
UNDATED_LOSS_ENDS = {"shutdown": ("boot",), "reader_lost": ("boot", "reader_back")}


class Record:
    """The gap-free record of a station with its dated times, asked by the number of a fact in it."""

    def __init__(self, station: Station) -> None:
        self.times = dated_times(station)
        self.facts = [fact for fact in gap_free(station) if not fact.held]

    def time(self, number: int) -> datetime | None:
        return self.times.get(self.facts[number].place)

    def last_dated_before(self, number: int) -> datetime | None:
        found = [at for at in map(self.time, range(number)) if at is not None]
        return found[-1] if found else None

    def next_dated_after(self, number: int) -> datetime | None:
        found = [at for at in map(self.time, range(number + 1, len(self.facts))) if at is not None]
        return found[0] if found else None

    def end_at(self, number: int) -> datetime:
        """Return when a stretch ends that this fact ends: at its time, else at the next dated fact (§3, Down)."""
        return self.time(number) or self.next_dated_after(number) or NEVER

    def last_told(self) -> datetime | None:
        """Return the last time of which the record tells."""
        told = [at for at in map(self.time, range(len(self.facts))) if at is not None]
        return max(told) if told else None


def down_stretches(station: Station) -> list[Stretch]:
    """Return the stretches, uncut, in which a station was down, as its gap-free record tells (§3, Down)."""
    record = Record(station)
    stretches = []
    boots = [number for number, fact in enumerate(record.facts) if fact.kind == "boot"]
    for number, fact in enumerate(record.facts):
        if fact.kind in UNDATED_LOSS_ENDS:
            stretches.append(loss_stretch(record, number, fact))
        elif fact.kind == "boot" and number != boots[0]:
            stretches.append(power_cut_stretch(record, number, fact))
    if boots:
        stretches.append((ALWAYS, record.end_at(boots[0])))
    elif record.facts:
        stretches.append((ALWAYS, record.end_at(0)))
    return stretches


def loss_stretch(record: Record, number: int, fact: Fact) -> Stretch:
    """Return how long a station was down after a shutdown, or its reader's loss (§3, Down).

    It begins at the fact's time, undated at the last dated fact before it. It ends at the next boot, a reader's loss
    also at the reader's return. A loss that never ends lasts through the record; a shutdown after which no boot is on
    record ends at the next dated fact.
    """
    begin = record.time(number) or record.last_dated_before(number) or ALWAYS
    for later in range(number + 1, len(record.facts)):
        if record.facts[later].kind in UNDATED_LOSS_ENDS[fact.kind]:
            return begin, record.end_at(later)
    if fact.kind == "shutdown":
        return begin, record.next_dated_after(number) or NEVER
    return begin, NEVER


def power_cut_stretch(record: Record, number: int, boot: Fact) -> Stretch:
    """Return how long a station was down before a boot (§3, Down).

    From the later of the boot's ``last_alive`` and the last dated fact before it. After a shutdown this lies within the
    shutdown's own stretch.
    """
    before = record.last_dated_before(number)
    begin = max((at for at in (boot.last_alive, before) if at is not None), default=ALWAYS)
    return begin, record.end_at(number)


class DownTimes:
    """When one station is known to be down."""

    def __init__(self, station: Station) -> None:
        self.enrolled = cut(station.enrolled)
        self.ended = cut(ended(station))
        self.told = Record(station).last_told()
        self.stretches = down_stretches(station)

    def at(self, minute: datetime) -> bool:
        """Return whether the station is known not to be up at a minute (§3, Down).

        Before its enrolment and from its end it is not. After the last fact of its gap-free record nothing is known, so
        it is not known to be down.
        """
        if minute < self.enrolled or minute >= self.ended:
            return True
        if self.told is None or minute > cut(self.told):
            return False
        return any(cut(begin) <= minute < cut(end) for begin, end in self.stretches)


@lru_cache(maxsize=64)
def down_times(station: Station) -> DownTimes:
    """Return when a station is known to be down; read once of each."""
    return DownTimes(station)


def none_up(case: Case, village: str, first: datetime, last: datetime) -> bool:
    """Return whether at any minute from ``first`` to ``last``, both included, a village had no station up (§3, Down).

    A village without a station, and without a stand-in, has none up.
    """
    own = [down_times(station) for station in case.stations if village in station.villages]
    return any(all(down.at(minute) for down in own) for minute in minutes(first, last + MINUTE))
