"""``[backup]`` of ``county.toml``: where the copies go that leave the machine, and for whom they are encrypted."""

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from server_broker.platform.config_tables import Problems, table_problems, table_text

KEEP_DAYS = 35
"""Five weeks: a mistake in a month's sheet is found when the next one is signed."""
_KEYS: dict[str, type] = {"folder": str, "recipient": str, "disk": bool, "keep_days": int}
_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}")
"""An X25519 recipient of age (age-encryption.org/v1): Bech32."""
_DAYS = range(14, 3651)


@dataclass(frozen=True, kw_only=True)
class BackupConfig:
    """The table as it stands in the file.

    Attributes:
        folder: Absolute; the copies lie in a folder of ours in it.
        recipient: The public key that they are encrypted to. The secret one is on paper.
        disk: ``folder`` lies on a disk of its own, which may be pulled out. Without it nothing is written there.
        keep_days: How long a backup is kept, and so how long what the county has erased is still in one.
    """

    folder: str
    recipient: str
    disk: bool = False
    keep_days: int = KEEP_DAYS


def backup_problems(table: Any) -> Problems:
    """Return each wrong key of the table with its error in Chinese. What is missing is told under an empty key."""
    return table_problems("backup", table, _KEYS, required=("folder", "recipient"), judge=_problem)


def _problem(key: str, value: Any) -> str:
    if key == "keep_days" and value not in _DAYS:
        return f"应为 {_DAYS.start} 到 {_DAYS.stop - 1}"
    if key == "recipient" and not _RECIPIENT.fullmatch(value):
        return "不是 age 的公钥（age1 开头）；由 cunhui-server backup setup 写入，不要手改"
    return "应为完整路径，如 /mnt/backup" if key == "folder" and not Path(value).is_absolute() else ""


def backup_table(backup: BackupConfig) -> str:
    """Return the table ``[backup]`` as TOML, to be put at the end of the file."""
    return table_text("backup", asdict(backup), comment="备份放在哪里，用哪把公钥加密；恢复密钥在纸上")
