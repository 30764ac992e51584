"""Tell people when a station's word moves touches whose times the county has known for a while.

Whoever takes a board gets its key, and may state for an old boot that it learnt another time. The county can't tell
that from a word that is merely late. So the touches follow it as any other, and an alarm asks a person to look.
Only that person's acknowledgement says that somebody has looked at the touches (`server_broker.fleet.alarm_ends`).

Whoever has the key may do so for each boot that there was. So few boots of a station have an alarm of their own, those
whose touches moved most first, and one alarm counts the others: the person does the same for three boots as for 400.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from protocol.units import DATED_QUALITIES
from server_broker.attendance.tables import TOUCHES
from server_broker.fleet.alarm_codes import TIMES_MOVED
from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.models import Alarm
from server_broker.platform.sql import query

KNOWN_FOR = timedelta(hours=1)
"""A word that comes sooner after the touches than this is how stations learn the time."""
LEAST = timedelta(minutes=1)
"""Attendance is counted in minutes."""
MOST_APART = 3
"""So many boots of a station have an alarm of their own while those are open. A station in good order has none: it
states once what time a boot had, within minutes. Two workers that find boots of one station at once may make it twice
as many."""

type Boot = tuple[str, bytes]
type Times = dict[tuple[str, bytes, bytes, int], datetime]
"""By station, boot, epoch and seq of a touch."""


def known_times(boots: Mapping[Boot, int], *, at: datetime) -> Times:
    """Return the times of touches that the county has known since `KNOWN_FOR`.

    Args:
        boots: By boot, the mono up to which its touches may be moved.
    """
    if not boots:
        return {}
    stations, ids = zip(*boots, strict=True)
    found = query(
        f"""SELECT t.station_id, t.boot, t.epoch, t.seq, coalesce(t.corrected_wall, t.wall)
        FROM unnest(%s::text[], %s::bytea[], %s::bigint[]) AS w (station, boot, through)
        JOIN {TOUCHES} t ON t.station_id = w.station AND t.boot = w.boot AND t.mono_ms <= w.through
        WHERE t.received_at < %s AND (t.corrected_wall IS NOT NULL OR t.quality = ANY(%s))""",  # noqa: S608 - our own
        [list(stations), list(ids), list(boots.values()), at - KNOWN_FOR, list(DATED_QUALITIES)],
    )
    return {(station, bytes(boot), bytes(epoch), seq): time for station, boot, epoch, seq, time in found}


def tell_of_moved(before: Times, after: Times, *, at: datetime) -> None:
    """Raise an alarm for each boot of which touches have another time now, and one for those beyond `MOST_APART`."""
    moved: dict[str, dict[bytes, list[_Move]]] = {}
    for touch in before.keys() & after.keys():
        if (by := abs(after[touch] - before[touch])) >= LEAST:
            station, boot, _, _ = touch
            moved.setdefault(station, {}).setdefault(boot, []).append(_Move(by, before[touch]))
    if moved:
        apart = _open_apart(moved)
        raise_alarms([call for station in sorted(moved) for call in _calls(station, moved[station], apart)], at=at)


class _Move(NamedTuple):
    """A touch has another time now."""

    by: timedelta
    was: datetime


def _open_apart(stations: Iterable[str]) -> set[tuple[str, str]]:
    """Return the open alarms that boots of these stations have of their own, by station and code."""
    rows = Alarm.objects.filter(station__in=list(stations), origin="county", resolved_at=None)
    return set(rows.filter(code__startswith=f"{TIMES_MOVED}:").values_list("station", "code"))


def _calls(station: str, boots: Mapping[bytes, list[_Move]], apart: set[tuple[str, str]]) -> list[AlarmCall]:
    calls = []
    beyond: list[list[_Move]] = []
    codes = {code for whose, code in apart if whose == station}
    for boot, moves in sorted(boots.items(), key=lambda one: (-max(one[1]).by, one[0])):
        code = f"{TIMES_MOVED}:{boot.hex()[:8]}"
        if code in codes or len(codes) < MOST_APART:
            codes.add(code)
            calls.append(AlarmCall(station, code, "major", f"站点事后改了一次开机的时间：{_words(moves)}"))
        else:
            beyond.append(moves)
    if beyond:
        last = _words([move for moves in beyond for move in moves])
        detail = f"站点事后改了很多次开机的时间，不再逐次列出，次数是合计。最近 {len(beyond)} 次：{last}"
        calls.append(AlarmCall(station, TIMES_MOVED, "major", detail, count=len(beyond)))
    return calls


def _words(moves: Sequence[_Move]) -> str:
    days = sorted({f"{timezone.localtime(move.was):%Y-%m-%d}" for move in moves})
    when = days[0] if len(days) == 1 else f"{days[0]} 到 {days[-1]}"
    return f"早已收到的 {len(moves)} 次打卡因此移动，最多 {max(moves).by // LEAST} 分钟；原先记在 {when}"
