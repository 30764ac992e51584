"""A person's requests: what the county's list says of them, and those made here that it does not name yet.

A request made here is kept in the outbox's state table, in the transaction of its fact. So it is shown as open after a
restart and without a line. The county alone says what becomes of it.
"""

from collections.abc import Callable, Iterable

from msgspec import Struct

from agent.storage.fact_writer import FactWriter
from agent.storage.state import StateSlot, StateStore
from protocol.bundle_contents import Month
from protocol.codec import Message
from protocol.facts import Agreed, Fact, RequestMade, RequestWithdrawn
from protocol.facts_requests import RequestId
from protocol.months import MonthRequest, OfStream
from protocol.units import DATED_QUALITIES, CodeWord, FactRef, PersonId, WallMs

MAX_KEPT = 200
"""Requests of all people that this station remembers by itself; the oldest goes first."""
MOST_A_DAY, MOST_A_DAY_HERE = 20, 100
"""Requests of one person within a day, and of all people here. Whoever takes each back could otherwise make them
without end, and those of others would be forgotten for it."""
MAX_OPEN = 12
"""Requests of one person here that nobody has answered: each is a fact, and a person of the township reads it."""
_DAY_MS = 86_400_000


class KeptRequest(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A request that was made here, as it is kept on the disk."""

    request: RequestId
    person: PersonId
    kind: CodeWord
    code: CodeWord | None = None
    made: WallMs = 0
    begin: WallMs = 0
    about: FactRef | None = None
    withdrawn: bool = False
    counted: WallMs = 0
    """When it was made, as far as this station knew; only for counting."""
    end: WallMs = 0
    substitute: PersonId = ""
    whole: bool = False
    """It was taken back before it began, by a clock that was right."""


class KeptAgreement(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What somebody said here to a swap that they were asked for."""

    request: RequestId
    agrees: bool


class KnownRequest(Struct, frozen=True, kw_only=True):
    """A request of a person, and how far it is."""

    request: bytes
    kind: CodeWord
    code: CodeWord | None
    made: WallMs
    begin: WallMs
    about: FactRef | None
    state: CodeWord
    end: WallMs = 0
    whom: str = ""
    """Who is to take a window over."""
    answer: str = ""
    answered: WallMs = 0
    listed: bool = False
    """The county's list has it."""
    fact: FactRef | None = None
    """That it was made here or, later, taken back; None if this station does not know which fact that was."""
    taken_back: bool = False
    """It was taken back here, and the county's list does not say so."""
    whole: bool = False
    """It was a time to be away, and was taken back here before it began: that holds whatever was approved."""


class KnownSwap(Struct, frozen=True, kw_only=True):
    """A window that somebody wants a person to take over, who has not said anything to it here."""

    request: bytes
    name: str
    begin: WallMs
    end: WallMs
    window: str = ""


class RequestBook:
    """Used on the core thread only."""

    def __init__(
        self,
        *,
        state: StateStore,
        fact_writer: FactWriter,
        month: Callable[[PersonId], Month | None],
        name_of: Callable[[PersonId], str],
    ) -> None:
        """
        Args:
            month: Returns the county's list for a person, or None.
            name_of: Returns a person's name; empty if they are not on the list.
        """
        self._name_of = name_of
        self._fact_writer = fact_writer
        self._month = month
        self._slot = StateSlot(state, "requests", list[KeptRequest], title="the list of requests")
        self._kept = self._slot.read() or []
        self._agreed_slot = StateSlot(state, "agreements", list[KeptAgreement], title="the list of agreements")
        self._agreed = self._agreed_slot.read() or []
        self._facts: dict[bytes, FactRef] = {}
        """The last fact about each request that is kept."""

    def recall(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        """Learn at the start which facts of the stream are about the requests that are kept."""
        if self._kept:
            self._note(facts)

    def _note(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        kept = {one.request for one in self._kept}
        for ref, fact in facts:
            if isinstance(fact, RequestMade | RequestWithdrawn) and fact.request in kept:
                self._facts[fact.request] = ref
        self._facts = {request: ref for request, ref in self._facts.items() if request in kept}

    def of(self, person: PersonId, *, month: Month | None = None) -> list[KnownRequest]:
        """Return a person's requests, the newest first.

        Args:
            month: The county's list for the person, where the caller has read it already.
        """
        month = month or self._month(person)
        kept = {one.request: one for one in self._kept if one.person == person}
        listed = (
            [
                _as_listed(one, month, kept.pop(one.request, None), self._facts.get(one.request))
                for one in month.requests
            ]
            if month
            else []
        )
        own = [
            _as_kept(one, self._facts.get(one.request), self._name_of(one.substitute))
            for one in reversed(kept.values())
        ]
        # What the county does not name yet was made after what it names. Its own list is in order.
        return [*own, *listed]

    def swaps(self, person: PersonId) -> list[KnownSwap]:
        """Return what others want a person to take over, by the county's list and by what was asked here."""
        month = self._month(person)
        listed = {one.request: one for one in month.swaps or ()} if month is not None else {}
        found = [
            KnownSwap(request=one.request, name=one.name, begin=one.begin, end=one.end, window=one.window)
            for one in listed.values()
        ]
        for one in self._kept:
            if one.kind == "swap" and one.substitute == person and one.request not in listed and self._is_open(one):
                name = self._name_of(one.person)
                found.append(KnownSwap(request=one.request, name=name, begin=one.begin, end=one.end))
        answered = {one.request for one in self._agreed}
        return [one for one in found if one.request not in answered]

    def _is_open(self, kept: KeptRequest) -> bool:
        """Tell whether neither its person here nor the county says that something came of a request."""
        month = self._month(kept.person)
        listed = {one.request: one.state for one in month.requests} if month is not None else {}
        return not kept.withdrawn and listed.get(kept.request, "open") == "open"

    def agree(self, fact: Agreed) -> None:
        """State what somebody says to a swap; when this returns, it is on the disk.

        Raises:
            StorageError: Nothing was recorded.
        """
        said = [*self._agreed, KeptAgreement(request=fact.request, agrees=fact.agrees)][-MAX_KEPT:]
        self._fact_writer.commit(fact, state=self._agreed_slot.row(said))
        self._agreed = said

    def waits_here(self, person: PersonId, kind: CodeWord) -> bool:
        """Tell whether something of a kind waits that the person has asked for here."""
        return kind in self._waiting_here(person)

    def are_too_many_open(self, person: PersonId) -> bool:
        """Tell whether as much waits as one person may ask for here.

        What others wrote down for them does not count, because the limit holds for who asks; nor does a lost card.
        """
        kinds = self._waiting_here(person)
        return len(kinds) - kinds.count("card_lost") >= MAX_OPEN

    def _waiting_here(self, person: PersonId) -> list[CodeWord]:
        own = {one.request for one in self._kept if one.person == person}
        return [one.kind for one in self.of(person) if one.state == "open" and one.request in own]

    def are_too_many(self, person: PersonId, now: WallMs, *, whoever_else: bool = True) -> bool:
        """Tell whether the person, or everybody here, has made as many requests as one day takes.

        Args:
            whoever_else: Whether what others have made counts too.
        """
        # A clock that was set back must not lock anybody out until it has caught up.
        today = [one.person for one in self._kept if abs(now - one.counted) < _DAY_MS]
        return today.count(person) >= MOST_A_DAY or (whoever_else and len(today) >= MOST_A_DAY_HERE)

    def make(self, fact: RequestMade, person: PersonId) -> None:
        """State a request; when this returns, it is on the disk.

        Raises:
            StorageError: Nothing was recorded.
        """
        kept = KeptRequest(
            request=fact.request,
            person=person,
            kind=fact.request_kind,
            code=fact.code,
            made=fact.at.wall if fact.at.quality in DATED_QUALITIES else 0,
            begin=fact.begin or 0,
            about=fact.about,
            counted=fact.at.wall,
            end=fact.end or 0,
            substitute=fact.substitute,
        )
        self._commit(fact, [*self._kept, kept][-MAX_KEPT:])

    def withdraw(self, fact: RequestWithdrawn, person: PersonId, known: KnownRequest, *, whole: bool) -> None:
        """State that a request is taken back; when this returns, it is on the disk.

        Args:
            whole: It holds whatever was approved.

        Raises:
            StorageError: Nothing was recorded.
        """
        before = next((one for one in self._kept if one.request == known.request), None)
        kept = KeptRequest(
            request=known.request,
            person=person,
            kind=known.kind,
            code=known.code,
            made=known.made,
            begin=known.begin,
            about=known.about,
            withdrawn=True,
            counted=before.counted if before is not None else 0,
            end=known.end,
            substitute=before.substitute if before is not None else "",
            whole=whole,
        )
        if before is not None:
            # It keeps its place, because the list is in the order in which the requests were made.
            self._commit(fact, [kept if one is before else one for one in self._kept])
        else:
            self._commit(fact, [*self._kept, kept][-MAX_KEPT:])

    def _commit(self, fact: RequestMade | RequestWithdrawn, kept: list[KeptRequest]) -> None:
        (ref,) = self._fact_writer.commit(fact, state=self._slot.row(kept))
        self._kept = kept
        self._note([(ref, fact)])


def ref_in(month: Month, place: OfStream | None) -> FactRef | None:
    """Return which fact of this station a month means; None if it means none."""
    if place is None or place.stream >= len(month.streams):
        return None
    return FactRef(epoch=month.streams[place.stream], seq=place.seq)


def _as_listed(one: MonthRequest, month: Month, kept: KeptRequest | None, fact: FactRef | None) -> KnownRequest:
    # The county has not heard of it yet, or somebody had answered before it heard.
    taken_back = kept is not None and kept.withdrawn and one.state != "withdrawn"
    whole = kept is not None and kept.whole
    holds = taken_back and (one.state == "open" or (whole and one.state == "accepted"))
    return KnownRequest(
        request=one.request,
        kind=one.kind,
        code=one.code,
        made=one.made,
        begin=one.begin,
        about=ref_in(month, one.about),
        end=one.end,
        whom=one.whom,
        state="withdrawn" if holds else one.state,
        answer=one.answer,
        answered=one.answered,
        listed=True,
        fact=fact,
        taken_back=taken_back,
        whole=whole,
    )


def _as_kept(one: KeptRequest, fact: FactRef | None, whom: str) -> KnownRequest:
    return KnownRequest(
        request=one.request,
        kind=one.kind,
        code=one.code,
        made=one.made,
        begin=one.begin,
        about=one.about,
        end=one.end,
        whom=whom,
        state="withdrawn" if one.withdrawn else "open",
        fact=fact,
        taken_back=one.withdrawn,
        whole=one.whole,
    )
