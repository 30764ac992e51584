"""Date what a boot did before it knew the time, by what it learnt later; inside the caller's transaction.

A `ClockCorrected` fact is an anchor: at ``mono`` of a boot it was ``wall``. Only the county's signed time and NTP are
anchors; what a station says to have from an RTC or a modem dates nothing. An undated row of the boot is dated by its
first anchor. NTP is not signed: where the county's word follows an anchor of NTP, everything since the county's word
before it is dated by the county's, also what the station thought to be dated, where the two differ by more than 2 s.
Between two words of the county what the station said stands: it ran on a crystal, and no single word tells more.

The county's own clock can be wrong too. A word of it names the run of that clock; what was learnt since of that run
(`server_broker.fleet.clock_runs`) corrects the word, and what hung on it. Words of one boot that contradict each other,
further than a crystal runs away, are weighed by who vouches for their runs: the lighter count like an NTP that lied.
Where none weighs more and they are more than a minute apart, what hangs on any but the last is dated by nobody: its
quality becomes `DISPUTED`, what the station said of it is kept beside it, and an alarm stands until nothing of the
station is disputed any more. A synchronised clock that steps forward contradicts nothing: its machine was halted for a
while, and what it said before was right.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Literal, NamedTuple

from protocol.units import DATED_QUALITIES
from server_broker.fleet.alarms import AlarmCall, raise_alarms, resolve
from server_broker.fleet.models import Alarm
from server_broker.ingest.projections import LAST_WALL_MS
from server_broker.ingest.sql import execute, query
from server_broker.platform.county_clock import SYNCHRONISED

type Boot = tuple[str, bytes]
"""(station, boot id)."""

WORDS_DIFFER = "county_words_differ"
DISPUTED = "disputed"
"""Quality of a row whose time hangs on words of the county that contradict each other."""
DIFFERS_MS = 2_000
CONTESTED_MS = 60_000
"""Attendance is counted in minutes: words that are closer may both stand."""
DRIFT_PPM = 200
_DATED_TABLES = ("attendance_touch", "fleet_stationevent", "learning_attempt", "learning_levelrun")
_END = 2**63 - 1


class Anchor(NamedTuple):
    """At ``mono`` it was ``wall`` (both in ms), by this source; the station knew it at ``known``, a little later."""

    mono: int
    wall: int
    source: Literal["county", "ntp"]
    known: int
    vouched: int = 0
    """Who vouches for the run of the county's clock that said so."""
    moved: bool = False
    """Whether the station believed another ``wall``, which was corrected since."""


class Span(NamedTuple):
    """Rows of a boot with ``after < mono <= through`` are dated by ``anchor``."""

    after: int
    through: int
    anchor: Anchor


class Plan(NamedTuple):
    """How a boot is dated."""

    undated: Span
    """For rows that nobody has dated."""
    again: list[Span]
    """For rows whose time differs from this."""
    disputed_through: int
    """Rows up to here are dated by nobody; -1 for none."""
    doubtful: bool = False
    """Whether some word of the county is not taken as the station took it."""


def plan(anchors: Sequence[Anchor]) -> Plan:
    """Weigh the anchors of one boot, by ``mono``."""
    words = [anchor for anchor in anchors if anchor.source == "county"]
    if not words:
        return Plan(Span(-1, _END, anchors[0]), [], -1)
    stands = max(words, key=lambda word: (word.vouched, word.mono))
    wrong = [word for word in words if _yields(word, stands)]
    contested = [word.mono for word in wrong if word.vouched == stands.vouched]
    through = next((word.known for word in words if word.mono > contested[-1]), stands.known) if contested else -1
    good = [word for word in words if word not in wrong]
    first = good[0] if anchors[0] in wrong or contested else anchors[0]
    again = overriding(anchors, wrong=wrong)
    doubtful = bool(wrong) or any(word.moved for word in good)
    if doubtful:
        again += [Span(-1, good[0].known, good[0]), *_reigns(words, good)]
    kept = [span._replace(after=max(span.after, through)) for span in again if span.through > through]
    return Plan(Span(through, _END, first), kept, through, doubtful)


