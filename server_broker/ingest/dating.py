"""Date what a station did before it knew the time, by what it learnt later. Inside the caller's transaction.

Words used here. A *boot* is one run of a station's machine, from switching on to switching off. Within a boot the
station's monotonic clock (``mono``, ms) only goes forward, so one known time dates everything else in that boot. An
*anchor* is such a known time: a `ClockCorrected` fact says that at ``mono`` of a boot it was ``wall``. A *word of the
county* is an anchor that came from the county's signed welcome. A *run* is a stretch in which the county's own clock
went without a step (`server_broker.fleet.clock_runs`).

Only the county's words and NTP make anchors. A real-time clock or a modem may be wrong by years, so it dates nothing.

1. A row whose station did not know the time is dated by the first anchor of its boot.
2. NTP is not signed: anybody on the network can forge it. If a word of the county follows an anchor of NTP, then
   everything since the county's word before that is dated by the county, where the two differ by more than 2 s. This
   includes rows for which the station thought that it knew the time.
3. Between two words of the county the station's own time stands. It ran on its crystal, and neither word says more.

The county's own clock can be wrong too. A word names its run. If the county has learnt since that its clock was ahead
in that run, the word is corrected by as much, and so are the rows that hang on it.

Words of the county in one boot may contradict each other by more than a crystal drifts. Then they are weighed by who
vouches for their runs: nobody, a person who set the clock, a time service, or a person who confirmed the time. A word
that weighs less counts like an NTP that lied. If words weigh the same and are more than a minute apart, nobody can say
which is right. The rows that depend on the contested ones are then dated by nobody: their quality becomes `DISPUTED`,
the quality that the station stated is kept beside it, and an alarm stays open until no row of the station is disputed.
A run may be *in doubt*: the county knows that it may have been wrong, and not by how much. Its word yields to every
other word that contradicts it. If a boot has no others all of its rows are disputed; an alarm of the county tells so.
One case looks like a contradiction and is none: a synchronised clock that steps forward. Its machine was halted for a
while, and what it said before was right.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Literal, NamedTuple

from protocol.units import DATED_QUALITIES
from server_broker.fleet.alarm_codes import COUNTY_WORDS_DIFFER, TOO_MANY_CORRECTIONS
from server_broker.fleet.alarms import AlarmCall, raise_alarms, resolve
from server_broker.fleet.clock_runs import NOT_IN_DOUBT
from server_broker.fleet.fact_rows import LAST_WALL_MS
from server_broker.fleet.models import Alarm
from server_broker.fleet.tables import CLOCK_RUNS, STATION_EVENTS
from server_broker.ingest.fact_rooms import STAMPED_TABLES
from server_broker.ingest.moved_late import known_times, tell_of_moved
from server_broker.platform.county_clock import SYNCHRONISED
from server_broker.platform.sql import execute, query

type Boot = tuple[str, bytes]
"""(station, boot id)."""

DISPUTED = "disputed"
"""Quality of a row whose time depends on words of the county that contradict each other."""
DIFFERS_MS = 2_000
"""A station believes a welcome that took 2 s, so a good word of the county may be wrong by as much."""
CONTESTED_MS = 60_000
"""Attendance is counted in minutes, so words that are closer than this may both stand."""
DRIFT_PPM = 200
"""More than any quartz crystal drifts in the temperatures of an office: 200 ppm are 0.7 s in an hour."""
IN_DOUBT = -1
"""Weighs less than `UNVOUCHED`: the word comes from a run that is in doubt."""
MAX_ANCHORS = 64
"""Anchors of a boot that date its rows; of more it is the first half and the last half. As a rule a boot has one to
three, and each is compared with all rows of the boot."""
_END = 2**63 - 1
"""Beyond every mono: a span with this end goes to the end of the boot."""


class Anchor(NamedTuple):
    """At ``mono`` it was ``wall`` (both in ms), by this source. The station knew it at ``known``, a little later."""

    mono: int
    wall: int
    source: Literal["county", "ntp"]
    known: int
    vouched: int = 0
    """Who vouches for the run of the county's clock that this word came from; more is better. `IN_DOUBT`: nobody."""
    moved: bool = False
    """Whether the station was told another ``wall``: the county has corrected this word since."""


class Span(NamedTuple):
    """Rows of a boot with ``after < mono <= through`` are dated by ``anchor``."""

    after: int
    through: int
    anchor: Anchor


