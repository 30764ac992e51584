"""Requests with the people who made them, and how far each is.

Whose a request is nobody stores: it is whoever held the card at the touch that opened the visit, or whose number it
was. So a card that is bound later brings its requests with it, as it brings its touches.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from protocol.units import DATED_QUALITIES
from server_broker.attendance.models import Touch
from server_broker.attendance.tables import TOUCHES
from server_broker.attendance.touches import TouchRow, touch_rows
from server_broker.fleet.tables import STATION_EVENTS, known_wall
from server_broker.people.models import Binding, Person, PersonRecord
from server_broker.people.numbers import numbers_of
from server_broker.platform.sql import query
from server_broker.platform.tables import Table
from server_broker.requests.kinds import AWAY
from server_broker.requests.models import Agreement, Answer, CountyRequest, Outcome, Request, Withdrawal
from server_broker.requests.surplus import beyond, withdrawals
from server_broker.requests.tables import REQUESTS

OPEN, WITHDRAWN = "open", "withdrawn"
type _Key = tuple[type[Spoken], int]
type Ref = tuple[str, bytes, int]
_TOUCHES_AT = f"""SELECT t.id FROM unnest(%s::text[], %s::bytea[], %s::bigint[]) AS w (station, epoch, seq)
    JOIN {TOUCHES} t ON (t.station_id, t.epoch, t.seq) = (w.station, w.epoch, w.seq)"""  # noqa: S608 - our own constant
type Spoken = Request | Withdrawal | Agreement
"""What somebody said at a station after they had shown who they are."""


def _last_dated(table: Table) -> str:
    return f"""(SELECT t.seq, {known_wall("t")} AS at FROM {table} t
        WHERE t.station_id = w.station AND t.epoch = w.epoch AND t.seq >= w.since AND t.seq < w.seq
          AND {known_wall("t")} IS NOT NULL
        ORDER BY t.seq DESC LIMIT 1)"""  # noqa: S608 - our own constant


# Each place is looked for only after the place before it in its stream, so that a stream is read once at most.
_BEFORE = f"""
SELECT w.station, w.epoch, w.seq, last.at FROM (
    SELECT *, lag(seq, 1, 0::bigint) OVER (PARTITION BY station, epoch ORDER BY seq) AS since
    FROM unnest(%(stations)s::text[], %(epochs)s::bytea[], %(seqs)s::bigint[]) AS u (station, epoch, seq)
) w LEFT JOIN LATERAL (
    {" UNION ALL ".join(map(_last_dated, (TOUCHES, STATION_EVENTS, REQUESTS)))} ORDER BY seq DESC LIMIT 1
) last ON true
ORDER BY w.station, w.epoch, w.seq
"""  # noqa: S608 - our own constants


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A withdrawal by the request's own person."""

    at: dt.datetime
    """When it was made, by the rule for whatever people say at stations (`said_at`)."""
    heard_at: dt.datetime
    """When the county received it."""


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request for a list. ``person`` is None if the card is bound to nobody."""

    request: Request
    person: Person | None
    made_at: dt.datetime
    """When it was made; if nothing dates it, when it was received."""
    is_dated: bool
    about: TouchRow | None
    """The touch that it is about, as the county has it now."""
    state: str
    """``open``, ``withdrawn``, or the outcome of the newest answer."""
    answers: Sequence[Answer]
    """What was said to it, the newest last."""
    changed_at: dt.datetime
    """When the county last heard of something about it."""
    taken_back_at: dt.datetime | None = None
    """When the person took it back, if that counts."""
    too_late: TakenBack | None = None
    """The person took it back and it does not count (`counting`). The answer stands."""

    @property
    def answer(self) -> Answer | None:
        """The newest answer."""
        return self.answers[-1] if self.answers else None


def request_rows(requests: Iterable[Request]) -> list[RequestRow]:
    """Return requests with their people and answers, in their order, with a fixed number of queries."""
    listed = list(requests)
    taken_back = list(
        withdrawals().filter(
            station__in={one.station_id for one in listed}, request__in=[bytes(one.request) for one in listed]
        )
    )
    touches = touches_at([*map(_by, listed), *map(_by, taken_back), *filter(None, map(_about, listed))])
    people = _people([*listed, *taken_back], touches)
    times = times_said(taken_back)
    answers: dict[int | None, list[Answer]] = defaultdict(list)
    for answer in Answer.objects.filter(request__in=[one.pk for one in listed]).order_by("at", "pk"):
        assert answer.request_id is not None
        answers[answer.request_id].append(answer)
    backs: dict[tuple[str, bytes], list[Withdrawal]] = defaultdict(list)
    for each in taken_back:
        backs[each.station_id, bytes(each.request)].append(each)
    rows = []
    for one in listed:
        at, dated = made(one)
        person = people.get(_key(one))
        own = [back for back in backs[one.station_id, bytes(one.request)] if people.get(_key(back)) == person]
        said = _taken_back(own, times) if person is not None else []
        counts = counting(said, decided_at(answers[one.pk]), may_end_before(one, answers[one.pk]))
        state, changed = _state(one, answers[one.pk], counts)
        too_late = said[0] if said and counts is None else None
        about = touches.get(ref) if (ref := _about(one)) is not None else None
        back_at = counts.at if counts is not None else None
        rows.append(RequestRow(one, person, at, dated, about, state, answers[one.pk], changed, back_at, too_late))
    return rows


def _taken_back(own: Iterable[Withdrawal], times: Mapping[_Key, dt.datetime]) -> list[TakenBack]:
    """Return withdrawals in the order in which the county heard of them."""
    return sorted((TakenBack(times[_key(row)], row.received_at) for row in own), key=lambda one: one.heard_at)


def decided_at(answers: Iterable[Answer]) -> dt.datetime | None:
    """Return when somebody first answered whom no second one has to follow; None: nobody did."""
    return next((one.at for one in answers if one.is_last), None)


def may_end_before(one: Request | CountyRequest, answers: Sequence[Answer]) -> dt.datetime | None:
    """Return the begin of a time to be away that somebody has approved: until then it may be taken back whole."""
    approved = bool(answers) and answers[-1].is_last and answers[-1].outcome == Outcome.ACCEPTED
    return one.begin_at if approved and one.kind in AWAY else None


def counting(said: Iterable[TakenBack], decided: dt.datetime | None, begin: dt.datetime | None) -> TakenBack | None:
    """Return which withdrawal counts, of those in the order in which the county heard of them; None: none does.

    The station may not know yet that somebody has answered. Then the answer stands, but for what was approved and had
    not begun when it was taken back.

    Args:
        begin: `may_end_before`.
    """
    for one in said:
        if decided is None or one.heard_at <= decided or (begin is not None and one.at < begin):
            return one
    return None


def _state(one: Request, answers: list[Answer], back: TakenBack | None) -> tuple[str, dt.datetime]:
    if back is not None:
        return WITHDRAWN, back.heard_at
    return (answers[-1].outcome, answers[-1].at) if answers else (OPEN, one.received_at)


def said_at(one: Spoken) -> dt.datetime:
    """Return when it was said; undated, the time of the last dated fact before it that is a row of these tables."""
    return times_said([one])[_key(one)]


def times_said(rows: Iterable[Spoken]) -> dict["_Key", dt.datetime]:
    """Return when each was said (`said_at`), in at most one query."""
    times, undated = {}, {}
    for row in rows:
        times[_key(row)], is_dated = made(row)
        if not is_dated:
            undated[_key(row)] = row
    before = _dated_before({_place(row) for row in undated.values()})
    return times | {key: before[_place(row)] for key, row in undated.items() if _place(row) in before}


def _dated_before(places: set[Ref]) -> dict[Ref, dt.datetime]:
    """Return the time of the last dated fact before each place, where there is one."""
    if not places:
        return {}
    columns = [list(column) for column in zip(*sorted(places), strict=True)]
    found: dict[Ref, dt.datetime] = {}
    stream, last = None, None
    for station, epoch, seq, at in query(_BEFORE, {"stations": columns[0], "epochs": columns[1], "seqs": columns[2]}):
        if (station, epoch) != stream:
            stream, last = (station, epoch), None
        last = at or last
        if last is not None:
            found[station, bytes(epoch), seq] = last
    return found


def made(one: Spoken) -> tuple[dt.datetime, bool]:
    """Return when something was said, and whether that is known; if not, when it was received."""
    dated = one.quality in DATED_QUALITIES
    return one.corrected_wall or (one.wall if dated else one.received_at), dated or one.corrected_wall is not None


def taken_back_at_kiosks(requests: Iterable[bytes], person_of: Mapping[bytes, int]) -> dict[bytes, list[TakenBack]]:
    """Return how people took requests of the county back at kiosks, each by its own person, as the county heard of it.

    Args:
        person_of: Keys of the people by the ids of their requests.
    """
    rows = list(withdrawals().filter(request__in=list(requests)))
    people = _people(rows, touches_at(map(_by, rows)))
    found: dict[bytes, list[Withdrawal]] = defaultdict(list)
    for row in rows:
        person = people.get(_key(row))
        if person is not None and person_of.get(bytes(row.request)) == person.pk:
            found[bytes(row.request)].append(row)
    times = times_said(row for own in found.values() for row in own)
    return {request: _taken_back(own, times) for request, own in found.items()}


def who_agreed(rows: Sequence[Agreement]) -> dict[int, Person]:
    """Return whose word each is, by its key. Of a card that is bound to nobody, or was lost, there is none."""
    people = _people(rows, touches_at(map(_by, rows)))
    return {row.pk: people[_key(row)] for row in rows if _key(row) in people}


def taken_up() -> Exists:
    """Return the condition that the county goes on with a station's request under the same id (`taking_up`)."""
    return Exists(CountyRequest.objects.filter(request=OuterRef("request")))


