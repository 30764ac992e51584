"""The PINs of a village's people and how often each was guessed, as this station knows them.

Verifiers and tries come with the county's roster. What happened here since then is kept in the outbox's state table: a
PIN that was set here, and the tries made here. A try is on disk before it is judged, so that pulling the plug gives
nobody a new one. A PIN that is set again has tries of its own.

A number at which there is no PIN has tries too, so that it is answered as another one is. They are in memory only,
under a hash whose key ends with the agent. What somebody typed there may be their PIN.
"""

import logging
import secrets
from collections.abc import Callable
from copy import replace
from hashlib import blake2b

from msgspec import Struct

from agent.storage.state import StateSlot, StateStore
from agent.timekeeping.clock import StationClock
from protocol.bundle_contents import Roster, RosterPerson
from protocol.codec import Message
from protocol.facts_touch import NumberAnswer
from protocol.pin_tries import (
    DAY_MS,
    MOST_PEOPLE_A_DAY,
    NO_TRIES,
    PinTries,
    failed,
    locked_ms,
    standing,
    together,
)
from protocol.pins import BLOCK_SIZE, LOG2_N, PARALLEL, PinVerifier
from protocol.units import PersonId, WallMs

log = logging.getLogger(__name__)

MOST_OF_NOBODY = 256
"""Numbers without a PIN whose tries are in memory; the oldest is forgotten first. A day adds at most eight."""

LATELY_MS = 90 * DAY_MS
"""For so long a right PIN says that its person comes here."""

NOBODYS = PinVerifier(
    log2_n=LOG2_N, r=BLOCK_SIZE, p=PARALLEL, salt=secrets.token_bytes(16), digest=secrets.token_bytes(32)
)
"""Judged where there is no PIN, so that it takes as long as elsewhere. No PIN is this one."""


