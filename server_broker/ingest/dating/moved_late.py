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
from server_broker.fleet.fact_rows import Boot
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


class Moves(NamedTuple):
    """So many touches have another time now, by as much at most; the first and the last time that they had before."""

    touches: int
    most: timedelta
    first: datetime
    last: datetime


def moves(before: Times, after: Times) -> dict[Boot, Moves]:
    """Return by boot which touches have another time after than before."""
    found: dict[Boot, list[Moves]] = {}
    for touch in before.keys() & after.keys():
        if (by := abs(after[touch] - before[touch])) >= LEAST:
            found.setdefault(touch[:2], []).append(Moves(1, by, before[touch], before[touch]))
    return {boot: together(of_boot) for boot, of_boot in found.items()}


def together(parts: Sequence[Moves]) -> Moves:
    """Return several as one."""
    touches, most, first, last = zip(*parts, strict=True)
    return Moves(sum(touches), max(most), min(first), max(last))


def tell_of_moves(moved: Mapping[Boot, Moves], *, at: datetime) -> None:
    """Raise an alarm for each boot of which touches have another time now, and one for those beyond `MOST_APART`."""
    if not moved:
        return
    by_station: dict[str, dict[bytes, Moves]] = {}
    for (station, boot), of_boot in moved.items():
        by_station.setdefault(station, {})[boot] = of_boot
    apart = _open_apart(by_station)
    calls = [call for station, boots in sorted(by_station.items()) for call in _calls(station, boots, apart)]
    raise_alarms(calls, at=at)


def _open_apart(stations: Iterable[str]) -> set[tuple[str, str]]:
    """Return the open alarms that boots of these stations have of their own, by station and code."""
    rows = Alarm.objects.filter(station__in=list(stations), origin="county", resolved_at=None)
    return set(rows.filter(code__startswith=f"{TIMES_MOVED}:").values_list("station", "code"))


def _calls(station: str, boots: Mapping[bytes, Moves], apart: set[tuple[str, str]]) -> list[AlarmCall]:
    calls = []
    beyond: list[Moves] = []
    codes = {code for whose, code in apart if whose == station}
    for boot, moved in sorted(boots.items(), key=lambda one: (-one[1].most, one[0])):
        code = f"{TIMES_MOVED}:{boot.hex()[:8]}"
        if code in codes or len(codes) < MOST_APART:
            codes.add(code)
            calls.append(AlarmCall(station, code, "major", f"站点事后改了一次开机的时间：{_words(moved)}"))
        else:
            beyond.append(moved)
    if beyond:
        last = _words(together(beyond))
        detail = f"站点事后改了很多次开机的时间，不再逐次列出，次数是合计。最近 {len(beyond)} 次：{last}"
        calls.append(AlarmCall(station, TIMES_MOVED, "major", detail, count=len(beyond)))
    return calls


def _words(moved: Moves) -> str:
    days = [f"{timezone.localtime(one):%Y-%m-%d}" for one in (moved.first, moved.last)]
    when = days[0] if days[0] == days[1] else f"{days[0]} 到 {days[1]}"
    return f"早已收到的 {moved.touches} 次打卡因此移动，最多 {moved.most // LEAST} 分钟；原先记在 {when}"
