"""Who came to a meeting, who is late, excused or absent, and whether there was a quorum: section 7 of docs/rules.md.

Pure: plain values in, plain values out. Times are aware moments; they are cut to whole minutes here, as the rules say.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from protocol.meetings import ON_TIME_MS, SIGN_IN_BEFORE_MS, Quorum

EARLY, LATE = dt.timedelta(milliseconds=SIGN_IN_BEFORE_MS), dt.timedelta(milliseconds=ON_TIME_MS)
"""So long before its start one signs in; after so long one is late, and the quorum is judged."""

_END_OF_TIME = dt.datetime.max.replace(tzinfo=dt.UTC)


class State(StrEnum):
    """How somebody who is expected stands to a meeting."""

    CAME = "came"
    LATE = "late"
    """They came, and are counted as such."""
    EXCUSED = "excused"
    UNDATED = "undated"
    """A touch of theirs that nothing dates could lie within the span. A person must look at it."""
    COMING = "coming"
    """The meeting has not ended, and they have not come yet."""
    AWAITED = "awaited"
    """A station where one signs in has not told of a later time."""
    ABSENT = "absent"


CAME = frozenset({State.CAME, State.LATE})


class Word(StrEnum):
    """What somebody's word about a person without a card comes to."""

    ENTERED = "entered"
    """The chair's."""
    CONFIRMED = "confirmed"
    """It confirms what the chair entered."""
    OF_ONESELF = "of_oneself"
    OF_A_STRANGER = "of_a_stranger"
    """Whoever says so is not expected."""
    BEFORE_THE_ENTRY = "before_the_entry"
    """Their touch came before the chair entered the person there, or the chair never did."""
    OUTSIDE = "outside"
    """Their touch lies outside the time in which one signs in."""
    UNDATED = "undated"
    """Nothing dates it, or they showed who they are by a number only."""
    TAKEN_BACK = "taken_back"
    """It stood until the chair took it back."""
    TAKES_BACK = "takes_back"
    """The chair takes back what was said of the person there before."""
    NOT_THE_CHAIR = "not_the_chair"
    """Somebody else takes back an entry, which changes nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What was announced."""

    begin: dt.datetime
    end: dt.datetime
    stations: frozenset[str]
    chair: int | None
    expected: Sequence[int]
    voters: frozenset[int]
    quorum: Quorum | None


class Touched(NamedTuple):
    """A touch that counts for a person, one that joins a run too. ``at`` None: nothing dates it."""

    person: int
    station: str
    at: dt.datetime | None
    earliest: dt.datetime | None = None
    """Of an undated touch: the dated fact before it; None: there is none."""
    latest: dt.datetime | None = None
    """Of an undated touch: the dated fact after it, or when the county received it."""


class Vouched(NamedTuple):
    """Somebody, ``by``, says at a station that ``person`` is here. ``at`` and ``touched_at`` None: nothing dates it."""

    person: int
    by: int
    station: str
    at: dt.datetime | None
    """When it was said."""
    touched_at: dt.datetime | None
    """When ``by`` touched the station for it; None also if they showed who they are by a number only."""
    back: bool = False
    """They say that ``person`` is not here after all."""


class Away(NamedTuple):
    """Approved leave, field duty or a meeting elsewhere, ``[begin, end)``."""

    person: int
    kind: str
    begin: dt.datetime
    end: dt.datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How one of those expected stands to the meeting."""

    person: int
    state: State
    at: dt.datetime | None = None
    """When they signed in, to the minute."""
    away: str = ""
    """The kind of absence that covers the whole meeting; they may have come all the same."""
    vouched_by: int | None = None
    until_taken_back: Sequence[tuple[dt.datetime, dt.datetime]] = ()
    """From when to when they were signed in by words that the chair took back."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether those who had signed in by a minute were enough."""

    at: dt.datetime
    there: int
    """Voters who had signed in."""
    voters: int
    needed: int

    @property
    def is_reached(self) -> bool:
        """Tell whether they were. Where nobody votes, nobody is enough."""
        return self.voters > 0 and self.there >= self.needed


@dataclass(frozen=True, slots=True)
class Facts:
    """What is on record about a meeting."""

    touched: Collection[Touched] = ()
    vouched: Sequence[Vouched] = ()
    """In the order in which each station stated them."""
    away: Collection[Away] = ()
    told_until: dt.datetime | None = None
    """Up to when the stations of the meeting have told of everything; None: one has told of nothing."""


