"""Decide which PINs the county accepts from stations, and have the wrong tries at kiosks counted.

A station that fell into wrong hands can sign any fact. So a PIN counts only if the same stream says that this very
person's card was touched there shortly before, and only for people of the station's township. What is not accepted
changes nothing: it is kept with the reason, and an alarm tells of it. Whose number it was is judged as of the fact's
time, because a fact may come weeks late (`server_broker.attendance.speaking`).
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from protocol.codec import encode
from protocol.pins import PinVerifier
from protocol.units import FactRef, Moment
from server_broker.attendance.as_of import bindings_of
from server_broker.attendance.models import Touch
from server_broker.attendance.speaking import said_at, speakers_of
from server_broker.attendance.touches import happened
from server_broker.fleet.fact_rows import wall_time
from server_broker.fleet.models import Station
from server_broker.people.models import BindingState, Person
from server_broker.pins.counting import count_try, mark_villages
from server_broker.pins.models import PersonPin, PinClaim

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


class Taken(NamedTuple):
    """What came of some facts, besides what was stored."""

    refused: list[PinClaim]
    beyond: Counter[str]
    """By station: how many tries no honest station would have judged."""


def take_in_order(steps: Sequence[NewPin | WrongTry], *, received_at: datetime) -> Taken:
    """Judge PINs and count wrong tries in the order of their facts.

    The order matters: a try that was made before a PIN was set says nothing of that PIN. Villages are marked once for
    all facts, because each mark has rosters made and fetched anew.
    """
    speakers = speakers_of((step.station, step.number) for step in steps)
    stations = Station.objects.in_bulk({step.station for step in steps})
    taken, changed = Taken([], Counter()), set[str]()
    for step in steps:
        person = speakers.person(step.station, step.number, step.wall)
        if isinstance(step, WrongTry):
            if person is None or person.left:
                continue
            if count_try(person, stations[step.station], step.wall):
                changed.add(person.village_id)
            else:
                taken.beyond[step.station] += 1
            continue
        station = stations[step.station]
        gone = person is None and speakers.may_know(step.station, step.number, step.wall)
        claim = _judge(step, person, station, received_at, otherwise=GONE if gone else STRANGER)
        if claim is None:
            continue
        if claim.refused:
            taken.refused.append(claim)
            # The station must hear that this PIN is none, because it holds there until then.
            changed.add(station.village_id)
        elif person is not None:
            changed.add(person.village_id)
    mark_villages(changed, at=received_at)
    return taken


def _judge(
    pin: NewPin, person: Person | None, station: Station, received_at: datetime, *, otherwise: str
) -> PinClaim | None:
    """Note a PIN, and keep it if it is accepted. Return None if it was noted before.

    Args:
        person: For whom the station may speak; None: for nobody, and ``otherwise`` says why.
    """
    why = otherwise if person is None else _objection(pin, person, station)
    said = {
        "number": pin.number,
        "person": person,
        "salt": pin.verifier.salt,
        "refused": why,
        "at": pin.wall,
        "received_at": received_at,
    }
    claim, new = PinClaim.objects.get_or_create(station=station, epoch=pin.epoch, seq=pin.seq, defaults=said)
    if not new:
        return None
    if not why and person is not None:
        _keep(pin, person)
    return claim


def _objection(pin: NewPin, person: Person, station: Station) -> str:
    if pin.by is None or pin.by.epoch != pin.epoch or pin.by.seq >= pin.seq:
        return NO_TOUCH
    touch = Touch.objects.filter(station=station, epoch=pin.by.epoch, seq=pin.by.seq).first()
    if touch is None or touch.answer not in ("recorded", "repeat"):
        return NO_TOUCH
    # As of the touch: a fact may come weeks later, and the card be lost or another person's by then.
    card = bytes(touch.card_token)
    held = bindings_of([card]).at(card, happened(touch)[0])
    if held is None or held.state == BindingState.LOST or held.person_id != person.pk:
        return OTHER_CARD
    if (
        bytes(touch.boot) != pin.at.boot
        or not 0 <= pin.at.mono - touch.mono_ms <= TOUCHED_WITHIN.total_seconds() * 1000
    ):
        return TOO_LONG_AGO
    return ""


def _keep(pin: NewPin, person: Person) -> None:
    if person.left:
        return  # whoever has left has no PIN
    kept, _ = PersonPin.objects.select_for_update().get_or_create(person=person)
    # A fact that comes weeks late changes nothing that was set or voided since.
    if any(later is not None and later >= pin.wall for later in (kept.set_at, kept.voided_at)):
        return
    kept.verifier, kept.set_at, kept.station_id = encode(pin.verifier), pin.wall, pin.station
    kept.save()


def best_wall(at: Moment, received_at: datetime) -> datetime:
    """Return when a fact was, or when it was received if its station did not know the time."""
    return said_at(wall_time(at.wall), at.quality, received_at)
