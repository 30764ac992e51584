"""Learn how far the county's own clock was wrong in earlier runs, from a later run that can be trusted more.

A run is a stretch in which the clock ran without a step (`server_broker.platform.county_clock`). Runs of one boot are
compared by the machine's monotonic clock. A run corrects another one of its boot in these cases:

- The other run was not synchronised, and this run is better vouched for.
- Both runs were set by hand: a person who sets a clock again says that it was wrong.
- The other run was synchronised, a person has confirmed this run (``cunhui-server clock --confirm``), and the other run
  was ahead. If it was behind it stays as it is: a machine that was halted for a while is behind afterwards, and its
  time before the halt was right.
"""

from collections.abc import Collection
from datetime import datetime

from protocol.decisions import Decided
from server_broker.audit.log import Detail, record
from server_broker.decisions.stream import decide
from server_broker.fleet.models import ClockRun
from server_broker.platform.county_clock import (
    BY_HAND,
    CONFIRMED,
    DRIFT_PPM,
    STEP_MS,
    SYNCHRONISED,
    UNVOUCHED,
    CountyClockRun,
)

JUDGED = "county.clock_judged"
"""The action of the audit log: who vouches for a run of the county's clock, and how far it was wrong."""


def note_run(run: CountyClockRun, *, ended: CountyClockRun | None, at: datetime) -> list[bytes]:
    """Store the current run, and correct other runs of its boot by it. Runs inside the caller's transaction.

    Args:
        ended: The run before it, as the clock was last looked at.

    Returns:
        Ids of the runs whose times must be corrected again, or can be trusted more than before.
    """
    if ended is not None:
        ClockRun.objects.filter(run=ended.id).update(offset_ms=ended.offset)
    before = ClockRun.objects.filter(run=run.id).values_list("vouched", flat=True).first()
    ClockRun.objects.update_or_create(
        run=run.id,
        defaults={"offset_ms": run.offset, "vouched": run.vouched},
        create_defaults={
            "boot": run.boot,
            "began_ms": run.began,
            "offset_ms": run.offset,
            "vouched": run.vouched,
            "noted_at": at,
        },
    )
    changed = [run.id] if before is not None and before != run.vouched else []
    if run.vouched > UNVOUCHED:
        others = ClockRun.objects.filter(boot=run.boot).exclude(run=run.id)
        changed += [bytes(other.run) for other in others if _judge(other, run)]
    return changed


def is_noted(run: CountyClockRun) -> bool:
    """Tell whether a run is stored already."""
    return ClockRun.objects.filter(run=run.id).exists()


def decide_runs(runs: Collection[bytes]) -> None:
    """Put on the county's record what is held of these runs now. Runs inside the transaction that changed them.

    Raises:
        RecordStopped: The record key is missing.
    """
    for row in ClockRun.objects.filter(run__in=runs).order_by("id"):
        said: Detail = {"vouched": row.vouched, "ahead_ms": row.ahead_ms}
        entry = record("service", JUDGED, bytes(row.run).hex(), said)
        decide(entry, Decided(action=JUDGED, subject=entry.subject), [row])


def _judge(other: ClockRun, run: CountyClockRun) -> bool:
    """Correct ``other`` by ``run`` if the rules above allow it, and return whether that changed anything."""
    ahead = other.offset_ms - run.offset
    if other.vouched >= SYNCHRONISED:
        may_judge = run.vouched == CONFIRMED and ahead > 0
    else:
        may_judge = run.vouched > other.vouched or run.vouched == other.vouched == BY_HAND
    if not may_judge:
        return False
    if abs(ahead) <= STEP_MS + abs(run.began - other.began_ms) * DRIFT_PPM // 1_000_000:
        ahead = 0  # the difference is a crystal's drift since then: the clock was right when the run began
    if (other.ahead_ms, other.vouched) == (ahead, run.vouched):
        return False
    other.ahead_ms, other.vouched = ahead, run.vouched
    other.save(update_fields=["ahead_ms", "vouched"])
    return True
