"""Learn how far the county's own clock was wrong in earlier runs, from a later run that can be trusted more.

A run is a stretch in which the clock ran without a step (`server_broker.platform.county_clock`). Runs of one boot are
compared by the machine's monotonic clock. A run corrects another one of its boot in these cases:

- The other run was not synchronised, and this run is better vouched for.
- Both runs were set by hand: a person who sets a clock again says that it was wrong.
- The other run was synchronised, a person has confirmed this run (``cunhui-server clock --confirm``), and the other run
  was ahead. If it was behind it stays as it is: a machine that was halted for a while is behind afterwards, and its
  time before the halt was right.

Runs of different boots can't be compared, because nobody knows how long the machine was off. But a boot may show that
earlier ones were wrong, and not by how much (`doubt_earlier`):

- Its clock began with a wrong time that stations may have been told. The battery kept that time, so the error may be as
  old as the last hand at the clock; or older, if that hand moved the clock far, because it may have moved it wrongly.
- An earlier run told a time that is yet to come. Before that run the battery may have kept the same error.

Such runs are *in doubt*: what only they have dated goes to review, until a person says that their time was right.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import groupby
from typing import Literal

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
"""The action of the audit log: who vouches for a run of the county's clock, how far it was wrong, who doubts it."""
DOUBTED_BY_PERSON = "person"
TRUSTED = "trusted"
"""Values of `ClockRun.doubted_by` that a person chose. No later boot changes them."""
NOT_IN_DOUBT = ("", TRUSTED)
DOUBTED_MS = 60_000
"""A run that was wrong by less puts none in doubt, because attendance is counted in minutes."""
MAX_EARLIER = 1_000
"""How many runs before this boot are looked at. A county has one a day if its machine is switched off at night."""


def note_run(
    run: CountyClockRun, *, ended: CountyClockRun | None, at: datetime, earlier: CountyClockRun | None = None
) -> list[bytes]:
    """Store the current run, and correct other runs of its boot by it. Runs inside the caller's transaction.

    Args:
        ended: The run before it, as the clock was last looked at.
        earlier: The last run of the boot before.

    Returns:
        Ids of the runs whose times must be corrected again, or can be trusted more than before.
    """
    for over in (ended, earlier):
        if over is not None:
            ClockRun.objects.filter(run=over.id).update(offset_ms=over.offset, told_ms=over.told)
    before = ClockRun.objects.filter(run=run.id).values_list("vouched", flat=True).first()
    ClockRun.objects.update_or_create(
        run=run.id,
        defaults={"offset_ms": run.offset, "vouched": run.vouched, "told_ms": run.told},
        create_defaults={
            "boot": run.boot,
            "began_ms": run.began,
            "offset_ms": run.offset,
            "vouched": run.vouched,
            "told_ms": run.told,
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


def doubt_earlier(run: CountyClockRun) -> list[bytes]:
    """Put runs of earlier boots in doubt if this boot shows that they may be wrong, or take its doubt back.

    Runs inside the caller's transaction, after `note_run`.

    Returns:
        Ids of the runs whose doubt began or ended.
    """
    if not run.told:
        return []  # the clock is not believed itself
    own = ClockRun.objects.filter(boot=run.boot).order_by("id")
    first = own[0]
    earlier = list(ClockRun.objects.filter(id__lt=first.id).exclude(boot=run.boot).order_by("-id")[:MAX_EARLIER])
    began_wrong = first.told_ms != 0 and abs(first.ahead_ms) > DOUBTED_MS
    suspects = {row.id for row in _suspects(earlier, began_wrong=began_wrong, by=run)}
    this_boot = run.boot.hex()
    return _doubt([row for row in earlier if row.doubted_by in ("", this_boot)], suspects, this_boot)


def judge_earlier(verdict: Literal["wrong", "right"], *, boot: bytes) -> list[bytes]:
    """Note what a person says of the times that were told before this boot of the machine.

    ``wrong`` puts all earlier runs in doubt that no time service vouched for, as far back as the rules above reach.
    ``right`` ends every doubt. Runs inside the caller's transaction.

    Returns:
        Ids of the runs whose doubt began or ended.
    """
    earlier = list(ClockRun.objects.exclude(boot=boot).order_by("-id")[:MAX_EARLIER])
    if verdict == "right":
        doubted = [row for row in earlier if row.doubted_by not in NOT_IN_DOUBT]
        return _doubt(doubted, {row.id for row in doubted}, TRUSTED)
    suspects = {row.id for row in _suspects(earlier, began_wrong=True, by=None)}
    return _doubt([row for row in earlier if row.id in suspects], suspects, DOUBTED_BY_PERSON)


def any_doubted() -> bool:
    """Tell whether some run is in doubt."""
    return ClockRun.objects.exclude(doubted_by__in=NOT_IN_DOUBT).exists()


def _suspects(earlier: Iterable[ClockRun], *, began_wrong: bool, by: CountyClockRun | None) -> list[ClockRun]:
    """Return the runs, of those of earlier boots from the newest on, whose time may have been wrong.

    Args:
        began_wrong: Whether the boot after them began with a wrong time.
        by: The run that shows it.
    """
    suspects: list[ClockRun] = []
    inherited = began_wrong
    for _, of_boot in groupby(earlier, key=lambda row: bytes(row.boot)):
        set_by_hand, offsets = False, list[int]()
        for row in of_boot:
            by_hand_at_most = row.vouched < SYNCHRONISED
            if not by_hand_at_most:
                inherited, set_by_hand = False, False
            to_come = by is not None and row.told_ms is not None and row.told_ms - row.ahead_ms > by.told + DOUBTED_MS
            inherited = inherited or (to_come and by_hand_at_most)
            # A time service may lie as well, but only a person's word weighs more than its own.
            if inherited or (to_come and by is not None and by.vouched == CONFIRMED):
                suspects.append(row)
            set_by_hand = set_by_hand or row.vouched == BY_HAND
            offsets += [row.offset_ms] if row.told_ms != 0 else []
        if set_by_hand:
            # Whoever set the clock may have set it wrongly, but did not keep the error that was there before. Only if
            # it was moved far, it may have been wrong before and set right, and then wrong again.
            inherited = inherited and max(offsets, default=0) - min(offsets, default=0) > DOUBTED_MS
    return [row for row in suspects if row.told_ms != 0]


def _doubt(rows: Iterable[ClockRun], suspects: Collection[int], doubted_by: str) -> list[bytes]:
    """Set why each row is in doubt, or that it is not, and return the ids of those that changed."""
    changed = []
    for row in rows:
        now = doubted_by if row.id in suspects else ""
        if row.doubted_by != now:
            row.doubted_by = now
            row.save(update_fields=["doubted_by"])
            changed.append(bytes(row.run))
    return changed


def decide_runs(runs: Collection[bytes], *, actor: str = "service") -> None:
    """Put on the county's record what is held of these runs now. Runs inside the transaction that changed them.

    Raises:
        RecordStopped: The record key is missing.
    """
    for row in ClockRun.objects.filter(run__in=runs).order_by("id"):
        said: Detail = {"vouched": row.vouched, "ahead_ms": row.ahead_ms, "doubted_by": row.doubted_by}
        entry = record(actor, JUDGED, bytes(row.run).hex(), said)
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
