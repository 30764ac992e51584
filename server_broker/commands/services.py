"""Give an order, have it sent, note its answer."""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from django.db import connection
from django.db.models import F, QuerySet
from psycopg.types.json import Jsonb

from protocol.commands import MAX_LEASE_S, Command, CommandKind, LiveTerms, LogTerms
from server_broker.audit.log import record
from server_broker.commands.models import StationOrder
from server_broker.fleet.models import Station

MAX_OPEN = 16
"""Orders of one station that may wait for it or for its answer."""
SENT_AT_A_TIME = 50


@dataclass(frozen=True, slots=True)
class Kind:
    """How long an order waits for its station, and whether it makes sense for one that is away."""

    valid: timedelta
    only_online: bool = False


KINDS: dict[CommandKind, Kind] = {
    "identify": Kind(timedelta(minutes=2), only_online=True),
    "snapshot": Kind(timedelta(minutes=10)),
    "time_check": Kind(timedelta(hours=24)),
    "send_logs": Kind(timedelta(hours=24)),
    "restart_agent": Kind(timedelta(hours=24)),
    "live_view": Kind(timedelta(minutes=2), only_online=True),
    "end_live_view": Kind(timedelta(minutes=12)),
}


_LEASE_GRACE = timedelta(seconds=30)
"""From the end of a lease to its answer."""


class OrderRefused(Exception):
    """The order is not given; the message is Chinese, for the operator."""


class Result(NamedTuple):
    """What a station's fact says became of an order."""

    station: str
    order: bytes
    outcome: str
    detail: str
    figures: dict[str, int]


def give_order(
    station: Station,
    order: CommandKind,
    *,
    actor: str,
    reason: str,
    now: datetime,
    terms: LogTerms | LiveTerms | None = None,
) -> StationOrder:
    """Keep an order, which the county's worker sends as soon as the station is connected.

    Raises:
        OrderRefused: Nothing is kept.
    """
    if order not in KINDS:
        raise OrderRefused("没有这种命令")
    kind = KINDS[order]
    if station.revoked_at is not None or station.enrolled_at is None:
        raise OrderRefused("站点没有接入，不能下命令")
    if kind.only_online and not _is_online(station):
        raise OrderRefused("站点现在不在线，这个命令要在线时才能下")
    open_ones = open_orders(station, now=now)
    if order == "live_view" and any(lease_ends(one) > now for one in _leases(station, now=now)):
        raise OrderRefused("这个站点正在被查看，结束后再试")
    if open_ones.count() >= MAX_OPEN:
        raise OrderRefused(f"还有 {MAX_OPEN} 条命令没有答复，请等它们答复或过期")
    made = StationOrder.objects.create(
        id=uuid.UUID(bytes=secrets.token_bytes(16)),
        station=station,
        order=order,
        terms=msgspec.to_builtins(terms) if terms is not None else {},
        reason=reason,
        issuer=actor,
        issued_at=now,
        not_after=now + kind.valid,
    )
    record(
        actor=actor,
        action="station.ordered",
        subject=station.pk,
        detail={"order": order, "id": made.id.hex, "reason": reason},
    )
    return made


def _is_online(station: Station) -> bool:
    return Station.objects.filter(pk=station.pk, status__online=True).exists()


def open_orders(station: Station, *, now: datetime) -> QuerySet[StationOrder]:
    """Return the orders that wait for the station or for its answer."""
    return StationOrder.objects.filter(station=station, answered_at=None, not_after__gt=now)


def _leases(station: Station, *, now: datetime) -> QuerySet[StationOrder]:
    recent = now - timedelta(seconds=MAX_LEASE_S) - KINDS["live_view"].valid
    return StationOrder.objects.filter(station=station, order="live_view", answered_at=None, issued_at__gt=recent)


def lease_ends(order: StationOrder) -> datetime:
    """Return when a live view is over at the latest; the station may end it before."""
    return order.not_after if order.sent_at is None else order.sent_at + _length(order) + _LEASE_GRACE


def seconds_left(order: StationOrder, *, now: datetime) -> int:
    """Return how many seconds a live view still lasts: all of them until it is sent, and never more than before."""
    left = _length(order) if order.sent_at is None else order.sent_at + _length(order) - now
    return max(0, round(left.total_seconds()))


def _length(order: StationOrder) -> timedelta:
    return timedelta(seconds=int(order.terms.get("seconds", MAX_LEASE_S)))


def live_order(station: Station, *, issuer: str, now: datetime) -> StationOrder | None:
    """Return the live view of a station that ``issuer`` ordered and that is not over."""
    mine = _leases(station, now=now).filter(issuer=issuer).order_by("-issued_at").first()
    return mine if mine is not None and lease_ends(mine) > now else None


def due_orders(*, shard: int, now: datetime) -> list[StationOrder]:
    """Return the orders that stations of a shard can be sent now: connected ones that lack them on this connection."""
    waiting = StationOrder.objects.filter(
        answered_at=None,
        not_after__gt=now,
        station__shard=shard,
        station__revoked_at=None,
        station__status__online=True,
        station__status__connection__isnull=False,
    )
    due = waiting.exclude(sent_over=F("station__status__connection")).select_related("station__status")
    return list(due.order_by("issued_at")[:SENT_AT_A_TIME])


def command_of(order: StationOrder) -> Command:
    """Return the order as it goes over the wire; when it was signed is said by whoever signs it.

    Raises:
        msgspec.ValidationError: What is kept is no order.
    """
    wire: dict[str, Any] = {
        "id": order.id.bytes,
        "station": order.station_id,
        "order": order.order,
        "not_after": round(order.not_after.timestamp() * 1000),
        "issuer": order.issuer[:64],
        "reason": order.reason,
    }
    if order.terms:
        wire["live" if order.order == "live_view" else "log"] = order.terms
    return msgspec.convert(wire, Command, builtin_types=(bytes,))


def note_sent(orders: Sequence[StationOrder], *, now: datetime) -> None:
    """Note that orders went out over their stations' present connections."""
    for order in orders:
        StationOrder.objects.filter(pk=order.pk).update(sent_at=now, sent_over=order.station.status.connection)


def note_results(results: Sequence[Result], *, at: datetime) -> None:
    """Note what became of orders; the first answer stands, and an answer counts for the station's own orders alone."""
    if not results:
        return
    first = {(result.station, result.order): result for result in reversed(results)}
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE orders_stationorder o
            SET answered_at = %s, outcome = w.outcome, detail = w.detail, figures = w.figures
            FROM unnest(%s::text[], %s::uuid[], %s::text[], %s::text[], %s::jsonb[])
                 AS w (station, id, outcome, detail, figures)
            WHERE o.id = w.id AND o.station_id = w.station AND o.answered_at IS NULL""",
            [
                at,
                [result.station for result in first.values()],
                [uuid.UUID(bytes=result.order) for result in first.values()],
                [result.outcome for result in first.values()],
                [result.detail for result in first.values()],
                [Jsonb(result.figures) for result in first.values()],
            ],
        )
