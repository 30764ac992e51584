"""What other rooms need of PINs: one person's for the front door, and a village's for its stations' roster."""

from collections import defaultdict
from collections.abc import Iterable

from msgspec.structs import replace

from protocol.bundle_contents import Roster, RosterPerson
from protocol.china_time import milliseconds
from protocol.codec import decode
from protocol.pin_tries import NO_TRIES, PinTries
from protocol.pins import PinVerifier
from server_broker.people.models import Person
from server_broker.pins.counting import tries_of
from server_broker.pins.models import PersonPin
from server_broker.pins.voiding import valid
from server_broker.platform.sql import query

MOST_REFUSED = 8


def verifier_of(person: Person) -> PinVerifier | None:
    """Return what is kept of a person's PIN, or None if there is none that holds."""
    kept = valid(PersonPin.objects.filter(person=person)).first()
    return _read(kept) if kept is not None else None


def roster_of(village: str, *, numbers: bool) -> Roster:
    """Return the roster of a village.

    Args:
        village: Its code.
        numbers: Whether people may sign in by number there. If not, no PIN leaves the county. Which PINs are none does,
            because cards set PINs at each station.
    """
    people = list(Person.objects.filter(village=village, left=False).order_by("number"))
    pins = {kept.person_id: kept for kept in PersonPin.objects.filter(person__in=people)}
    tries = tries_of(people) if numbers else {}
    hold = set(valid(PersonPin.objects.filter(person__in=people)).values_list("pk", flat=True))
    refused = _refused_of(people)
    return Roster(
        people=[
            listed
            if not numbers
            else _with_pin(listed, pins.get(person.pk) if person.pk in hold else None, tries.get(person.pk, NO_TRIES))
            for person in people
            for listed in [_without_pin(person, pins.get(person.pk), refused=refused[person.pk])]
        ]
    )


def _refused_of(people: Iterable[Person]) -> dict[int, list[bytes]]:
    """Return the salts of each person's newest PINs that are none, the newest first, by the person's key."""
    found: dict[int, list[bytes]] = defaultdict(list)
    # From the index and no more than these, because a stolen station can tell of any number of them.
    for person, salt in query(
        """SELECT p.id, c.salt FROM unnest(%s::bigint[]) AS p (id) CROSS JOIN LATERAL (
            SELECT salt, received_at, id FROM pins_pinclaim WHERE person_id = p.id AND refused <> ''
            ORDER BY received_at DESC, id DESC LIMIT %s
        ) AS c ORDER BY c.received_at DESC, c.id DESC""",
        [[person.pk for person in people], MOST_REFUSED],
    ):
        found[person].append(bytes(salt))
    return found


def _without_pin(person: Person, kept: PersonPin | None, *, refused: list[bytes]) -> RosterPerson:
    """Return a person's row for any station: no PIN, but which ones are none."""
    return RosterPerson(
        id=person.number,
        name=person.name,
        number=person.number,
        type=person.type,
        voided=milliseconds(kept.voided_at) if kept is not None and kept.voided_at is not None else 0,
        refused=refused,
    )


def _with_pin(listed: RosterPerson, holds: PersonPin | None, tries: PinTries) -> RosterPerson:
    """Return the row for a station that takes numbers."""
    pin, set_at = None, 0
    if holds is not None and holds.set_at is not None:
        pin, set_at = _read(holds), milliseconds(holds.set_at)
    return replace(listed, may_number_sign_in=True, pin=pin, pin_set_at=set_at, tries=tries)


def _read(kept: PersonPin) -> PinVerifier:
    assert kept.verifier is not None
    return decode(bytes(kept.verifier), PinVerifier)
