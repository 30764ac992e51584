"""Dumps of a county's database that are taken before it is upgraded, in ``dumps/`` of the county's folder.

A dump counts once its description lies beside it. Both are on disk by then, so a killed program and a full disk leave
nothing that looks like a dump.
"""

import datetime as dt
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

import msgspec
from django.db import ProgrammingError, connection, transaction

from protocol.system_errors import os_cause
from server_broker.fleet.tables import STREAMS
from server_broker.platform.files import sync_folder, write_atomically
from server_broker.platform.home import CountyHome
from server_broker.platform.own_database import environment_of
from server_broker.platform.processes import ServiceError
from server_broker.platform.release import used_version
from server_broker.platform.units import start_line
from server_broker.postgres.debian import client_folder
from server_broker.upgrades.applied import applied

KEPT = 2
GOOD_FOR = dt.timedelta(days=90)
"""So long a station keeps a fact after its receipt at least (docs/protocol.md), and can tell it again."""
LEAST_FREE_BYTES = 512 * 2**20
"""What the disk must still have when the dump is done: a migration may write a table anew, and its log."""
_CHUNK_BYTES = 2**20
_END = ".json"


class Received(msgspec.Struct, frozen=True, array_like=True):
    """How many facts of one stream the county had."""

    station: str
    epoch: str
    through: int


class Dump(msgspec.Struct, frozen=True, kw_only=True):
    """What a dump is of.

    Attributes:
        version: The version that used the database until then; empty if it noted none.
        applied: How many migrations the database had had.
        audited: How many entries its audit log had.
        received: What had come of each stream.
    """

    name: str
    made_at: dt.datetime
    version: str
    bytes: int
    sha256: str
    applied: int
    audited: int
    received: list[Received]

    def __str__(self) -> str:
        made = self.made_at.astimezone().strftime("%Y-%m-%d %H:%M")
        return f"{self.name}  {made}  {self.bytes / 1e6:.1f} MB  版本 {self.version or '没有记下'}"


def dumps_folder(home: CountyHome) -> Path:
    """Return where the dumps are."""
    return home.root / "dumps"


def file_of(home: CountyHome, dump: Dump) -> Path:
    """Return the file of a dump, as ``pg_restore`` reads it."""
    return dumps_folder(home) / f"{dump.name}.dump"


def kept_dumps(home: CountyHome) -> list[Dump]:
    """Return the dumps that are whole, the newest one first. One whose description is damaged is none."""
    dumps = []
    for path in sorted(dumps_folder(home).glob(f"*{_END}"), reverse=True):
        with suppress(msgspec.DecodeError):
            dumps.append(msgspec.json.decode(path.read_bytes(), type=Dump))
    return [dump for dump in dumps if file_of(home, dump).exists()]


def dump_once(home: CountyHome, *, now: dt.datetime) -> Dump:
    """Return the dump of before an upgrade that was begun and not finished, or take one.

    An upgrade that is interrupted again and again has one dump: of the database as it was before the first try.

    Raises:
        ServiceError: As `take_dump`.
    """
    mark = dumps_folder(home) / "begun"
    name = mark.read_text(encoding="ascii") if mark.exists() else ""
    begun = next((dump for dump in kept_dumps(home) if dump.name == name), None)
    # Once a migration is applied, no version but this one takes the database, so nothing came in since.
    if begun is not None and (begun.applied != len(applied()) or (begun.audited, begun.received) == content()):
        return begun
    dump = take_dump(home, now=now)
    write_atomically(mark, dump.name.encode("ascii"))
    return dump


def upgrade_is_done(home: CountyHome) -> None:
    """Note that the upgrade is finished, so that the next one takes a dump of its own."""
    (dumps_folder(home) / "begun").unlink(missing_ok=True)


def take_dump(home: CountyHome, *, now: dt.datetime) -> Dump:
    """Dump the database into the county's folder, and remove older dumps.

    The newest ones stay, and the last one of an earlier version: it is the way back to that.

    Raises:
        ServiceError: The disk can't hold it or PostgreSQL did not give it; nothing of it is left, and the database is
            as it was.
    """
    folder = dumps_folder(home)
    folder.mkdir(exist_ok=True, mode=0o700)
    for left in folder.glob("*.part"):  # of a program that was killed
        left.unlink()
    _keep(home, kept_dumps(home))
    audited, received = content()
    name = now.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    part = folder / f"{name}.part"
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            size, digest = _write(home, file, folder)
            os.fsync(file.fileno())
        part.replace(folder / f"{name}.dump")
    except OSError as error:
        raise ServiceError(_no_room(home, os_cause(error))) from error
    finally:
        part.unlink(missing_ok=True)
    dump = Dump(
        name=name,
        made_at=now,
        version=used_version(home),
        bytes=size,
        sha256=digest,
        applied=len(applied()),
        audited=audited,
        received=received,
    )
    write_atomically(folder / f"{name}{_END}", msgspec.json.encode(dump))
    sync_folder(home.root)
    # Not before: as long as this one may not fit, the others are all that there is.
    dumps = kept_dumps(home)
    earlier = [one for one in dumps if one.version != dump.version]
    _keep(home, [*dumps[:KEPT], *earlier[:1]])
    return dump