def _yields(word: Anchor, stands: Anchor) -> bool:
    """Tell whether a word of the county can't stand beside the one that weighs most."""
    ahead = (word.wall - word.mono) - (stands.wall - stands.mono)
    if abs(ahead) <= DIFFERS_MS + abs(word.mono - stands.mono) * DRIFT_PPM // 1_000_000:
        return False
    if word.vouched >= SYNCHRONISED:
        return ahead > CONTESTED_MS
    return word.vouched < stands.vouched or abs(ahead) > CONTESTED_MS


def _reigns(words: Sequence[Anchor], good: Collection[Anchor]) -> list[Span]:
    """Return the spans in which the station went by a word that was corrected, or by a wrong one to the end.

    They begin with the moment in which the station knew the word: the fact that states it is dated by it.
    """
    reigns = [(word, after.known) for word, after in pairwise(words)] + [(words[-1], _END)]
    spans = [Span(word.known - 1, until, word) for word, until in reigns if word in good and word.moved]
    last_good = max(good, key=lambda word: word.mono)
    tail = [word for word in words if word.mono > last_good.mono]
    return [*spans, *([Span(tail[0].known - 1, _END, last_good)] if tail else [])]


def overriding(anchors: Iterable[Anchor], *, wrong: Collection[Anchor] = ()) -> list[Span]:
    """Return the spans in which the county's word replaces NTP's, or one of its own that was ``wrong``.

    ``anchors`` are those of one boot by ``mono``.
    """
    spans = []
    spoke, doubtful = -1, False
    for anchor in anchors:
        if anchor.source != "county" or anchor in wrong:
            doubtful = True
            continue
        if doubtful:
            spans.append(Span(spoke, anchor.known, anchor))
        spoke, doubtful = anchor.known, False
    return spans


def date_boots(boots: Mapping[Boot, int], *, at: datetime, from_scratch: bool = False) -> list[Boot]:
    """Date the rows of boots, and tell people of those in dispute until they are no more.

    Args:
        boots: By boot, the lowest mono of rows that are new; 0 where an anchor is.
        at: Now.
        from_scratch: Forget first what dated them before.

    Returns:
        The boots in which the county's words contradict each other and none counts more.
    """
    if not boots:
        return []
    plans = {boot: plan(anchors) for boot, anchors in _anchors(boots).items()}
    anew = [boot for boot, planned in plans.items() if from_scratch or (planned.doubtful and boots[boot] == 0)]
    _forget(anew)
    disputed = {boot: planned.disputed_through for boot, planned in plans.items() if planned.disputed_through >= 0}
    _dispute(disputed)
    _date(
        [(boot, planned.undated) for boot, planned in plans.items()],
        "t.corrected_wall IS NULL AND NOT (t.quality IN ('synced', 'holdover'))",
    )
    again = [(boot, span) for boot, planned in plans.items() for span in planned.again if span.through >= boots[boot]]
    _date(again, f"abs(extract(epoch FROM coalesce(t.corrected_wall, t.wall)) * 1000 - {_VALUE}) > {DIFFERS_MS}")
    _tell_of_disputes({station for station, _ in disputed}, weighed_anew={station for station, _ in anew}, at=at)
    return list(disputed)


def date_again(runs: Collection[bytes], *, at: datetime) -> list[Boot]:
    """Date the boots anew that runs of the county's clock told the time; return those in dispute."""
    if not runs:
        return []
    found = query(
        """SELECT DISTINCT station_id, boot FROM fleet_stationevent
        WHERE kind = 'clock_corrected' AND detail->>'run' = ANY(%s)""",
        [[run.hex() for run in runs]],
    )
    return date_boots({(station, bytes(boot)): 0 for station, boot in found}, at=at, from_scratch=True)


def _forget(boots: Sequence[Boot]) -> None:
    """Leave of boots' rows what the station said of their time."""
    if not boots:
        return
    columns = [list(column) for column in zip(*boots, strict=True)]
    for table in _DATED_TABLES:
        execute(
            f"""UPDATE {table} t SET corrected_wall = NULL, said_quality = '',
                quality = CASE WHEN t.said_quality = '' THEN t.quality ELSE t.said_quality END
            FROM unnest(%s::text[], %s::bytea[]) AS w (station, boot)
            WHERE t.station_id = w.station AND t.boot = w.boot
              AND (t.corrected_wall IS NOT NULL OR t.said_quality <> '')""",  # noqa: S608 - fixed names
            columns,
        )