class Plan(NamedTuple):
    """How the rows of a boot are dated."""

    undated: Span
    """Dates the rows that nobody has dated yet."""
    again: list[Span]
    """Date all rows within them whose time differs by more than `DIFFERS_MS`, also those that had a time."""
    disputed_through: int
    """Rows up to this mono are dated by nobody. -1: no row is disputed."""
    doubtful: bool = False
    """Whether some word of the county does not count as the station took it: it is wrong, or was corrected."""
    contradicted: bool = False
    """Whether words of the county contradict each other, so that the order in which they came leaves its traces; or all
    of them are in doubt."""
    in_doubt: bool = False
    """Whether all words of the county are in doubt, so that nothing dates the boot."""


def plan(anchors: Sequence[Anchor]) -> Plan:
    """Weigh the anchors of one boot, which are in the order of ``mono``."""
    words = [anchor for anchor in anchors if anchor.source == "county"]
    if not words:
        return Plan(Span(-1, _END, anchors[0]), [], -1)
    # The word that weighs most is the measure for the others. Of several, it is the latest.
    stands = max(words, key=lambda word: (word.vouched, word.mono))
    if stands.vouched == IN_DOUBT:
        return Plan(Span(_END, _END, stands), [], _END, doubtful=True, contradicted=True, in_doubt=True)
    wrong = [word for word in words if _yields(word, stands)]
    good = [word for word in words if word not in wrong]
    # A wrong word that weighs as much as the measure is a dispute: it might be the measure that is wrong. It reaches
    # to the word after the last of them, because from there on the station went by a time that nobody contests.
    contested = [word.mono for word in wrong if word.vouched == stands.vouched]
    through = next((word.known for word in words if word.mono > contested[-1]), stands.known) if contested else -1
    first = good[0] if anchors[0] in wrong or contested else anchors[0]
    again = overriding(anchors, wrong=wrong)
    doubtful = bool(wrong) or any(word.moved for word in good)
    if doubtful:
        # Earlier weighing may have dated these rows by a word that does not count any more.
        again += [Span(-1, good[0].known, good[0]), *_reigns(words, good)]
    # What is disputed is dated by nobody, so the spans are cut to begin after it.
    kept = [span._replace(after=max(span.after, through)) for span in again if span.through > through]
    return Plan(Span(through, _END, first), kept, through, doubtful, bool(wrong))


def _yields(word: Anchor, stands: Anchor) -> bool:
    """Tell whether a word of the county contradicts the one that weighs most, and is given up for it."""
    # How much later this word makes it than the other one does, at the same moment of the boot.
    ahead = (word.wall - word.mono) - (stands.wall - stands.mono)
    if abs(ahead) <= DIFFERS_MS + abs(word.mono - stands.mono) * DRIFT_PPM // 1_000_000:
        return False
    if word.vouched >= SYNCHRONISED:
        # Behind the other word: the county's machine was halted between the two, and this word was right in its time.
        return ahead > CONTESTED_MS
    return word.vouched < stands.vouched or abs(ahead) > CONTESTED_MS


def _reigns(words: Sequence[Anchor], good: Collection[Anchor]) -> list[Span]:
    """Return the spans in which the station went by a word that was corrected, or by wrong words to the boot's end.

    A span begins with the moment at which the station knew the word, because the `ClockCorrected` fact that states
    the word is dated by it.
    """
    reigns = [(word, after.known) for word, after in pairwise(words)] + [(words[-1], _END)]
    spans = [Span(word.known - 1, until, word) for word, until in reigns if word in good and word.moved]
    last_good = max(good, key=lambda word: word.mono)
    tail = [word for word in words if word.mono > last_good.mono]
    return [*spans, *([Span(tail[0].known - 1, _END, last_good)] if tail else [])]


