"""What the county learns of its own clock: a run that somebody vouches for says how far earlier ones were wrong.

Runs of one boot of the machine are compared by its monotonic clock. A run that was not synchronised is judged by a
later one that is better vouched for, and by one that a person set: who sets a clock again says that it was wrong. A
synchronised run is judged by none but one that a person has confirmed (``cunhui-server clock --confirm``), and only
where it was ahead: a machine that was halted for a while is behind afterwards, and what it said before was right.
"""

from datetime import datetime

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


def note_run(run: CountyClockRun, *, ended: CountyClockRun | None, at: datetime) -> list[bytes]:
    """Keep the run that goes on and what it says of the others of its boot; inside the caller's transaction.

    Args:
        ended: The run before it, as it was last looked at.

    Returns:
        The runs whose words mean something else now, or weigh more.
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
        changed += [bytes(other.run) for other in _others(run) if _judge(other, run)]
    return changed


def _others(run: CountyClockRun) -> list[ClockRun]:
    return list(ClockRun.objects.filter(boot=run.boot).exclude(run=run.id))


def _judge(other: ClockRun, run: CountyClockRun) -> bool:
    """Take ``run``'s word on ``other`` where it has one; return whether that changed anything."""
    ahead = other.offset_ms - run.offset
    if not _may_judge(run, other, ahead):
        return False
    if abs(ahead) <= STEP_MS + abs(run.began - other.began_ms) * DRIFT_PPM // 1_000_000:
        ahead = 0  # it ran away as a crystal does, and was right when it began
    if (other.ahead_ms, other.vouched) == (ahead, run.vouched):
        return False
    other.ahead_ms, other.vouched = ahead, run.vouched
    other.save(update_fields=["ahead_ms", "vouched"])
    return True


def _may_judge(run: CountyClockRun, other: ClockRun, ahead: int) -> bool:
    if other.vouched >= SYNCHRONISED:
        return run.vouched == CONFIRMED and ahead > 0
    return run.vouched > other.vouched or run.vouched == other.vouched == BY_HAND