def drop_old_dumps(home: CountyHome, *, now: dt.datetime) -> int:
    """Remove the dumps that are too old to go back to, and return how many.

    They would keep what the county has erased of people since.
    """
    old = [dump for dump in kept_dumps(home) if now - dump.made_at > GOOD_FOR]
    for dump in old:
        # First the description: a dump without one does not count, and goes with the next one that is taken.
        (dumps_folder(home) / f"{dump.name}{_END}").unlink()
        file_of(home, dump).unlink()
    return len(old)


def content() -> tuple[int, list[Received]]:
    """Return how many entries the audit log has and what was received of each stream; nothing of an empty database."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM audit_auditentry")
            (audited,) = cursor.fetchone()
            streams = f"SELECT station_id, encode(epoch, 'hex'), through FROM {STREAMS.name} ORDER BY 1, 2"  # noqa: S608 - the name is a constant
            cursor.execute(streams)
            return audited, [Received(*row) for row in cursor.fetchall()]
    except ProgrammingError:  # no such table
        return 0, []


def _keep(home: CountyHome, dumps: Iterable[Dump]) -> None:
    """Remove all dumps but these, and files without a description."""
    names = {dump.name for dump in dumps}
    for path in dumps_folder(home).iterdir():
        if path.suffix in (".dump", _END) and path.stem not in names:
            path.unlink()


def _write(home: CountyHome, file: BinaryIO, folder: Path) -> tuple[int, str]:
    """Write what ``pg_dump`` gives, and return its size and SHA-256.

    Raises:
        ServiceError: It failed, or the disk got too full.
    """
    size, digest = 0, hashlib.sha256()
    with _pg_dump() as source:
        while chunk := source.read(_CHUNK_BYTES):
            # PostgreSQL writes to the same disk, and stops for everybody when that is full.
            if shutil.disk_usage(folder).free < LEAST_FREE_BYTES + len(chunk):
                raise ServiceError(_no_room(home, "磁盘快满了"))
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    file.flush()
    return size, digest.hexdigest()


@contextmanager
def _pg_dump() -> Iterator[IO[bytes]]:
    """Run ``pg_dump`` and give what it writes.

    Raises:
        ServiceError: It ended with an error.
    """
    command = [str(client_folder(server_major()) / "pg_dump"), "--format=custom", "--no-password"]
    process = subprocess.Popen(  # noqa: S603 - argv is ours, no shell
        [*command, "--compress=zstd:3"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | database_environment(),
    )
    assert process.stdout is not None
    try:
        yield process.stdout
        said = process.communicate()[1]
    except BaseException:
        process.kill()
        process.communicate()
        raise
    if process.returncode != 0:
        raise ServiceError(f"没有做成数据库的转储（pg_dump），没有改动数据库：{said.decode(errors='replace')[-400:]}")


def database_environment() -> dict[str, str]:
    """Return what tells PostgreSQL's programs which database is meant (libpq: environment variables)."""
    names = {"PGDATABASE": "NAME", "PGUSER": "USER", "PGHOST": "HOST", "PGPORT": "PORT"}
    settings = connection.settings_dict
    there = {name: str(settings[key]) for name, key in names.items() if settings.get(key)}
    return there | environment_of(settings["OPTIONS"])


def server_major() -> int:
    """Return the major version of the PostgreSQL that has the database."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0]) // 10_000


def _no_room(home: CountyHome, cause: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        (size,) = cursor.fetchone()
    free = shutil.disk_usage(home.root).free
    return (
        f"升级前的转储写不下（{cause}），没有改动数据库，站点照常打卡。{home.root} 所在的磁盘剩 {free / 2**20:.0f} MB，"
        f"请腾到 {(size + LEAST_FREE_BYTES) / 2**20:.0f} MB 以上，再运行：{start_line(home)}"
    )