def overriding(anchors: Iterable[Anchor], *, wrong: Collection[Anchor] = ()) -> list[Span]:
    """Return the spans in which a word of the county replaces NTP, or an earlier word of its own that was ``wrong``.

    ``anchors`` are those of one boot, in the order of ``mono``.
    """
    spans = []
    # `spoke`: when the station knew the county's last good word. `doubtful`: it has heard something lesser since then.
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
    """Date the rows of boots, and keep an alarm open for each station with rows in dispute.

    Args:
        boots: By boot, the lowest mono of its new rows; 0 if one of them is an anchor.
        at: Now.
        from_scratch: First forget how the rows were dated before.

    Returns:
        The boots in dispute: words of the county contradict each other there, and none of them weighs more.
    """
    if not boots:
        return []
    found = anchors_of(boots)
    plans = {boot: plan(anchors) for boot, anchors in found.items()}
    if not from_scratch:
        _tell_of_many([boot for boot, anchors in found.items() if len(anchors) == MAX_ANCHORS and not boots[boot]], at)
    # A new anchor in a doubtful boot may turn the weighing round, so what was dated before is forgotten.
    anew = [boot for boot, planned in plans.items() if from_scratch or (planned.doubtful and boots[boot] == 0)]
    # What the county's own clock corrects has an alarm of its own, so only a station's word is told of here.
    words = [] if from_scratch else [boot for boot, planned in plans.items() if planned.again and boots[boot] == 0]
    ends = {boot: max(span.through for span in plans[boot].again) for boot in words}
    before = known_times(ends, at=at)
    _forget(anew)
    disputed = {boot: planned.disputed_through for boot, planned in plans.items() if planned.disputed_through >= 0}
    _dispute(disputed)
    _date(
        [(boot, planned.undated) for boot, planned in plans.items()],
        "t.corrected_wall IS NULL AND NOT (t.quality IN ('synced', 'holdover'))",
    )
    # Spans that end before the new rows begin have done their work when the older rows came.
    again = [(boot, span) for boot, planned in plans.items() for span in planned.again if span.through >= boots[boot]]
    _date(again, f"abs(extract(epoch FROM coalesce(t.corrected_wall, t.wall)) * 1000 - {_VALUE}) > {DIFFERS_MS}")
    tell_of_moved(before, known_times(ends, at=at) if before else {}, at=at)
    told_apart = {station for (station, boot) in disputed if not plans[station, boot].in_doubt}
    _tell_of_disputes(told_apart, weighed_anew={station for station, _ in anew}, at=at)
    return list(disputed)


def _tell_of_many(boots: Iterable[Boot], at: datetime) -> None:
    """Raise an alarm about each station that has corrected its clock in a boot more often than is looked at."""
    detail = f"站点一次开机里改了 {MAX_ANCHORS} 次以上时间，只按最早和最晚的算：网络对时坏了，或有人仿冒它"
    stations = sorted({station for station, _ in boots})
    raise_alarms([AlarmCall(station, TOO_MANY_CORRECTIONS, "major", detail) for station in stations], at=at)


def date_again(runs: Collection[bytes], *, at: datetime) -> list[Boot]:
    """Date the boots anew that took the time from these runs of the county's clock; return those in dispute."""
    if not runs:
        return []
    found = query(
        f"""SELECT DISTINCT station_id, boot FROM {STATION_EVENTS}
        WHERE kind = 'clock_corrected' AND detail->>'run' = ANY(%s)""",  # noqa: S608 - our own constant
        [[run.hex() for run in runs]],
    )
    return date_boots({(station, bytes(boot)): 0 for station, boot in found}, at=at, from_scratch=True)


def _forget(boots: Sequence[Boot]) -> None:
    """Take back what the county has done to the times of boots' rows, so that only the station's own word is left."""
    if not boots:
        return
    columns = [list(column) for column in zip(*boots, strict=True)]
    # The last condition: a boot may have many thousands of rows, and only those that the county changed are written.
    for table in STAMPED_TABLES:
        execute(
            f"""UPDATE {table} t SET corrected_wall = NULL, said_quality = '',
                quality = CASE WHEN t.said_quality = '' THEN t.quality ELSE t.said_quality END
            FROM unnest(%s::text[], %s::bytea[]) AS w (station, boot)
            WHERE t.station_id = w.station AND t.boot = w.boot
              AND (t.corrected_wall IS NOT NULL OR t.said_quality <> '')""",  # noqa: S608 - fixed names
            columns,
        )


def _tell_of_disputes(disputed: Collection[str], *, weighed_anew: Collection[str], at: datetime) -> None:
    """Open one alarm for each station in dispute, and close the alarms of stations without disputed rows."""
    concerned = {*disputed, *weighed_anew}
    if not concerned:
        return
    told = Alarm.objects.filter(origin="county", code=COUNTY_WORDS_DIFFER, resolved_at=None, station__in=concerned)
    told_of = set(told.values_list("station_id", flat=True))
    detail = "站点同一次开机中，县里先后说的时间不一致，且分不出哪个对：此前的记录改为待核对，按收到时间列出"
    raise_alarms(
        [AlarmCall(station, COUNTY_WORDS_DIFFER, "major", detail) for station in sorted({*disputed} - told_of)], at=at
    )
    # A station may have disputed rows in a boot that was not dated now.
    still: set[str] = set()
    for table in STAMPED_TABLES:
        rows = query(
            # DISPUTED is neither of the two qualities; the partial index on undated rows has this condition.
            f"""SELECT DISTINCT station_id FROM {table} WHERE station_id = ANY(%s) AND quality = %s
            AND NOT (quality IN ('synced', 'holdover'))""",  # noqa: S608 - fixed names
            [list(told_of), DISPUTED],
        )
        still |= {station for (station,) in rows}
    for station in sorted(told_of - {*disputed} - still):
        resolve(station=station, code=COUNTY_WORDS_DIFFER, at=at)


