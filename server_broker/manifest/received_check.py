"""Check that facts were received when they can have been: in their order, between manifests, and since the enrolment.

A signed manifest counts the facts of each stream, and says when it was made. So a fact that it is the first to count
was received before, and after the manifest before that. This bounds what no manifest has told of yet exactly
(`server_broker.manifest.received`), also what was received before an update to this release.

The county's own clock says when something is received. Where it was corrected later, the bounds are as much wider.
Where nobody vouched for a run of it in which the fact may have come, the fact is doubtful and no problem.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from server_broker.attendance.tables import TOUCHES
from server_broker.audit.models import AuditEntry
from server_broker.fleet.models import ClockRun, Stream
from server_broker.fleet.tables import STREAMS
from server_broker.ingest.tables import FACTS
from server_broker.manifest.manifests_check import check_signed, stored_manifests
from server_broker.manifest.problems import Problem
from server_broker.manifest.received import Part, Told, stream_ends, stream_keys
from server_broker.manifest.replay import Decided
from server_broker.platform.county_clock import UNVOUCHED
from server_broker.platform.sql import query

_SLACK = dt.timedelta(minutes=10)
"""A batch of facts takes seconds, and a clock that is kept by a time service may step back by as little."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MS = dt.timedelta(milliseconds=1)


@dataclass(slots=True)
class Received:
    """What was found: facts that were moved, and how many more only may have been."""

    problems: list[Problem] = field(default_factory=list)
    doubtful: int = 0

    def note(self, seq: int, station: str, said: str, *, doubtful: bool, table: str = FACTS.name) -> None:
        """Note a fact, or a row of one, that was not received when the database says."""
        if doubtful:
            self.doubtful += 1
        else:
            place = f"站点 {station} 第 {seq} 条（{table}）"
            self.problems.append(Problem("row", place, f"收到时间被改过：{said}"))


class _Clock:
    """How far the county's own clock may have been wrong."""

    def __init__(self) -> None:
        runs = list(ClockRun.objects.order_by("id"))
        self.slack = _SLACK + max((abs(run.ahead_ms) for run in runs), default=0) * _MS
        self._later = [_EPOCH + (run.began_ms + run.offset_ms) * _MS for run in runs[1:] if run.vouched == UNVOUCHED]
        self.may_have_been_ahead = any(run.vouched == UNVOUCHED for run in runs[:-1])
        """Until a later run was right."""

    def may_have_been_behind(self, at: dt.datetime) -> bool:
        """Tell whether a run that nobody vouches for began, by its own word, before ``at`` and after another run."""
        return any(began < at for began in self._later)


def check_received(found: Decided, *, now: dt.datetime | None = None) -> Received:
    """Return the first fact of each stream that was not received when the database says, by each of the rules.

    Raises:
        Refused: The leaves of a manifest were damaged.
    """
    received, clock = Received(), _Clock()
    for station, seq, before in query(_BACKWARDS, [clock.slack]):
        doubtful = clock.may_have_been_behind(before)
        received.note(seq, station, "比前面的记录还早", doubtful=doubtful)
    for station, seq, enrolled in query(_BEFORE_ENROLMENT, [*_enrolments(), clock.slack]):
        received.note(seq, station, "那时站点还没有接入", doubtful=clock.may_have_been_behind(enrolled))
    now = now or dt.datetime.now(dt.UTC)
    for station, seq in query(_TOUCH_TO_COME, [now + clock.slack]):
        received.note(seq, station, "晚于现在", doubtful=clock.may_have_been_ahead, table=TOUCHES.name)
    for parts, after, until in _between(found, now=now):
        bounds = [until + clock.slack, after and after - clock.slack]
        for station, seq, at in query(_OUTSIDE, [*_columns(parts), *bounds]):
            if after is not None and at < after:
                doubtful = clock.may_have_been_behind(after)
                received.note(seq, station, "早于还没有它的那一号总账", doubtful=doubtful)
            else:
                said = "晚于已有它的那一号总账" if until < now else "晚于现在"
                received.note(seq, station, said, doubtful=clock.may_have_been_ahead)
    return received


def _columns(parts: Sequence[Part]) -> list[list[int]]:
    return [[part.stream for part in parts], [part.after for part in parts], [part.through for part in parts]]


def _enrolments() -> tuple[list[str], list[dt.datetime]]:
    """Return the stations whose first enrolment is on record, and when each was."""
    entries = AuditEntry.objects.filter(action="station.enrolled", detail__again=False).order_by("-id")
    first = {entry.subject: entry.at for entry in entries}
    return list(first), list(first.values())


def _between(found: Decided, *, now: dt.datetime) -> Iterator[tuple[list[Part], dt.datetime | None, dt.datetime]]:
    """Yield what each manifest is the first to count, with the moments between which it was received.

    What no manifest counts comes last.
    """
    manifests = list(stored_manifests())
    roots, _ = check_signed(manifests, found)
    told, after, keys = Told(), None, stream_keys()
    for manifest, root in zip(manifests, roots, strict=False):
        until = _EPOCH + root.at * _MS
        yield told.parts(stream_ends(manifest.leaves, keys)), after, until
        after = until
    yield told.parts(dict(Stream.objects.values_list("id", "through"))), after, now


_BACKWARDS = f"""
SELECT DISTINCT ON (w.stream_id) s.station_id, w.seq, w.before
FROM (
    SELECT stream_id, seq, received_at, max(received_at) OVER (
        PARTITION BY stream_id ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS before
    FROM {FACTS}
) w JOIN {STREAMS} s ON s.id = w.stream_id
WHERE w.received_at < w.before - %s ORDER BY w.stream_id, w.seq
"""  # noqa: S608 - our own constants
_BEFORE_ENROLMENT = f"""
SELECT DISTINCT ON (f.stream_id) s.station_id, f.seq, w.at
FROM unnest(%s::text[], %s::timestamptz[]) AS w (station, at)
JOIN {STREAMS} s ON s.station_id = w.station JOIN {FACTS} f ON f.stream_id = s.id
WHERE f.received_at < w.at - %s ORDER BY f.stream_id, f.seq
"""  # noqa: S608 - likewise
_TOUCH_TO_COME = f"""
SELECT DISTINCT ON (station_id) station_id, seq FROM {TOUCHES} WHERE received_at > %s ORDER BY station_id, id
"""  # noqa: S608 - likewise
_OUTSIDE = f"""
SELECT DISTINCT ON (f.stream_id) s.station_id, f.seq, f.received_at
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS w (stream, after, through)
JOIN {FACTS} f ON f.stream_id = w.stream AND f.seq > w.after AND f.seq <= w.through
JOIN {STREAMS} s ON s.id = f.stream_id
WHERE f.received_at > %s OR f.received_at < %s::timestamptz ORDER BY f.stream_id, f.seq
"""  # noqa: S608 - likewise
