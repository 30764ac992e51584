"""Decide which PINs the county accepts from stations, and have the wrong tries at kiosks counted.

A station that fell into wrong hands can sign any fact. So a PIN counts only if the same stream says that this very
person's card was touched there shortly before, and only for people of the station's township. What is not accepted
changes nothing: it is kept with the reason, and an alarm tells of it. Whose number it was is judged as of the fact's
time, because a fact may come weeks late (`server_broker.attendance.speaking`).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from protocol.codec import encode
from protocol.pins import PinVerifier
from protocol.units import FactRef, Moment
from server_broker.attendance.as_of import Bindings, bindings_of
from server_broker.attendance.models import Touch
from server_broker.attendance.speaking import Speakers, said_at, speakers_of
from server_broker.attendance.tables import TOUCHES
from server_broker.attendance.touches import happened
from server_broker.fleet.fact_rows import Identity, wall_time
from server_broker.fleet.models import Station
from server_broker.people.models import BindingState, Person
from server_broker.pins.counting import TriesInHand, begun, mark_villages
from server_broker.pins.models import PersonPin
from server_broker.platform.sql import query

TOUCHED_WITHIN = timedelta(minutes=15)
NO_TOUCH, OTHER_CARD, TOO_LONG_AGO, STRANGER = "no_touch", "other_card", "too_long_ago", "stranger"
GONE = "gone"
"""Why a PIN is refused: no touch is named or the stream has none such, it was another person's card, it was too long
before, the station can never have known the number; the person had left or moved to another township by then."""


class NewPin(NamedTuple):
    """A `protocol.facts.PinSet` with its identity."""

    station: str
    epoch: bytes
    seq: int
    number: str
    verifier: PinVerifier
    by: FactRef | None
    at: Moment
    wall: datetime
    """When it was set, by the best time known now."""


class WrongTry(NamedTuple):
    """A wrong PIN that was judged at a kiosk."""

    station: str
    number: str
    wall: datetime


class Judged(NamedTuple):
    """A PIN of which a station told, and what the county says to it."""

    pin: NewPin
    person: Person | None
    """Whose it is to be; None if the station may not speak for whomever the number names."""
    refused: str
    """Why it is refused; empty: it is accepted."""

    @property
    def identity(self) -> Identity:
        """The identity of its fact."""
        return Identity(self.pin.station, self.pin.epoch, self.pin.seq)


class Taken(NamedTuple):
    """What came of some facts, besides what was stored."""

    refused: list[Judged]
    beyond: Counter[str]
    """By station: how many tries no honest station would have judged."""
    changed: set[str]
    """Codes of the villages whose rosters may be others now."""


def take_in_order(steps: Sequence[NewPin | WrongTry], *, received_at: datetime) -> Taken:
    """Judge PINs and count wrong tries in the order of their facts.

    The order matters: a try that was made before a PIN was set says nothing of that PIN. What decides is loaded before
    all steps and stored after them, because one station may send thousands of such facts, and a statement for each
    would keep the facts of all other stations waiting.
    """
    speakers = speakers_of((step.station, step.number) for step in steps)
    whose = [(step, speakers.person(step.station, step.number, step.wall)) for step in steps]
    told = [(step, person) for step, person in whose if isinstance(step, NewPin)]
    new = {one.identity: one for one in _note(_judge(told, speakers), received_at)} if told else {}
    tried = {
        (step.station, person.pk)
        for step, person in whose
        if isinstance(step, WrongTry) and person is not None and not person.left
    }
    tries = TriesInHand(tried)
    pins = _PinsInHand([one for one in new.values() if not one.refused], tried={person for _, person in tried})
    taken = _take(whose, new, tries, pins, stations=Station.objects.in_bulk({step.station for step in steps}))
    tries.store()
    pins.store()
    # Once for all facts, because each mark has rosters made and fetched anew.
    mark_villages(taken.changed, at=received_at)
    return taken


def _take(
    whose: Sequence[tuple[NewPin | WrongTry, Person | None]],
    new: dict[Identity, Judged],
    tries: TriesInHand,
    pins: "_PinsInHand",
    *,
    stations: Mapping[str, Station],
) -> Taken:
    """Take steps in their order, each with the person for whom its station speaks.

    Args:
        new: The PINs among them that were not noted before. It is empty afterwards.
    """
    taken = Taken([], Counter(), set())
    for step, person in whose:
        if isinstance(step, WrongTry):
            if person is None or person.left:
                continue
            if tries.count(person.pk, stations[step.station], step.wall, since=pins.begin_of(person.pk)):
                taken.changed.add(person.village_id)
            else:
                taken.beyond[step.station] += 1
        # Taken out, so that a fact which is here twice counts once.
        elif (one := new.pop(Identity(step.station, step.epoch, step.seq), None)) is not None:
            if one.refused:
                taken.refused.append(one)
                # The station must hear that this PIN is none, because it holds there until then.
                taken.changed.add(stations[step.station].village_id)
            elif person is not None:
                pins.keep(step, person)
                taken.changed.add(person.village_id)
    return taken


def _judge(told: Sequence[tuple[NewPin, Person | None]], speakers: Speakers) -> list[Judged]:
    """Judge PINs, each with the person for whom its station speaks; None: for nobody."""
    touches = _touches_of(pin for pin, _ in told)
    bindings = bindings_of(bytes(touch.card_token) for touch in touches.values())
    judged = []
    for pin, person in told:
        if person is not None:
            refused = _objection(pin, person, touches.get(_named(pin)), bindings)
        elif speakers.may_know(pin.station, pin.number, pin.wall):
            refused = GONE
        else:
            refused = STRANGER
        judged.append(Judged(pin, person, refused))
    return judged


def _named(pin: NewPin) -> Identity | None:
    """Return the identity of the touch that shall prove who set a PIN: an earlier fact of the same stream."""
    if pin.by is None or pin.by.epoch != pin.epoch or pin.by.seq >= pin.seq:
        return None
    return Identity(pin.station, pin.by.epoch, pin.by.seq)


def _touches_of(pins: Iterable[NewPin]) -> dict[Identity | None, Touch]:
    """Return the touches that these PINs name, as far as there are such."""
    named = sorted({touch for pin in pins if (touch := _named(pin)) is not None})
    if not named:
        return {}
    rows = Touch.objects.raw(
        f"""SELECT t.* FROM {TOUCHES} t JOIN unnest(%s::text[], %s::bytea[], %s::bigint[]) AS w (station, epoch, seq)
        ON (t.station_id, t.epoch, t.seq) = (w.station, w.epoch, w.seq)""",  # noqa: S608 - our own constant
        [list(column) for column in zip(*named, strict=True)],
    )
    return {Identity(touch.station_id, bytes(touch.epoch), touch.seq): touch for touch in rows}


def _objection(pin: NewPin, person: Person, touch: Touch | None, bindings: Bindings) -> str:
    if touch is None or touch.answer not in ("recorded", "repeat"):
        return NO_TOUCH
    # As of the touch: a fact may come weeks later, and the card be lost or another person's by then.
    held = bindings.at(bytes(touch.card_token), happened(touch)[0])
    if held is None or held.state == BindingState.LOST or held.person_id != person.pk:
        return OTHER_CARD
    if (
        bytes(touch.boot) != pin.at.boot
        or not 0 <= pin.at.mono - touch.mono_ms <= TOUCHED_WITHIN.total_seconds() * 1000
    ):
        return TOO_LONG_AGO
    return ""


def _note(judged: Sequence[Judged], received_at: datetime) -> list[Judged]:
    """Note PINs, and return those that were not noted before."""
    said = [
        (*one.identity, one.pin.number, one.person and one.person.pk, one.pin.verifier.salt, one.refused, one.pin.wall)
        for one in judged
    ]
    new = query(
        """INSERT INTO pins_pinclaim (station_id, epoch, seq, number, person_id, salt, refused, at, received_at)
        SELECT w.*, %s FROM unnest(%s::text[], %s::bytea[], %s::bigint[], %s::text[], %s::bigint[], %s::bytea[],
                                   %s::text[], %s::timestamptz[]) AS w
        ON CONFLICT (station_id, epoch, seq) DO NOTHING RETURNING station_id, epoch, seq""",
        [received_at, *(list(column) for column in zip(*said, strict=True))],
    )
    noted = {Identity(station, bytes(epoch), seq) for station, epoch, seq in new}
    return [one for one in judged if one.identity in noted]


class _PinsInHand:
    """What holds as the PINs of some people, while steps change it."""

    def __init__(self, accepted: Iterable[Judged], *, tried: Collection[int]) -> None:
        """Load the PINs of the people who set one, and of those at whose PIN somebody tried.

        Args:
            tried: Keys of people.
        """
        anew = sorted({one.person.pk for one in accepted if one.person is not None and not one.person.left})
        # A row for each first: only a row can be locked, and the township may reset one of these PINs at this moment.
        PersonPin.objects.bulk_create([PersonPin(person_id=pk) for pk in anew], ignore_conflicts=True)
        locked = PersonPin.objects.select_for_update().filter(pk__in=anew).order_by("pk") if anew else ()
        others = PersonPin.objects.filter(pk__in=[pk for pk in tried if pk not in set(anew)]) if tried else ()
        self._kept = {kept.pk: kept for kept in (*locked, *others)}
        self._changed: set[int] = set()

    def begin_of(self, person: int) -> datetime | None:
        """Return since when wrong tries say something of the PIN that holds."""
        kept = self._kept.get(person)
        return begun(kept) if kept is not None else None

    def keep(self, pin: NewPin, person: Person) -> None:
        """Have an accepted PIN hold, unless what holds was set or voided later: a fact may come weeks late."""
        if person.left:
            return  # whoever has left has no PIN
        kept = self._kept[person.pk]
        if any(later is not None and later >= pin.wall for later in (kept.set_at, kept.voided_at)):
            return
        kept.verifier, kept.set_at, kept.station_id = encode(pin.verifier), pin.wall, pin.station
        self._changed.add(person.pk)

    def store(self) -> None:
        """Store what was changed."""
        PersonPin.objects.bulk_create(
            [self._kept[pk] for pk in sorted(self._changed)],
            update_conflicts=True,
            unique_fields=["person"],
            update_fields=["verifier", "set_at", "station"],
        )


def best_wall(at: Moment, received_at: datetime) -> datetime:
    """Return when a fact was, or when it was received if its station did not know the time."""
    return said_at(wall_time(at.wall), at.quality, received_at)
