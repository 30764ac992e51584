"""What is known of a county's backups: when a copy last left the machine, and when one was last proven.

It is kept in a file and not in the database, because the copies go on while that is away.
"""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from protocol.china_time import CHINA
from server_broker.platform.county_config import read_config
from server_broker.platform.files import write_atomically
from server_broker.platform.home import CountyHome

COPY_WITHIN = dt.timedelta(hours=24)
"""A disk may be away for a day, to be exchanged for another one."""
BASE_WITHIN = dt.timedelta(days=3)
PROOF_WITHIN = dt.timedelta(days=10)
"""A proof is made every week."""
_MOMENTS = ("last_base_at", "last_copy_at", "last_proof_at")


@dataclass(frozen=True)
class BackupStatus:
    """The state of a county's backups. A moment is None if it never came.

    Attributes:
        target: The folder or disk of the copies; None if no backup is set up.
        set_up_at: When that was.
        last_base_at: When the last base backup of the database was made.
        last_copy_at: What the county had by then is outside the machine.
        last_proof_at: When a backup was last restored on trial, with the sums of the copies checked.
        problem: Why the last attempt of a copy or a proof failed, in Chinese; empty if it did not.
    """

    target: str | None
    set_up_at: dt.datetime | None = None
    last_base_at: dt.datetime | None = None
    last_copy_at: dt.datetime | None = None
    last_proof_at: dt.datetime | None = None
    problem: str = ""


def backup_status(home: CountyHome) -> BackupStatus:
    """Return the state of the county's backups.

    Raises:
        ServiceError: ``county.toml`` can't be read.
    """
    config = read_config(home).backup
    if config is None:
        return BackupStatus(None)
    kept = _kept(home)
    moments = {name: _moment(kept.get(name)) for name in (*_MOMENTS, "set_up_at")}
    problems = [kept[name] for name in ("copy_problem", "proof_problem") if kept.get(name)]
    return BackupStatus(config.folder, problem="；".join(problems), **moments)


def note(home: CountyHome, **changed: dt.datetime | str) -> None:
    """Note moments (aware) and problems. The rest stays as it was."""
    texts = {name: value if isinstance(value, str) else value.isoformat() for name, value in changed.items()}
    kept = json.dumps(_kept(home) | texts, ensure_ascii=False, indent=1)
    write_atomically(home.backup / "state.json", kept.encode(), mode=0o640)


def overdue(status: BackupStatus, *, now: dt.datetime) -> str:
    """Return in Chinese what is overdue of the copies; empty if nothing is, or no backup is set up."""
    if status.target is None:
        return ""
    begun = status.set_up_at or now
    for moment, within, what in (
        (status.last_copy_at, COPY_WITHIN, "备份到盘上"),
        (status.last_base_at, BASE_WITHIN, "做数据库基础备份"),
    ):
        if now - (moment or begun) > within:
            last = f"上次是 {_shown(moment)}" if moment else "一次也没有成功"
            return f"已超过 {within // dt.timedelta(hours=1)} 小时没有{what}，{last}"
    return ""


def unproven(status: BackupStatus, *, now: dt.datetime) -> str:
    """Return in Chinese that the backups are not proven; empty if they are, or no backup is set up."""
    if status.target is None or now - (status.last_proof_at or status.set_up_at or now) <= PROOF_WITHIN:
        return ""
    last = f"上次是 {_shown(status.last_proof_at)}" if status.last_proof_at else "一次也没有"
    return f"已超过 {PROOF_WITHIN.days} 天没有试恢复成功，{last}"


def _kept(home: CountyHome) -> dict[str, Any]:
    try:
        found = json.loads((home.backup / "state.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _moment(text: object) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(str(text))
    except ValueError:
        return None


def _shown(moment: dt.datetime | None) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}" if moment else ""
