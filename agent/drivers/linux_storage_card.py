"""The storage card that holds a folder: its kind, and how far it is worn if it reports that.

An eMMC reports it in its extended CSD (JESD84-B51, 7.4: DEVICE_LIFE_TIME_EST_TYP_A and _TYP_B, PRE_EOL_INFO), which the
kernel shows as ``life_time`` and ``pre_eol_info`` (Documentation/driver-api/mmc/mmc-dev-attrs). SD cards do not report
it.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.drivers.linux_files import number, text

_KINDS: dict[str, Literal["emmc", "sd"]] = {"MMC": "emmc", "SD": "sd"}
_ENDS: dict[int, Literal["normal", "warning", "urgent"]] = {1: "normal", 2: "warning", 3: "urgent"}
_MOST_WORN = 0x0B


@dataclass(frozen=True, slots=True)
class StorageCard:
    """What is known of a storage card. All is None if the folder lies on something else."""

    kind: Literal["emmc", "sd"] | None = None
    worn_percent: int | None = None
    end: Literal["normal", "warning", "urgent"] | None = None


def storage_card_of(folder: Path, root: Path) -> StorageCard:
    """Describe the card that holds ``folder``; ``root`` is the file tree that contains sysfs."""
    try:
        number_of_device = os.stat(folder).st_dev
    except OSError:
        return StorageCard()
    return storage_card_at(f"{os.major(number_of_device)}:{os.minor(number_of_device)}", root)


def storage_card_at(device: str, root: Path) -> StorageCard:
    """Describe the card of a block device or partition, named ``MAJOR:MINOR``."""
    try:
        block = (root / "sys/dev/block" / device).resolve(strict=True)
    except (OSError, RuntimeError):
        return StorageCard()
    whole = block.parent if (block / "partition").exists() else block
    kind = _KINDS.get(text(whole / "device/type").strip())
    if kind != "emmc":
        return StorageCard(kind)
    end = number(whole / "device/pre_eol_info", least=0, most=255)
    return StorageCard(kind, _worn(text(whole / "device/life_time")), _ENDS.get(end or 0))


def _worn(life_time: str) -> int | None:
    """Return the upper end of the worse area's band in per cent: 0x01 is 0–10 %, 0x0A 90–100 %, 0x0B above 100 %."""
    found = re.fullmatch(r"(?:0x)?([0-9a-fA-F]{1,2})\s+(?:0x)?([0-9a-fA-F]{1,2})", life_time.strip())
    bands = [int(band, 16) for band in found.groups()] if found else []
    known = [band for band in bands if 1 <= band <= _MOST_WORN]
    return 10 * max(known) if known else None
