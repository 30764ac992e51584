"""Set apart what a station says in people's names beyond a day's measure, until somebody decides about all of it.

Whoever has a stolen station can ask for leave, report cards lost, agree to swaps and take requests back for whoever
touched a card there. Each by itself reads like any other, and thousands would bury those of the county's people. So
what is beyond the measure does not count, waits for nobody's decision and stands in nobody's list. It is all kept: one
line of its station says how much there is, and one decision takes all of it up or throws all of it away.

The measure is what no village meets. It has 3 to 12 cadres; if each of twelve asks for something on every working day
of two weeks without a line, and all of that arrives on one day, these are 120. The kiosk itself takes at most 100
requests a day, and of one person at most 20.

What arrives between two turns may be seen before it is found to be too much. The county goes on with nothing of a
station before all of that is measured. Of very much this takes several turns (`server_broker.fleet.day_measure`). What
is set apart is what nobody had answered by then.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from server_broker.attendance.tables import TOUCHES
from server_broker.fleet.alarm_codes import MANY_REQUESTS
from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.day_measure import Measure, Measuring
from server_broker.fleet.models import Station
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.fleet.surplus_decisions import note_decision
from server_broker.platform.sql import lock_until_commit, query
from server_broker.platform.tables import Table
from server_broker.regions.models import TOWNSHIP_DIGITS
from server_broker.requests.models import Agreement, Request, Surplus, SurplusDecision, Withdrawal
from server_broker.requests.tables import AGREEMENTS, REQUESTS, WITHDRAWALS

A_DAY = 120
"""So many requests of a station count each day, so many withdrawals, and so many agreements."""
OF_ONE = 20
"""Of those so many requests of a kind by one person, and so many words about one request."""

type _Said = type[Request] | type[Agreement] | type[Withdrawal]

_LOCK = 0x73757270  # "surp", one decision about a station at a time

TAKEN_UP, DROPPED = "request.surplus_taken_up", "request.surplus_dropped"

_UNANSWERED = """
WHERE NOT EXISTS (SELECT FROM requests_answer a WHERE a.request_id = beyond.id)
  AND NOT EXISTS (SELECT FROM requests_countyrequest c JOIN requests_request r ON r.request = c.request
                  WHERE r.id = beyond.id)
"""
_KEYS: dict[_Said, str] = {Request: "request_id", Agreement: "agreement_id", Withdrawal: "withdrawal_id"}


def _measure(said: _Said, table: Table, *, whose: str, join: str = "", among: str = "") -> Measure:
    key = _KEYS[said]
    keep = f"""WITH beyond AS (SELECT * FROM unnest(%s::bigint[], %s::text[]) AS b (id, station_id)), added AS (
            INSERT INTO requests_surplus ({key}, station_id, since) SELECT id, station_id, %s FROM beyond {among}
            ON CONFLICT DO NOTHING RETURNING {key} AS id
        ) UPDATE {table} r SET apart = true FROM added WHERE r.id = added.id RETURNING r.station_id"""  # noqa: S608 - our own
    return Measure(
        said=f"""SELECT r.id, r.station_id, r.received_at FROM {table} r
                 WHERE NOT r.apart AND NOT EXISTS (SELECT FROM requests_surplus s WHERE s.{key} = r.id)""",  # noqa: S608
        a_day=A_DAY,
        keep=partial(_keep, keep),
        whose=f"SELECT r.id, {whose} FROM {table} r {join} WHERE r.id = ANY(%s)",  # noqa: S608 - likewise
        of_one=OF_ONE,
    )


def _keep(statement: str, beyond: Mapping[int, str], now: datetime) -> Counter[str]:
    added = Counter(station for (station,) in query(statement, [list(beyond), list(beyond.values()), now]))
    raise_alarms([AlarmCall(station, MANY_REQUESTS, "major", _detail(station)) for station in added], at=now)
    return added


_BY = "(t.station_id, t.epoch, t.seq) = (r.station_id, r.by_epoch, r.by_seq)"
_PERSON = "coalesce(nullif(r.person_number, ''), nullif(t.person_number, ''), encode(t.card_token, 'hex'), '')"
_MEASURES = [
    _measure(
        Request,
        REQUESTS,
        whose=f"{_PERSON} || ' ' || r.kind",
        join=f"LEFT JOIN {TOUCHES} t ON {_BY}",
        among=_UNANSWERED,
    ),
    _measure(Agreement, AGREEMENTS, whose="encode(r.request, 'hex')"),
    _measure(Withdrawal, WITHDRAWALS, whose="encode(r.request, 'hex')"),
]


def measuring() -> Measuring:
    """Return what sets apart what stations said beyond the measure: it has looked at nothing yet."""
    return Measuring(_MEASURES)


def may_go_on(measured: Measuring) -> Q:
    """Return the condition that all is measured of the station of a request, an agreement or a withdrawal."""
    return ~Q(station__in=sorted(measured.behind))


def _detail(station: str) -> str:
    kept = undecided().filter(station=station).count()
    return f"站点 {station} 一天报来的申请超过 {A_DAY} 条，或一个人的超过 {OF_ONE} 条，多出的 {kept} 条先不办，一条不少"


def beyond() -> Q:
    """Return the condition that a request, an agreement or a withdrawal is too much and nobody has taken it up."""
    return Q(apart=True)


def withdrawals() -> QuerySet[Withdrawal]:
    """Return the withdrawals of which each may count."""
    return Withdrawal.objects.filter(~beyond())


def undecided() -> QuerySet[Surplus]:
    """Return what is too much and nobody has decided about."""
    return Surplus.objects.filter(decision=None)


@dataclass(frozen=True, slots=True)
class Line:
    """How much of a station waits for one decision."""

    station: Station
    requests: int
    others: int
    """Withdrawals and agreements."""

    @property
    def count(self) -> int:
        """All of it."""
        return self.requests + self.others


def lines(stations: QuerySet[Station]) -> list[Line]:
    """Return how much waits of each of these stations, the most first."""
    found = undecided().filter(station__in=stations).values("station")
    rows = found.annotate(all=Count("pk"), asked=Count("request")).order_by("-all", "station")
    by_key = Station.objects.select_related("village").in_bulk([row["station"] for row in rows])
    return [Line(by_key[row["station"]], row["asked"], row["all"] - row["asked"]) for row in rows]


def decide_surplus(station: Station, *, take_up: bool, through: int, reason: str, actor: str, at: datetime) -> int:
    """Take up or throw away all that waits of a station, as one decision; return how much it was.

    Args:
        through: The newest that whoever decides has seen. What has come since waits for another decision.
    """
    with transaction.atomic():
        # Of two officers who decide at once, the second finds nothing left. This may take seconds, so it is not the
        # station's row: nobody who writes to that waits.
        lock_until_commit(_LOCK, station.pk)
        rows = undecided().filter(station=station, pk__lte=through)
        count = rows.count()
        if not count:
            return 0
        made = SurplusDecision.objects.create(
            station=station, taken_up=take_up, count=count, reason=reason, actor=actor, at=at
        )
        rows.update(decision=made, counts=take_up)
        if take_up:
            for said, key in _KEYS.items():
                taken_up = Surplus.objects.filter(decision=made).values(key)
                said._default_manager.filter(pk__in=taken_up).update(apart=False)
            shelf_changed_under(station.village_id[:TOWNSHIP_DIGITS], at=at)
        note_decision(made, action=TAKEN_UP if take_up else DROPPED)
    return count