def _dispute(boots: Mapping[Boot, int]) -> None:
    """Mark the rows of boots up to a mono as disputed, and keep the quality that the station stated."""
    if not boots:
        return
    stations, ids = zip(*boots, strict=True)
    # Only rows that have a time can lose it: the station knew it, or an anchor dated them.
    for table in STAMPED_TABLES:
        execute(
            f"""UPDATE {table} t SET quality = %s, said_quality = t.quality, corrected_wall = NULL
            FROM unnest(%s::text[], %s::bytea[], %s::bigint[]) AS w (station, boot, through)
            WHERE t.station_id = w.station AND t.boot = w.boot AND t.mono_ms <= w.through
              AND t.quality <> %s AND (t.quality = ANY(%s) OR t.corrected_wall IS NOT NULL)""",  # noqa: S608
            [DISPUTED, list(stations), list(ids), list(boots.values()), DISPUTED, list(DATED_QUALITIES)],
        )


OF_BOOT = f"""SELECT a.id FROM {STATION_EVENTS} a
    WHERE a.station_id = w.station AND a.detail->>'boot' = w.boot AND a.kind = 'clock_corrected'
      AND a.boot = decode(w.boot, 'hex') AND a.detail->>'source' IN ('county', 'ntp')"""  # noqa: S608 - our own constant
"""SQL: the anchors of boot ``w``. The index `event_correction` has the first and the last of many at hand."""


def anchors_of(boots: Iterable[Boot]) -> dict[Boot, list[Anchor]]:
    """Return the anchors of each boot that has any, in the order of ``mono``; words of the county are corrected."""
    stations, ids = zip(*boots, strict=True)
    # `- r.ahead_ms`: a word from a run that was ahead is corrected. `known`: the fact was made a little after the
    # moment that it is about. `e.boot = w.boot`: the two moments can be compared only if both are of this boot.
    found = query(
        f"""SELECT w.station, w.boot, (e.detail->>'mono')::bigint AS mono,
               (e.detail->>'wall')::bigint - coalesce(r.ahead_ms, 0), e.detail->>'source',
               greatest((e.detail->>'mono')::bigint, e.mono_ms),
               CASE WHEN r.doubted_by NOT IN {NOT_IN_DOUBT} THEN {IN_DOUBT} ELSE coalesce(r.vouched, 0) END,
               coalesce(r.ahead_ms, 0) <> 0
        FROM unnest(%s::text[], %s::text[]) AS w (station, boot)
        CROSS JOIN LATERAL (({OF_BOOT} ORDER BY a.id LIMIT %s) UNION ({OF_BOOT} ORDER BY a.id DESC LIMIT %s)) AS one
        JOIN {STATION_EVENTS} e ON e.id = one.id
        LEFT JOIN {CLOCK_RUNS} r ON r.run = decode(e.detail->>'run', 'hex')
        ORDER BY mono, e.id""",  # noqa: S608 - our own constants
        [list(stations), [boot.hex() for boot in ids], MAX_ANCHORS // 2, MAX_ANCHORS // 2],
    )
    anchors: defaultdict[Boot, list[Anchor]] = defaultdict(list)
    for station, boot, *anchor in found:
        anchors[station, bytes.fromhex(boot)].append(Anchor(*anchor))
    return anchors


_VALUE = "(w.wall + t.mono_ms - w.mono)"
"""SQL: the time of row ``t`` by anchor ``w``, in ms since 1970."""


def _date(dated: list[tuple[Boot, Span]], where: str) -> None:
    """Date the rows of boots within spans, those for which ``where`` (SQL) holds."""
    if not dated:
        return
    rows = [(*boot, span.after, span.through, span.anchor.mono, span.anchor.wall) for boot, span in dated]
    columns = [list(column) for column in zip(*rows, strict=True)]
    # BETWEEN: by a wrong anchor a row may come to a time that no calendar has. Such a row stays as it is, because the
    # error would fail the whole batch.
    for table in STAMPED_TABLES:
        execute(
            f"""UPDATE {table} t SET corrected_wall = to_timestamp({_VALUE} / 1000.0)
            FROM unnest(%s::text[], %s::bytea[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
                 AS w (station, boot, after, through, mono, wall)
            WHERE t.station_id = w.station AND t.boot = w.boot AND t.mono_ms > w.after AND t.mono_ms <= w.through
              AND {_VALUE} BETWEEN 0 AND {LAST_WALL_MS} AND {where}""",  # noqa: S608 - fixed names and conditions
            columns,
        )
