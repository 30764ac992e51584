"""The PINs of a village's people and how often each was guessed, as this station knows them.

Verifiers and tries come with the county's roster. What happened here since then is kept in the outbox's state table: a
PIN that was set here, and the tries made here. A try is on disk before it is judged, so that pulling the plug gives
nobody a new one. A PIN that is set again has tries of its own.
"""

import logging
from collections.abc import Callable

from agent.storage.state import StateSlot, StateStore
from agent.timekeeping.clock import StationClock
from protocol.bundle_contents import Roster, RosterPerson
from protocol.codec import Message
from protocol.pin_tries import NO_TRIES, PinTries, failed, locked_ms, standing, together, tries_left
from protocol.pins import PinVerifier
from protocol.units import PersonId, WallMs

log = logging.getLogger(__name__)

MOST_PEOPLE_A_DAY = 8
"""If PINs of so many people were mistyped within a day, somebody is trying one PIN on everybody."""
DAY_MS = 86_400_000


class PinHere(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What this station knows of a person's PIN beyond the roster."""

    tries: PinTries = NO_TRIES
    salt: bytes = b""
    """Of the PIN that the tries were made at."""
    verifier: PinVerifier | None = None
    """A PIN that was set here and that the county's roster does not have yet."""
    set_at: WallMs = 0
    open: bool = False
    """The last try was not judged before the agent ended, and no fact tells of it yet."""


class PinBook:
    """Verifiers and tries. Used on the core thread only."""

    def __init__(self, *, clock: StationClock, state: StateStore, roster: Callable[[], Roster | None]) -> None:
        """
        Args:
            roster: Returns the county's roster of this village, or None if there is none here.
        """
        self._clock = clock
        self._roster = roster
        self._slot = StateSlot(state, "pins", dict[str, PinHere], title="the list of PINs and tries")
        self._here = self._slot.read() or {}

    def find(self, number: str) -> PersonId | None:
        """Return whose number it is. A number with letters in it is found by its digits, if they are nobody else's."""
        roster = self._roster()
        people = roster.people if roster is not None else []
        exact = [person.id for person in people if person.number == number]
        found = exact or [person.id for person in people if _digits(person.number) == number]
        return found[0] if len(found) == 1 else None

    def may_sign_in(self, person: PersonId) -> bool:
        """Whether the county lets this person sign in by number."""
        listed = self._listed(person)
        return listed is not None and listed.may_number_sign_in

    def number_of(self, person: PersonId) -> str:
        """Return the digits of a person's number, as they are typed; empty if it is not known here."""
        listed = self._listed(person)
        return _digits(listed.number) if listed is not None else ""

    def verifier(self, person: PersonId) -> PinVerifier | None:
        """Return the PIN that holds: the one that was set here last, else the county's."""
        here, listed = self._here.get(person), self._listed(person)
        if here is not None and here.verifier is not None and not _is_over(here, listed):
            return here.verifier
        return listed.pin if listed is not None else None

    def locked_ms(self, person: PersonId) -> int:
        """Return for how long from now no try at this person's PIN is judged."""
        return locked_ms(self._tries(person), self._now())

    def tries_left(self, person: PersonId) -> int:
        """Return how many tries are left before the next lock."""
        return tries_left(self._tries(person), self._now())

    def too_many_people(self, person: PersonId) -> bool:
        """Tell whether PINs of so many people were mistyped here within a day that no further person's is tried."""
        now = self._now()
        lately = {one for one, here in self._here.items() if here.tries.fails and now - here.tries.last < DAY_MS}
        return person not in lately and len(lately) >= MOST_PEOPLE_A_DAY

    def begin_try(self, person: PersonId, verifier: PinVerifier) -> PinTries:
        """Count a try as a wrong one, on disk, before it is judged. Return the count before it.

        Raises:
            StorageFull: It is not counted, so it must not be judged.
            StorageFailed: As before, for another failure.
        """
        before = self._tries(person)
        self._write(person, tries=failed(before, self._now()), salt=verifier.salt, open=True)
        return before

    def end_try(self, person: PersonId, *, before: PinTries | None) -> dict[str, bytes]:
        """Return the state to commit with the fact about the try; a right one is taken back by giving ``before``."""
        here = self._here[person]
        tries = here.tries if before is None else before
        self._here[person] = PinHere(tries=tries, salt=here.salt, verifier=here.verifier, set_at=here.set_at)
        return self._slot.row(self._here)

    def unjudged(self) -> list[PersonId]:
        """Return the people at whose PIN a try was counted but not judged, because the agent ended."""
        return [person for person, here in self._here.items() if here.open]

    def set_pin(self, person: PersonId, verifier: PinVerifier) -> dict[str, bytes]:
        """Keep a new PIN, and return the state to commit with the fact about it."""
        self._forget_needless()
        self._here[person] = PinHere(salt=verifier.salt, verifier=verifier, set_at=self._now())
        return self._slot.row(self._here)

    def unset(self, person: PersonId, before: "PinHere | None") -> None:
        """Go back to what held before `set_pin`, because the disk did not take it."""
        if before is None:
            self._here.pop(person, None)
        else:
            self._here[person] = before

    def here(self, person: PersonId) -> PinHere | None:
        """Return what is kept here of a person's PIN."""
        return self._here.get(person)

    def _tries(self, person: PersonId) -> PinTries:
        verifier, here, listed = self.verifier(person), self._here.get(person), self._listed(person)
        if verifier is None:
            return NO_TRIES
        tries = here.tries if here is not None and here.salt == verifier.salt else NO_TRIES
        # The county counts the tries at all kiosks, and these among them.
        if listed is not None and listed.pin is not None and listed.pin.salt == verifier.salt:
            tries = together(tries, listed.tries, self._now())
        return tries

    def _write(self, person: PersonId, *, tries: PinTries, salt: bytes, open: bool) -> None:
        self._forget_needless()
        before = self._here.get(person, PinHere())
        changed = PinHere(tries=tries, salt=salt, verifier=before.verifier, set_at=before.set_at, open=open)
        self._slot.write({**self._here, person: changed})
        self._here[person] = changed

    def _forget_needless(self) -> None:
        """Forget what the roster has now, and what says nothing any more."""
        now = self._now()
        for person, here in list(self._here.items()):
            listed = self._listed(person)
            verifier = None if _is_over(here, listed) else here.verifier
            if verifier is None and not here.open and not standing(here.tries, now):
                del self._here[person]
            elif verifier is not here.verifier:
                self._here[person] = PinHere(tries=here.tries, salt=here.salt, open=here.open)

    def _listed(self, person: PersonId) -> RosterPerson | None:
        roster = self._roster()
        return next((one for one in roster.people if one.id == person), None) if roster is not None else None

    def _now(self) -> WallMs:
        return self._clock.wall_of(self._clock.now())


def _digits(number: str) -> str:
    return "".join(letter for letter in number if letter.isdecimal())


def _is_over(here: PinHere, listed: RosterPerson | None) -> bool:
    """Tell whether a PIN that was set here does not hold: the roster has it or a later one, or the county voided it."""
    if here.verifier is None or listed is None:
        return False
    salt = here.verifier.salt
    has_it = listed.pin is not None and (listed.pin.salt == salt or listed.pin_set_at > here.set_at)
    return has_it or listed.voided >= here.set_at or salt in listed.refused
