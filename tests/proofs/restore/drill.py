"""One drill: back up, live on, lose the county, try a damaged backup, restore, and let the stations make it good."""

import shutil
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.proofs.restore.damage import damaged
from tests.proofs.restore.village import Village

BAD = ("lost", "doubled", "invented", "refused", "rpo_facts", "undetected", "not_restored", "not_drained")


@dataclass
class Findings:
    """What came of all drills."""

    counts: Counter[str] = field(default_factory=Counter)
    damages: Counter[str] = field(default_factory=Counter)
    restore_s: list[float] = field(default_factory=list)
    back_s: list[float] = field(default_factory=list)
    """From the loss of the county until it had everything and heard every station."""
    gaps: list[int] = field(default_factory=list)
    """How many stored touches were in no backup when the county was lost."""


def drill(village: Village, number: int, findings: Findings) -> None:
    """Go through one drill."""
    chance = village.chance
    each = len(village.stations)
    village.touch(each)
    if number == 0 or chance.random() < 0.7:
        village.county.tool("backup", "now")
    village.touch(each)
    village.archive()
    if number % 4 == 3:
        _pull_the_disk(village, findings)
    village.county.tool("backup", "copy")
    village.touch(each)
    before = village.stored()
    village.lose_county()
    lost_at = time.monotonic()
    village.touch(each // 2)
    _try_damaged(village, number, findings)
    home = village.next_home()
    began = time.monotonic()
    done = village.restore(village.disk, village.key, home)
    if done.returncode != 0:
        print(f"drill {number}: {done.stdout}{done.stderr}", file=sys.stderr)
        findings.counts["not_restored"] += 1
        raise RuntimeError("the county can't be restored, so no further drill is possible")
    findings.restore_s.append(round(time.monotonic() - began, 1))
    village.move_in(home)
    findings.gaps.append(len(before - village.stored()))
    # Whom the county refuses would go on showing green lights, of which none arrives.
    village.touch_everywhere()
    findings.counts["not_drained"] += not village.drained()
    findings.back_s.append(round(time.monotonic() - lost_at, 1))
    _judge(village, before, findings)
    print(
        f"drill {number}: restored in {findings.restore_s[-1]} s, all back in {findings.back_s[-1]} s", file=sys.stderr
    )


def _judge(village: Village, before: set[tuple[str, str]], findings: Findings) -> None:
    stored = village.stored()
    doubled, invented = village.reckoned()
    findings.counts["lost"] += len(village.lit() - stored)
    findings.counts["rpo_facts"] += len(before - stored)
    findings.counts["refused"] += len(village.unheard())
    # These two are counted from the beginning each time.
    findings.counts["doubled"] = max(findings.counts["doubled"], doubled)
    findings.counts["invented"] = max(findings.counts["invented"], invented)


def _pull_the_disk(village: Village, findings: Findings) -> None:
    """Take the disk away while the county wants to copy: it must say so, and make nothing where the disk was."""
    away = village.disk.with_name("disk-in-a-drawer")
    village.disk.rename(away)
    village.disk.mkdir()
    done = village.county.try_tool("backup", "copy")
    noticed = done.returncode != 0 and "没有插上" in done.stderr and not any(village.disk.iterdir())
    findings.damages["pulled_disk"] += 1
    findings.counts["undetected"] += not noticed
    village.disk.rmdir()
    away.rename(village.disk)


def _try_damaged(village: Village, number: int, findings: Findings) -> None:
    """Restore from a damaged copy of the disk. It must be refused by name, and no county may be there."""
    disk, home = village.folder / "damaged", village.folder / "never"
    what, key = damaged(village.disk, disk, village.key, number, village.chance)
    done = village.restore(disk, key, home)
    named = done.returncode == 1 and done.stderr.strip() and "Traceback" not in done.stderr
    nothing = not (home / "county.toml").exists() and not (home / "postgres").exists()
    findings.damages[what] += 1
    if not (named and nothing):
        print(f"drill {number}: {what}: {done.returncode}: {done.stdout}{done.stderr}", file=sys.stderr)
        findings.counts["undetected"] += 1
    shutil.rmtree(disk)
    shutil.rmtree(home, ignore_errors=True)
