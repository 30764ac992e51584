"""Give a station a command, have it sent, and store its outcome."""

import secrets
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from django.db import connection, transaction
from django.db.models import F, QuerySet
from psycopg.types.json import Jsonb

from protocol.china_time import milliseconds
from protocol.commands import MAX_LEASE_S, Command, CommandKind, LiveTerms, LogTerms
from protocol.decisions import StationOrdered
from server_broker.audit.log import Detail, record
from server_broker.commands.models import StationOrder
from server_broker.decisions.stream import decide
from server_broker.fleet.models import Station

MAX_OPEN = 16
"""Most commands of one station that may wait to be sent, or for their outcome."""
SENT_AT_A_TIME = 50


@dataclass(frozen=True, slots=True)
class CommandRule:
    """How long a command is valid, and whether it can be given only to a station that is online."""

    valid: timedelta
    only_online: bool = False


RULES: dict[CommandKind, CommandRule] = {
    "identify": CommandRule(timedelta(minutes=2), only_online=True),
    "snapshot": CommandRule(timedelta(minutes=10)),
    "time_check": CommandRule(timedelta(hours=24)),
    "send_logs": CommandRule(timedelta(hours=24)),
    "restart_agent": CommandRule(timedelta(hours=24)),
    "live_view": CommandRule(timedelta(minutes=2), only_online=True),
    "end_live_view": CommandRule(timedelta(minutes=12)),
}


_LEASE_GRACE = timedelta(seconds=30)
"""Time between the end of a live view's lease and the station's report of the outcome."""


class CommandRefused(Exception):
    """The command is not given. The message is Chinese, for the operator."""


class CommandOutcome(NamedTuple):
    """The outcome of a command, from the station's fact."""

    station: str
    command: bytes
    """The command's id."""
    outcome: str
    detail: str
    figures: dict[str, int]


@transaction.atomic
def give_command(
    station: Station,
    name: CommandKind,
    *,
    actor: str,
    reason: str,
    now: datetime,
    terms: LogTerms | LiveTerms | None = None,
) -> StationOrder:
    """Store a command. The county's worker sends it as soon as the station is connected.

    Raises:
        CommandRefused: Nothing is stored.
    """
    if name not in RULES:  # a form may send any text
        raise CommandRefused("没有这种命令")
    rule = RULES[name]
    if station.revoked_at is not None or station.enrolled_at is None:
        raise CommandRefused("站点没有接入，不能下命令")
    # Asked of the database, because the caller may have loaded the station some time ago.
    if rule.only_online and not Station.objects.filter(pk=station.pk, status__online=True).exists():
        raise CommandRefused("站点现在不在线，这个命令要在线时才能下")
    open_ones = open_commands(station, now=now)
    # One live view at a time, because a station sends its frames for one lease only.
    if name == "live_view" and any(lease_ends(one) > now for one in _leases(station, now=now)):
        raise CommandRefused("这个站点正在被查看，结束后再试")
    if open_ones.count() >= MAX_OPEN:
        raise CommandRefused(f"还有 {MAX_OPEN} 条命令没有答复，请等它们答复或过期")
    made = StationOrder.objects.create(
        id=uuid.UUID(bytes=secrets.token_bytes(16)),
        station=station,
        order=name,
        terms=msgspec.to_builtins(terms) if terms is not None else {},
        reason=reason,
        issuer=actor,
        issued_at=now,
        not_after=now + rule.valid,
    )
    detail: Detail = {"order": name, "id": made.id.hex, "reason": reason}
    entry = record(actor=actor, action="station.ordered", subject=station.pk, detail=detail)
    decide(entry, StationOrdered(station=station.pk, order=name))
    return made


def open_commands(station: Station, *, now: datetime) -> QuerySet[StationOrder]:
    """Return the station's valid commands that have no outcome yet."""
    return StationOrder.objects.filter(station=station, answered_at=None, not_after__gt=now)


def _leases(station: Station, *, now: datetime) -> QuerySet[StationOrder]:
    recent = now - timedelta(seconds=MAX_LEASE_S) - RULES["live_view"].valid
    return StationOrder.objects.filter(station=station, order="live_view", answered_at=None, issued_at__gt=recent)


def lease_ends(command: StationOrder) -> datetime:
    """Return when a live view ends at the latest. The station may end it earlier."""
    return command.not_after if command.sent_at is None else command.sent_at + _length(command) + _LEASE_GRACE


def seconds_left(command: StationOrder, *, now: datetime) -> int:
    """Return how many seconds a live view still lasts. Until it is sent that is its whole length."""
    left = _length(command) if command.sent_at is None else command.sent_at + _length(command) - now
    return max(0, round(left.total_seconds()))


def _length(command: StationOrder) -> timedelta:
    return timedelta(seconds=int(command.terms.get("seconds", MAX_LEASE_S)))


def live_command(station: Station, *, issuer: str, now: datetime) -> StationOrder | None:
    """Return the live view of a station that ``issuer`` asked for and that is not over, or None."""
    mine = _leases(station, now=now).filter(issuer=issuer).order_by("-issued_at").first()
    return mine if mine is not None and lease_ends(mine) > now else None


def due_commands(*, shards: Collection[int], now: datetime) -> list[StationOrder]:
    """Return the commands to send now: those of these shards' connected stations, not yet sent over this connection."""
    waiting = StationOrder.objects.filter(
        answered_at=None,
        not_after__gt=now,
        station__shard__in=shards,
        station__revoked_at=None,
        station__status__online=True,
        station__status__connection__isnull=False,
    )
    due = waiting.exclude(sent_over=F("station__status__connection")).select_related("station__status")
    return list(due.order_by("issued_at")[:SENT_AT_A_TIME])


def wire_command(command: StationOrder) -> Command:
    """Return the command in its wire form. Its signer adds the time of signing.

    Raises:
        msgspec.ValidationError: The stored row is no valid command.
    """
    wire: dict[str, Any] = {
        "id": command.id.bytes,
        "station": command.station_id,
        "order": command.order,
        "not_after": milliseconds(command.not_after),
        "issuer": command.issuer[:64],
        "reason": command.reason,
    }
    if command.terms:
        wire["live" if command.order == "live_view" else "log"] = command.terms
    return msgspec.convert(wire, Command, builtin_types=(bytes,))


def note_sent(commands: Sequence[StationOrder], *, now: datetime) -> None:
    """Store that commands were sent over their stations' present connections."""
    for command in commands:
        StationOrder.objects.filter(pk=command.pk).update(sent_at=now, sent_over=command.station.status.connection)


def note_results(results: Sequence[CommandOutcome], *, at: datetime) -> None:
    """Store the outcomes of commands. The first outcome of a command counts, and only its own station can report it."""
    if not results:
        return
    # Reversed, because the last one that is put into a dict stays, and the first outcome counts.
    first = {(result.station, result.command): result for result in reversed(results)}
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
                [uuid.UUID(bytes=result.command) for result in first.values()],
                [result.outcome for result in first.values()],
                [result.detail for result in first.values()],
                [Jsonb(result.figures) for result in first.values()],
            ],
        )