def cut(at: dt.datetime) -> dt.datetime:
    """Return the whole minute of a moment."""
    return at.replace(second=0, microsecond=0)


def standings(plan: Plan, facts: Facts, now: dt.datetime) -> list[Standing]:
    """Return how each of those expected stands to a meeting, in their order."""
    words = _standing(plan, facts.vouched)
    signed = _signed_in(plan, facts, [facts.vouched[place] for place in words.places])
    excused = excused_by(plan, facts.away)
    undated = {one.person for one in facts.touched if _could_sign_in(plan, one)}
    missing = _missing(plan, facts, now)
    found = []
    for person in dict.fromkeys(plan.expected):
        at, voucher = signed.get(person, (None, None))
        if at is not None:
            state = State.LATE if at > plan.begin + LATE else State.CAME
            one = Standing(person, state, at, away=excused.get(person, ""), vouched_by=voucher)
        elif person in excused:
            one = Standing(person, State.EXCUSED, away=excused[person])
        else:
            one = Standing(person, State.UNDATED if person in undated else missing)
        found.append(replace(one, until_taken_back=words.spans[person]) if person in words.spans else one)
    return found


def quorum_at_vote(plan: Plan, found: Iterable[Standing], at: dt.datetime) -> Judged | None:
    """Return whether enough of the voters were there at a vote; None: the meeting needs no quorum."""
    return _judge(plan, at, voters_then(plan, found, at))


def voters_then(plan: Plan, found: Iterable[Standing], at: dt.datetime) -> int:
    """Return how many of the voters had signed in by a moment, whether or not they have left since.

    An entry that the chair took back later still counts: a vote keeps who was taken for present then.
    """
    minute = cut(at)
    return sum(
        one.person in plan.voters
        and (_by(one, minute) or any(begin <= minute < end for begin, end in one.until_taken_back))
        for one in found
    )


def quorum_after_start(plan: Plan, found: Iterable[Standing]) -> Judged | None:
    """Return whether enough had signed in by the minute at which the rules judge it first.

    What the chair has taken back since does not count.
    """
    minute = cut(plan.begin + LATE)
    return _judge(plan, minute, sum(one.person in plan.voters and _by(one, minute) for one in found))


def _by(one: Standing, minute: dt.datetime) -> bool:
    return one.at is not None and one.at <= minute


def _judge(plan: Plan, at: dt.datetime, there: int) -> Judged | None:
    if plan.quorum is None:
        return None
    voters = len(plan.voters & set(plan.expected))
    return Judged(cut(at), there, voters, plan.quorum.needed(voters))


def excused_by(plan: Plan, away: Collection[Away]) -> dict[int, str]:
    """Return the people whose absences cover the whole meeting together, with the kind of the longest of them."""
    of_person: dict[int, list[Away]] = defaultdict(list)
    for one in away:
        if one.begin < plan.end and one.end > plan.begin:
            of_person[one.person].append(one)
    return {person: _longest(plan, some) for person, some in of_person.items() if _cover(plan, some)}


def _in_span(plan: Plan, at: dt.datetime) -> bool:
    return plan.begin - EARLY <= cut(at) <= plan.end


def _signed_in(plan: Plan, facts: Facts, words: Sequence[Vouched]) -> dict[int, tuple[dt.datetime, int | None]]:
    """Return the minute at which each person signed in first, and who vouched for them if somebody had to."""
    signed: dict[int, tuple[dt.datetime, int | None]] = {}
    for touch in facts.touched:
        if touch.at is not None and touch.station in plan.stations and _in_span(plan, touch.at):
            _keep_first(signed, touch.person, cut(touch.at), None)
    for person, at, voucher in _confirmed(plan, words):
        _keep_first(signed, person, at, voucher)
    return signed


def _keep_first(
    signed: dict[int, tuple[dt.datetime, int | None]], person: int, at: dt.datetime, voucher: int | None
) -> None:
    # Their own touch tells more than somebody's word of the same minute, and of two who say it the first counts.
    if person not in signed or at < signed[person][0]:
        signed[person] = (at, voucher)


