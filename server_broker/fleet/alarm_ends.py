"""How each alarm ends: one entry for each code, so that none stays for ever and hides the next one of its kind.

- `STATE`: it stands while its cause does. Whoever sees that the cause is gone closes it: the code that raised it, or
  for an alarm of a station, that station. However often it is raised meanwhile, nobody is called anew.
- `Calm`: it is over when it was not raised for so long, whether or not somebody has seen it.
- `Seen`: something happened, and no program can tell when that is dealt with. It waits until somebody acknowledges it;
  if it happens after that, it is a new alarm, which calls people anew. An acknowledged one is closed after
  `SEEN_STAYS` without another.

No fact waits for an alarm and no hour of a person is counted by one: what waits for a decision, such as a held fact,
has a list of its own. So an alarm that ends takes nothing along.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from protocol import alarm_codes as station_codes
from server_broker.fleet import alarm_codes as codes

STATE: Final[Literal["state"]] = "state"
SEEN_STAYS: Final = timedelta(days=7)
"""So long an acknowledged alarm stays listed, so that an acknowledgement by mistake can be taken back."""
GOES_ON: Final = timedelta(hours=2)
"""What a program repeats by itself is one matter while its pauses are shorter than this. So is an incident that comes
again (`server_broker.incidents.episodes`), and nobody is told of its end before."""


@dataclass(frozen=True, slots=True)
class Calm:
    """Over when it was not raised for ``lasts``."""

    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Seen:
    """Waits for a person.

    Attributes:
        pause: After an acknowledgement, a repeat is a new alarm only if it comes so long after the one before. Zero
            where each time is a matter of its own.
        clears: Whether a station with a newer program says itself that it is over. An older one never does.
        ends_at_once: Whether it is over as soon as somebody has acknowledged it, and not after `SEEN_STAYS`.
    """

    pause: timedelta = timedelta(0)
    clears: bool = False
    ends_at_once: bool = False


type End = Literal["state"] | Calm | Seen

_HAPPENS: Final = Seen()
_REPEATED: Final = Seen(GOES_ON)
_BY_BOOT: Final = Calm(timedelta(days=30))
"""A station says so once in a boot, and boots seldom."""

COUNTY_ENDS: Final[dict[str, End]] = {
    # The station is told who has seen it (`alarms.acknowledge`).
    codes.HELP_ASKED: Seen(ends_at_once=True),
    # Ends sooner if the card is found (`attendance.lost_cards`).
    station_codes.LOST_CARD: _HAPPENS,
    codes.COUNTY_RESTORED: _HAPPENS,
    codes.COUNTY_WENT_BACK: _HAPPENS,
    codes.COUNTY_CLOCK_STEPPED: _HAPPENS,
    codes.EPOCH_OPENED: _HAPPENS,
    codes.FACTS_LOST: _HAPPENS,
    codes.TIMES_MOVED: _HAPPENS,
    codes.PIN_REFUSED: _HAPPENS,
    codes.PIN_TRIES_BEYOND: _HAPPENS,
    codes.NUMBER_STRANGER: _HAPPENS,
    codes.BAD_SIGNATURE: _REPEATED,
    codes.GENERATION_ABSURD: _REPEATED,
    codes.CONFLICTING_FACT: _REPEATED,
    codes.QUARANTINED: _REPEATED,
    codes.PURPOSE_CHANGED: _REPEATED,
    codes.STATION_FLOODS: Calm(timedelta(minutes=10)),
    # The two may be an hour apart.
    codes.TWO_MACHINES: Calm(timedelta(hours=1)),
    codes.TOO_MANY_CORRECTIONS: Calm(timedelta(days=1)),
    # It is raised while dates are settled for which it is not read whole.
    codes.TOO_MANY_FACTS: Calm(timedelta(days=1)),
    # It is raised while more come, and those that are set aside stay listed.
    codes.MANY_QUESTIONS: Calm(timedelta(days=1)),
    codes.MANY_REQUESTS: Calm(timedelta(days=1)),
    codes.MANY_ANSWERS: Calm(timedelta(days=1)),
    # A station that is refused a stream asks again with each message, and may open one when the day is over.
    codes.TOO_MANY_STREAMS: Calm(timedelta(days=1)),
    # The station has been asked for the picture again by itself.
    codes.BLOB_CORRUPTED: Calm(timedelta(days=1)),
    # It is raised with each connection, and a station may stay connected for days.
    codes.SIGNED_HEADS_FULL: Calm(timedelta(days=7)),
    **dict.fromkeys(
        (
            *(codes.COUNTY_RECORD, codes.STATION_JOURNAL, codes.BROKER_LISTS),
            *(codes.COUNTY_CLOCK, codes.COUNTY_CLOCK_UNCONFIRMED, codes.COUNTY_CLOCK_DOUBTED),
            *(codes.COUNTY_WORDS_DIFFER, codes.COUNTY_CERTIFICATE, codes.CONSOLE_CERTIFICATE),
            *(codes.COUNTY_DISK, codes.MEDIA_FOLDER, codes.BACKUP_OVERDUE, codes.BACKUP_UNPROVEN),
            *(codes.CHORE_FAILS, codes.DATES_SET_ASIDE, codes.FACTS_SET_ASIDE, codes.LEARNING_SET_ASIDE),
            *(codes.LEVELS_SET_ASIDE, codes.COUNTS_SET_ASIDE, codes.PINS_SET_ASIDE),
            *(codes.STATION_SILENT, codes.OFTEN_DOWN, codes.STATION_QUOTA, codes.STATION_CERTIFICATE),
            *(codes.TOO_MANY_ALARMS, codes.UNEXPLAINED_FACTS, codes.LEDGER_TOO_LARGE, codes.HELD),
            *(codes.DESIRED_TOO_LARGE, codes.DESIRED_UNREADABLE, codes.NEIGHBOURS_LEFT_OUT),
            *(codes.SHELF_TOO_LARGE, codes.SHELF_NOT_COMPUTED, codes.REQUEST_SET_ASIDE, codes.REVIEW_PAST),
        ),
        STATE,
    ),
}
"""By the part of the code before the colon."""

STATION_ENDS: Final[dict[str, End]] = {
    **dict.fromkeys(
        (station_codes.PIN_GUESSED, station_codes.UNKNOWN_KEYBOARD, station_codes.COUNTY_REWROTE), _HAPPENS
    ),
    **dict.fromkeys((station_codes.DISK_FULL, station_codes.DISK_ERROR), Seen(clears=True)),
    **dict.fromkeys(
        (
            *(station_codes.BIRTH_REFUSED, station_codes.FACTS_REFUSED),
            *(*station_codes.STREAM_ENDED.values(), *station_codes.MESSAGE_REFUSED.values()),
        ),
        _REPEATED,
    ),
    **dict.fromkeys(
        (
            station_codes.NTP_DISTRUSTED,
            *station_codes.HINT_FAILED.values(),
            *station_codes.HINT_IMPLAUSIBLE.values(),
        ),
        _BY_BOOT,
    ),
}
"""Those that a station raises and nobody clears, or that an older one does not clear. It clears the others by itself,
and so may a newer one with a new code. That the county lacks facts, the ledger closes."""


OUTLIVES_REVOCATION: Final = frozenset({codes.UNEXPLAINED_FACTS, codes.HELD, codes.FACTS_SET_ASIDE})
"""The county's alarms about the facts of a station that stay open when it is revoked, until the facts were dealt with.
The others that were open then are closed."""

OF_FORMER_BOARD: Final[tuple[tuple[Literal["county", "station"], str], ...]] = (
    *(("county", code) for code in (codes.TWO_MACHINES, codes.EPOCH_OPENED, codes.CONFLICTING_FACT)),
    *(("station", code) for code in station_codes.STREAM_ENDED.values()),
)
"""Origin and code of the alarms that a new machine answers: they say that the card of the one before is old or copied,
and that one can't connect any more."""


def end_of(code: str, *, origin: str) -> End:
    """Return how an alarm ends. Of its code, only the part before the colon counts."""
    ends = COUNTY_ENDS if origin == "county" else STATION_ENDS
    return ends.get(code.split(":", maxsplit=1)[0], STATE)
