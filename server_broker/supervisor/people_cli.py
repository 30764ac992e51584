"""The verb of ``cunhui-server`` that writes people, cards and duty windows as of a time."""

import argparse
import datetime as dt
import os
from pathlib import Path

from django.utils import timezone

from server_broker.audit.log import record
from server_broker.dated.locking import known_now
from server_broker.dated.models import AsOf
from server_broker.platform.county_account import rights_of_the_person
from server_broker.platform.processes import ServiceError
from server_broker.regions.models import region_once
from server_broker.rosters.as_of_export import county_code, export_as_of


def export_people_file(chosen: argparse.Namespace, *, actor: str) -> str:
    """Write the file, put it on record, and say what is in it.

    Raises:
        ServiceError: A time can't be read, there is no such region, or the file is there already.
    """
    at, known = moment_typed(chosen.at), moment_typed(chosen.as_of)
    asked = AsOf(at or known or timezone.now(), known or known_now())
    scope = chosen.region or county_code()
    if not scope or region_once(scope) is None:
        raise ServiceError(f"没有区划 {scope or '（还没有导入区划）'}")
    content = export_as_of(scope, asked)
    # Recorded first, so that no personal data leaves the county without an entry.
    record(
        actor, "people.exported", scope, {"as_of": asked.known.isoformat() if asked.known else "", "at": str(asked.at)}
    )
    write_new(chosen.file, content)
    shown = timezone.localtime(asked.at).strftime("%Y-%m-%d %H:%M")
    return f"已写入 {chosen.file}：{shown} 的人员、卡和值班"


def write_new(name: str, content: bytes, *, mode: int = 0o600) -> None:
    """Write a file, by default one that nobody else on the machine may read. Nothing is overwritten.

    Raises:
        ServiceError: It is there already, or can't be written.
    """
    try:
        with rights_of_the_person():
            handle = os.open(Path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise ServiceError(f"写不了文件 {name}：已经有了，或文件夹不能写") from error
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, mode)  # whatever the umask
        file.write(content)


def moment_typed(text: str) -> dt.datetime | None:
    """Return a local moment, or the end of a local day if only a day is given; None: nothing was typed.

    Raises:
        ServiceError: It is no time.
    """
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
        if len(text) == len("2026-03-01"):
            moment += dt.timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise ServiceError(f"{text} 不是时间，要写成 2026-03-01 或 2026-03-01T18:00") from error
    return moment if moment.tzinfo else timezone.make_aware(moment)