def requests_of(people: Sequence[Person]) -> QuerySet[Request]:
    """Return the requests that may be these people's, wherever they were made: `request_rows` says whose each is.

    What the county goes on with as its own is left out: there it has its answer. So is what is too much (`surplus`).
    """
    tokens = Binding.objects.filter(person__in=people).values("subject__token")
    numbers = PersonRecord.objects.filter(subject__in=people).values("number")
    touched = Touch.objects.filter(
        station=OuterRef("station"), epoch=OuterRef("by_epoch"), seq=OuterRef("by_seq")
    ).filter(Q(card_token__in=tokens) | Q(person_number__in=numbers))
    own = Request.objects.filter(Q(person_number__in=numbers) | Exists(touched))
    return own.exclude(taken_up()).filter(~beyond())


def _by(row: Spoken) -> Ref:
    return row.station_id, bytes(row.by_epoch), row.by_seq


def _place(row: Spoken) -> Ref:
    return row.station_id, bytes(row.epoch), row.seq


def _about(row: Request) -> Ref | None:
    if row.about_epoch is None or row.about_seq is None:
        return None
    return row.station_id, bytes(row.about_epoch), row.about_seq


def _key(row: Spoken) -> _Key:
    return type(row), row.pk


def touches_at(refs: Iterable[Ref]) -> dict[Ref, TouchRow]:
    """Return the touches that stand under these identities (station, epoch, seq), with their people."""
    wanted = sorted(set(refs))
    if not wanted:
        return {}
    # By whole identities: of some epochs and some seqs there are as many as a station likes to have.
    here = RawSQL(_TOUCHES_AT, [list(column) for column in zip(*wanted, strict=True)])  # noqa: S611 - our own constant
    found = list(Touch.objects.filter(pk__in=here).select_related("station__village"))
    return {(row.touch.station_id, bytes(row.touch.epoch), row.touch.seq): row for row in touch_rows(found)}


def _people(rows: Sequence[Spoken], touches: dict[Ref, TouchRow]) -> dict[_Key, Person]:
    numbers = numbers_of({row.person_number for row in rows} - {""})
    found = {}
    for row in rows:
        if row.person_number:
            at = row.corrected_wall or (row.wall if row.quality in DATED_QUALITIES else row.received_at)
            person = numbers.person(row.person_number, at)
        else:
            touch = touches.get(_by(row))
            person = None if touch is None or touch.outcome == "lost" else touch.person
        if person is not None:
            found[_key(row)] = person
    return found