def _tell_of_disputes(disputed: Collection[str], *, weighed_anew: Collection[str], at: datetime) -> None:
    """Open one alarm for each station in dispute, and close those of stations of which nothing is disputed any more."""
    concerned = {*disputed, *weighed_anew}
    if not concerned:
        return
    told = Alarm.objects.filter(origin="county", code=WORDS_DIFFER, resolved_at=None, station__in=concerned)
    told_of = set(told.values_list("station_id", flat=True))
    detail = "站点同一次开机中，县里先后说的时间不一致，且分不出哪个对：此前的记录改为待核对，按收到时间列出"
    raise_alarms(
        [AlarmCall(station, WORDS_DIFFER, "major", detail) for station in sorted({*disputed} - told_of)], at=at
    )
    for station in sorted(told_of - {*disputed} - _in_dispute(told_of)):
        resolve(station=station, code=WORDS_DIFFER, at=at)


def _in_dispute(stations: Collection[str]) -> set[str]:
    found: set[str] = set()
    for table in _DATED_TABLES:
        rows = query(
            f"""SELECT DISTINCT station_id FROM {table} WHERE station_id = ANY(%s) AND quality = %s
            AND NOT (quality IN ('synced', 'holdover'))""",  # noqa: S608 - fixed names; the index on what is undated
            [list(stations), DISPUTED],
        )
        found |= {station for (station,) in rows}
    return found


def _dispute(boots: Mapping[Boot, int]) -> None:
    if not boots:
        return
    stations, ids = zip(*boots, strict=True)
    for table in _DATED_TABLES:
        execute(
            f"""UPDATE {table} t SET quality = %s, said_quality = t.quality, corrected_wall = NULL
            FROM unnest(%s::text[], %s::bytea[], %s::bigint[]) AS w (station, boot, through)
            WHERE t.station_id = w.station AND t.boot = w.boot AND t.mono_ms <= w.through
              AND t.quality <> %s AND (t.quality = ANY(%s) OR t.corrected_wall IS NOT NULL)""",  # noqa: S608
            [DISPUTED, list(stations), list(ids), list(boots.values()), DISPUTED, list(DATED_QUALITIES)],
        )


def _anchors(boots: Iterable[Boot]) -> dict[Boot, list[Anchor]]:
    stations, ids = zip(*boots, strict=True)
    found = query(
        """SELECT w.station, w.boot, (e.detail->>'mono')::bigint AS mono,
               (e.detail->>'wall')::bigint - coalesce(r.ahead_ms, 0), e.detail->>'source',
               greatest((e.detail->>'mono')::bigint, e.mono_ms), coalesce(r.vouched, 0), coalesce(r.ahead_ms, 0) <> 0
        FROM unnest(%s::text[], %s::text[]) AS w (station, boot)
        JOIN fleet_stationevent e ON e.station_id = w.station AND e.detail->>'boot' = w.boot
        LEFT JOIN fleet_clockrun r ON r.run = decode(e.detail->>'run', 'hex')
        WHERE e.kind = 'clock_corrected' AND e.boot = decode(w.boot, 'hex')
          AND e.detail->>'source' IN ('county', 'ntp')
        ORDER BY mono, e.id""",
        [list(stations), [boot.hex() for boot in ids]],
    )
    anchors: defaultdict[Boot, list[Anchor]] = defaultdict(list)
    for station, boot, *anchor in found:
        anchors[station, bytes.fromhex(boot)].append(Anchor(*anchor))
    return anchors


_VALUE = "(w.wall + t.mono_ms - w.mono)"


def _date(dated: list[tuple[Boot, Span]], where: str) -> None:
    if not dated:
        return
    rows = [(*boot, span.after, span.through, span.anchor.mono, span.anchor.wall) for boot, span in dated]
    columns = [list(column) for column in zip(*rows, strict=True)]
    for table in _DATED_TABLES:
        execute(
            f"""UPDATE {table} t SET corrected_wall = to_timestamp({_VALUE} / 1000.0)
            FROM unnest(%s::text[], %s::bytea[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
                 AS w (station, boot, after, through, mono, wall)
            WHERE t.station_id = w.station AND t.boot = w.boot AND t.mono_ms > w.after AND t.mono_ms <= w.through
              AND {_VALUE} BETWEEN 0 AND {LAST_WALL_MS} AND {where}""",  # noqa: S608 - fixed names and conditions
            columns,
        )