class Tried(Struct, frozen=True):
    """At what a try is made: a person's PIN, or a number without one."""

    person: PersonId
    """Empty if nobody has the number."""
    wrong: NumberAnswer = "wrong_pin"
    """What the fact says if it opens nothing."""
    verifier: PinVerifier = NOBODYS
    nobodys: bytes = b""
    """The key of the tries at a number without a PIN; empty if there is a PIN."""


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
    right_at: WallMs = 0
    """When the person last typed their PIN rightly here, or set it with their card."""


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
        self._nobodys_key = secrets.token_bytes(32)
        self._nobodys: dict[bytes, PinTries] = {}

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

    def tried(self, number: str) -> Tried:
        """Return at what a try is made if this number is typed."""
        person = self.find(number)
        verifier = self.verifier(person) if person is not None else None
        if person is not None and verifier is not None and self.may_sign_in(person):
            return Tried(person=person, verifier=verifier)
        wrong: NumberAnswer = "unknown" if person is None else "no_pin" if self.may_sign_in(person) else "not_allowed"
        key = blake2b(number.encode(), key=self._nobodys_key, digest_size=16).digest()
        return Tried(person=person or "", wrong=wrong, nobodys=key)

    def locked_ms(self, tried: Tried) -> int:
        """Return for how long from now no try is judged."""
        return locked_ms(self._tries(tried), self._now())

    def too_many(self, tried: Tried) -> bool:
        """Tell whether PINs of so many numbers were mistyped here within a day that no further number's is tried.

        Numbers that nobody has are among them, because otherwise the lock would tell which numbers are not. Who has
        signed in here lately goes on, or anybody could keep them from it with eight wrong numbers a day.
        """
        now = self._now()
        known = self._here.get(tried.person) if not tried.nobodys else None
        if known is not None and _was_here_lately(known, now):
            return False
        counts = [(one, here.tries) for one, here in self._here.items()]
        lately: set[str | bytes] = {one for one, tries in counts if tries.fails and now - tries.last < DAY_MS}
        lately |= {one for one, tries in self._nobodys.items() if now - tries.last < DAY_MS}
        return (tried.nobodys or tried.person) not in lately and len(lately) >= MOST_PEOPLE_A_DAY

    def begin_try(self, tried: Tried) -> PinTries:
        """Count a try as a wrong one, on disk, before it is judged. Return the count before it.

        Raises:
            StorageFull: It is not counted, so it must not be judged.
            StorageFailed: As before, for another failure.
        """
        before = self._tries(tried)
        counted = failed(before, self._now())
        if tried.nobodys:
            # The same work on the same disk: a full one must not tell either that there is no PIN.
            self._slot.write(self._here)
            self._count_nobodys(tried.nobodys, counted)
        else:
            self._write(tried.person, tries=counted, salt=tried.verifier.salt, open=True)
        return before

    def was_wrong(self, tried: Tried) -> dict[str, bytes]:
        """Let a try stay counted, and return the state to commit with the fact about it."""
        if not tried.nobodys:
            self._end_try(tried.person, self._here[tried.person].tries)
        return self._slot.row(self._here)

    def was_right(self, person: PersonId, *, before: PinTries) -> dict[str, bytes]:
        """Take a try back: ``before`` was the count before it. Return the state to commit with the fact about it."""
        self._end_try(person, before)
        self._here[person] = replace(self._here[person], right_at=self._now())
        return self._slot.row(self._here)

    def _end_try(self, person: PersonId, tries: PinTries) -> None:
        self._here[person] = replace(self._here[person], tries=tries, open=False)

    def unjudged(self) -> list[PersonId]:
        """Return the people at whose PIN a try was counted but not judged, because the agent ended."""
        return [person for person, here in self._here.items() if here.open]

    def set_pin(self, person: PersonId, verifier: PinVerifier) -> dict[str, bytes]:
        """Keep a new PIN, and return the state to commit with the fact about it."""
        self._forget_needless()
        now = self._now()
        self._here[person] = PinHere(salt=verifier.salt, verifier=verifier, set_at=now, right_at=now)
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

    def _count_nobodys(self, key: bytes, tries: PinTries) -> None:
        self._nobodys.pop(key, None)
        self._nobodys[key] = tries
        while len(self._nobodys) > MOST_OF_NOBODY:
            del self._nobodys[next(iter(self._nobodys))]

    def _tries(self, tried: Tried) -> PinTries:
        if tried.nobodys:
            return self._nobodys.get(tried.nobodys, NO_TRIES)
        verifier, here, listed = tried.verifier, self._here.get(tried.person), self._listed(tried.person)
        tries = here.tries if here is not None and here.salt == verifier.salt else NO_TRIES
        # The county counts the tries at all kiosks, and these among them.
        if listed is not None and listed.pin is not None and listed.pin.salt == verifier.salt:
            tries = together(tries, listed.tries, self._now())
        return tries

    def _write(self, person: PersonId, *, tries: PinTries, salt: bytes, open: bool) -> None:
        self._forget_needless()
        before = self._here.get(person, PinHere())
        changed = replace(before, tries=tries, salt=salt, open=open)
        self._slot.write({**self._here, person: changed})
        self._here[person] = changed

    def _forget_needless(self) -> None:
        """Forget what the roster has now, and what says nothing any more."""
        now = self._now()
        for person, here in list(self._here.items()):
            listed = self._listed(person)
            verifier = None if _is_over(here, listed) else here.verifier
            if not (verifier or here.open or standing(here.tries, now) or _was_here_lately(here, now)):
                del self._here[person]
            elif verifier is not here.verifier:
                self._here[person] = replace(here, verifier=None, set_at=0)

    def _listed(self, person: PersonId) -> RosterPerson | None:
        roster = self._roster()
        return next((one for one in roster.people if one.id == person), None) if roster is not None else None

    def _now(self) -> WallMs:
        return self._clock.wall_of(self._clock.now())


def _digits(number: str) -> str:
    return "".join(letter for letter in number if letter.isdecimal())


def _was_here_lately(here: PinHere, now: WallMs) -> bool:
    return abs(now - here.right_at) < LATELY_MS


def _is_over(here: PinHere, listed: RosterPerson | None) -> bool:
    """Tell whether a PIN that was set here does not hold: the roster has it or a later one, or the county voided it."""
    if here.verifier is None or listed is None:
        return False
    salt = here.verifier.salt
    has_it = listed.pin is not None and (listed.pin.salt == salt or listed.pin_set_at > here.set_at)
    return has_it or listed.voided >= here.set_at or salt in listed.refused