def _confirmed(plan: Plan, vouched: Collection[Vouched]) -> list[tuple[int, dt.datetime, int]]:
    """Return who was entered by the chair and confirmed by another who is expected, and the minute of that touch."""
    entered = _entered(plan, vouched)
    found = [
        (one.person, cut(one.touched_at), one.by)
        for one in vouched
        if one.touched_at is not None and _judged(plan, one, entered) == Word.CONFIRMED
    ]
    return sorted(found, key=lambda one: one[1:])


def words_judged(plan: Plan, vouched: Sequence[Vouched]) -> list[tuple[Vouched, Word]]:
    """Return what each word about somebody without a card comes to, in their order."""
    stands = _standing(plan, vouched).places
    entered = _entered(plan, [vouched[place] for place in stands])
    found = []
    for place, one in enumerate(vouched):
        if one.back:
            word = Word.TAKES_BACK if one.by == plan.chair else Word.NOT_THE_CHAIR
        else:
            word = _judged(plan, one, entered) if place in stands else Word.TAKEN_BACK
        found.append((one, word))
    return found


class _Standing(NamedTuple):
    """The places of the words that stand, and from when to when those that were taken back signed somebody in."""

    places: list[int]
    spans: dict[int, list[tuple[dt.datetime, dt.datetime]]]


def _standing(plan: Plan, vouched: Sequence[Vouched]) -> _Standing:
    """Return the words that stand: where the chair takes somebody back, all that was said of them there is gone."""
    places: list[int] = []
    spans: dict[int, list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
    for place, one in enumerate(vouched):
        if not one.back:
            places.append(place)
        elif one.by == plan.chair:
            gone = [old for old in places if (vouched[old].person, vouched[old].station) == (one.person, one.station)]
            places = [old for old in places if old not in gone]
            for person, at, _ in _confirmed(plan, [vouched[old] for old in gone]):
                # Nobody can say that a vote came after a moment that nothing dates.
                spans[person].append((at, _END_OF_TIME if one.at is None else cut(one.at)))
    return _Standing(places, dict(spans))


def _entered(plan: Plan, vouched: Collection[Vouched]) -> dict[tuple[int, str], dt.datetime]:
    """Return the minute at which the chair first entered each person at each station."""
    entered: dict[tuple[int, str], dt.datetime] = {}
    for one in vouched:
        if one.by == plan.chair and one.at is not None and one.station in plan.stations:
            key = (one.person, one.station)
            entered[key] = min(cut(one.at), entered.get(key, cut(one.at)))
    return entered


def _judged(plan: Plan, one: Vouched, entered: Mapping[tuple[int, str], dt.datetime]) -> Word:
    if one.by == plan.chair:
        return Word.ENTERED if one.at is not None else Word.UNDATED
    if one.by == one.person:
        return Word.OF_ONESELF
    if one.by not in plan.expected:
        return Word.OF_A_STRANGER
    if one.touched_at is None:
        return Word.UNDATED
    since = entered.get((one.person, one.station))
    if since is None or since > cut(one.touched_at):
        return Word.BEFORE_THE_ENTRY
    return Word.CONFIRMED if _in_span(plan, one.touched_at) else Word.OUTSIDE


def _cover(plan: Plan, away: Iterable[Away]) -> bool:
    covered = plan.begin
    for one in sorted(away, key=lambda one: one.begin):
        if one.begin > covered:
            return False
        covered = max(covered, one.end)
    return covered >= plan.end


def _longest(plan: Plan, away: Iterable[Away]) -> str:
    minutes: dict[str, dt.timedelta] = defaultdict(dt.timedelta)
    for one in away:
        minutes[one.kind] += min(one.end, plan.end) - max(one.begin, plan.begin)
    order = ("leave", "field_duty", "meeting")
    return max(minutes, key=lambda kind: (minutes[kind], -order.index(kind)))


def _could_sign_in(plan: Plan, touch: Touched) -> bool:
    """Tell whether an undated touch could lie in the span: between the dated facts before and after it."""
    if touch.at is not None or touch.station not in plan.stations:
        return False
    begun = touch.earliest is None or cut(touch.earliest) <= plan.end
    return begun and (touch.latest is None or cut(touch.latest) >= plan.begin - EARLY)


def _missing(plan: Plan, facts: Facts, now: dt.datetime) -> State:
    """Return how somebody stands who has not signed in."""
    if cut(now) <= plan.end:
        return State.COMING
    # The minute of the end belongs to the span.
    told = facts.told_until is not None and cut(facts.told_until) > plan.end
    return State.ABSENT if told else State.AWAITED
