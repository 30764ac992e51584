"""Take a county's database back to a dump of before an upgrade.

What stations told since then they tell again, because they keep their facts for 90 days after the receipt. What people
decided in the console since then is gone, and so are facts of stations that do not exist any more: a person must say
that this may be.
"""

import datetime as dt
import os
import shutil
import subprocess
from pathlib import Path

import msgspec
from django.db import ProgrammingError, connection, transaction

from server_broker.fleet.tables import STATIONS
from server_broker.platform.control import pid_file
from server_broker.platform.files import sha256_of, write_atomically
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError, running_pid
from server_broker.platform.release import note_used, program_version
from server_broker.platform.units import TARGET, UNITS
from server_broker.postgres.debian import client_folder
from server_broker.upgrades.alone import alone
from server_broker.upgrades.dumps import (
    GOOD_FOR,
    Dump,
    Received,
    content,
    database_environment,
    dumps_folder,
    file_of,
    kept_dumps,
    server_major,
)

_APT = "apt install --allow-downgrades ./cunhui-county"
_WRITERS = tuple(part for part in UNITS if part not in ("postgres", "mosquitto"))
_LIVE = f"SELECT id FROM {STATIONS.name} WHERE revoked_at IS NULL AND enrolled_at IS NOT NULL"  # noqa: S608 - the name is a constant


class WentBack(msgspec.Struct, frozen=True, kw_only=True):
    """What the next preparation must know: that the database went back, to which version's, and who did it."""

    version: str
    actor: str


def _mark(home: CountyHome) -> Path:
    return dumps_folder(home) / "went-back"


def went_back(home: CountyHome) -> WentBack | None:
    """Return what was noted when the database went back, until `forget_way_back`."""
    try:
        version, actor = _mark(home).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    return WentBack(version=version, actor=actor)


def forget_way_back(home: CountyHome) -> None:
    """Remove that note, once stations are asked for what is missing. No earlier package can be installed any more."""
    _mark(home).unlink(missing_ok=True)


def go_back(home: CountyHome, name: str, *, lose: bool, actor: str, now: dt.datetime) -> Dump:
    """Replace the database by a dump, in one transaction, and return the dump.

    Args:
        lose: What no station tells again may be lost.

    Raises:
        ServiceError: It was refused or failed; the database is as it was.
    """
    dump = _dump_named(home, name)
    if writers := [part for part in _WRITERS if running_pid(pid_file(home, part)) is not None]:
        raise ServiceError(
            f"县平台还在运行（{'、'.join(writers)}），没有改动。请先停下它，只留数据库：{_leave_only_database(home)}"
        )
    with alone(wait=None):
        if now - dump.made_at > GOOD_FOR:
            raise ServiceError(f"{dump.name} 已超过 {GOOD_FOR.days} 天，站点可能不再留着那以后的记录，没有退回")
        lost = _lost_for_ever(dump)
        if lost and not lose:
            raise ServiceError("\n".join([*lost, "没有改动。确认可以丢掉这些，再加上 --lose 运行一次"]))
        _judge_file(home, dump)
        # Noted before, because this program may be killed right after the COMMIT, and without the note no station would
        # be asked for what is missing. If it is killed before, stations only tell again what is here.
        write_atomically(_mark(home), f"{dump.version}\n{actor}\n".encode(), mode=0o644)
        (home.postgres_socket / "prepared").unlink(missing_ok=True)
        try:
            _replace(file_of(home, dump))
        except ServiceError:
            forget_way_back(home)  # the database is still the later version's, which no earlier package reads
            raise
        note_used(home, dump.version)
        (dumps_folder(home) / "begun").unlink(missing_ok=True)
    return dump


def next_step(home: CountyHome, dump: Dump) -> str:
    """Return what the person does now."""
    start = f"systemctl start {TARGET}" if home.by_units else "cunhui-server up"
    again = f"要继续用本版本 {program_version()}，直接启动：{start}"
    if not home.by_units:
        return again
    older = dump.version or "版本"
    return f"要退回旧版本：{_APT}_{older}_*.deb，装好后运行 cunhui-server restored\n{again}"


def _dump_named(home: CountyHome, name: str) -> Dump:
    dumps = kept_dumps(home)
    found = next((dump for dump in dumps if dump.name == name), None)
    if found is None:
        there = "\n".join(map(str, dumps)) or "一份也没有"
        raise ServiceError(f"没有名为“{name}”的转储。现有：\n{there}")
    return found


def _leave_only_database(home: CountyHome) -> str:
    if home.by_units:
        return f"systemctl stop {TARGET} && systemctl start {UNITS['postgres']}"
    without = " ".join(f"--without {part}" for part in ("mosquitto", *_WRITERS))
    return f"cunhui-server down，再运行 cunhui-server up {without}"


def _lost_for_ever(dump: Dump) -> list[str]:
    """Return sentences about what nobody will tell again."""
    audited, received = content()
    lost = []
    if audited > dump.audited:
        lost.append(
            f"这份转储以后，网页和命令上又有 {audited - dump.audited} 条操作记录（审计），退回后这些操作都没有了"
        )
    had = {(one.station, one.epoch): one.through for one in dump.received}
    gone = [one for one in received if one.through > had.get((one.station, one.epoch), 0)]
    live = _live_stations()
    lost += [_of_a_station(one, had) for one in gone if one.station not in live]
    return lost


def _of_a_station(one: Received, had: dict[tuple[str, str], int]) -> str:
    count = one.through - had.get((one.station, one.epoch), 0)
    return f"站点 {one.station} 已吊销，它在这份转储以后报来的 {count} 条记录不会再来"


def _live_stations() -> set[str]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_LIVE)
            return {station for (station,) in cursor.fetchall()}
    except ProgrammingError:  # no such table: an empty database
        return set()


def _judge_file(home: CountyHome, dump: Dump) -> None:
    if sha256_of(file_of(home, dump)).hex() != dump.sha256:
        raise ServiceError(
            f"{file_of(home, dump)} 和做成时不一样了（损坏或被改动），没有退回。请用另一份，或从备份恢复"
        )


def _replace(file: Path) -> None:
    """Put the dump in the place of everything that the county's role has in the database.

    Raises:
        ServiceError: It failed; the transaction was given up.
    """
    programs = client_folder(server_major())
    reads = [str(programs / "pg_restore"), "--file=-", "--no-owner", "--no-privileges", str(file)]
    writes = [str(programs / "psql"), "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1"]
    with (
        subprocess.Popen(reads, stdout=subprocess.PIPE) as source,  # noqa: S603 - argv is ours, no shell
        subprocess.Popen(  # noqa: S603
            writes,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=os.environ | database_environment(),
        ) as target,
    ):
        assert source.stdout is not None
        assert target.stdin is not None
        said = b""
        try:
            target.stdin.write(b"BEGIN;\nDROP OWNED BY CURRENT_USER CASCADE;\n")
            shutil.copyfileobj(source.stdout, target.stdin)
            # Without the COMMIT, which half a dump does not get, PostgreSQL gives all of it up.
            if source.wait() == 0:
                target.stdin.write(b"COMMIT;\nANALYZE;\n")
        except BrokenPipeError:
            source.kill()
        said = target.communicate()[1]
    if source.returncode != 0 or target.returncode != 0:
        raise ServiceError(f"没有退回，数据库还是原来的：{said.decode(errors='replace')[-400:]}")
