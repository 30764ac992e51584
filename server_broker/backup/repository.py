"""The local repository: base backups and the write-ahead log, made and read by pgBackRest.

It runs in the cluster's data folder and under PostgreSQL's account. All its paths are relative to that folder, so that
a county can be restored to any place, and nobody but PostgreSQL need enter the folders above.
"""

import datetime as dt
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from server_broker.platform.files import write_atomically
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError, account_for
from server_broker.postgres.folder import DATA, PGBACKREST, SUPERUSER

STANZA = "county"
ARCHIVE_TIMEOUT_S = 60
"""A minute after a change the log is archived, also if little was written."""
FULL_EVERY = dt.timedelta(days=7)
_ANEW_AFTER = dt.timedelta(hours=20)
"""A daily backup is one since the last full one; another one on the same day is one since the last."""
SEGMENT_BYTES = 16 * 2**20
_SEGMENTS = 256
"""Segments of 16 MB in one number of the log (PostgreSQL 17, 28.6)."""
_SEGMENT = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})-[0-9a-f]{40}(\.[a-z0-9]+)?")
_CHANGING = re.compile(r"(archive|backup)\.info(\.copy)?")
_UNFINISHED = ".pgbackrest.tmp"
_CONTINUOUS_FULLS = 2
"""Since so many full backups ago the whole log is kept."""

_CONFIG = f"""\
[global]
repo1-path={DATA}/../backup/repo
repo1-bundle=y
repo1-block=y
repo1-retention-full-type=time
repo1-retention-full={{keep_days}}
repo1-retention-archive={_CONTINUOUS_FULLS}
compress-type=zst
start-fast=y
lock-path={DATA}/../backup/work
spool-path={DATA}/../backup/work
log-level-file=off
log-level-console=warn

[{STANZA}]
pg1-path={DATA}
pg1-socket-path={DATA}/../run
pg1-user={SUPERUSER}
"""
"""Of the two newest full backups on, every moment can be had; of an older backup only its own. Small files go together
(bundle), and of a large table only the blocks that changed (block)."""


@dataclass(frozen=True)
class Base:
    """A base backup, as the repository knows it. Recovery begins with the segment ``first`` of ``timeline``."""

    label: str
    timeline: int
    first: int
    ended_at: dt.datetime

    @property
    def full(self) -> bool:
        """Whether it needs no other one."""
        return self.label.endswith("F")


class Repository:
    """The repository of the county in one folder."""

    def __init__(self, home: CountyHome) -> None:
        self._home = home
        self.root = home.backup / "repo"

    @property
    def begun(self) -> bool:
        """Whether PostgreSQL archives into it."""
        return (self._home.backup / "work" / "pgbackrest.conf").exists()

    def make_folders(self) -> None:
        """Make what tmpfiles.d(5) makes for an installed county."""
        postgres = account_for("postgres")
        self._home.backup.mkdir(exist_ok=True)
        self._home.backup.chmod(0o711 if postgres.uid is not None else 0o700)
        for folder in (self.root, self._home.backup / "work"):
            folder.mkdir(exist_ok=True)
            postgres.own(folder, 0o700)

    def back_up(self, *, now: dt.datetime) -> str:
        """Make a base backup, the first time with a new repository, and return its label.

        Raises:
            ServiceError: It failed. Earlier ones stay.
        """
        timeline = self._begin()
        bases = self.bases()
        fulls = [base for base in bases if base.full]
        # After a restore to an earlier moment the newest one may lie in the future that was given up.
        if not fulls or now - fulls[-1].ended_at >= FULL_EVERY or bases[-1].timeline != timeline:
            kind = "full"
        else:
            kind = "diff" if now - bases[-1].ended_at >= _ANEW_AFTER else "incr"
        self.run(f"--type={kind}", "backup")
        return self.bases()[-1].label

    def _begin(self) -> int:
        """Make the repository if there is none, have PostgreSQL archive into it, and return its timeline."""
        config = self._home.backup / "work" / "pgbackrest.conf"
        new = config.with_name("new.conf")
        account = account_for("postgres")
        write_atomically(new, self._config().encode(), account=account)
        # PostgreSQL archives as soon as there is the file with the real name, and would fail without a repository.
        self.run("stanza-create", config=new.name)
        new.replace(config)
        socket = str(self._home.postgres_socket)
        with psycopg.connect(host=socket, dbname="postgres", user=SUPERUSER, autocommit=True) as link:
            link.execute(f"ALTER SYSTEM SET archive_timeout = '{ARCHIVE_TIMEOUT_S}s'")
            link.execute("SELECT pg_reload_conf()")
            row = link.execute("SELECT timeline_id FROM pg_control_checkpoint()").fetchone()
        assert row is not None
        return int(row[0])

    def _config(self) -> str:
        plan = json.loads((self._home.backup / "plan.json").read_text(encoding="utf-8"))
        return _CONFIG.format(keep_days=int(plan["keep_days"]))

    def configure(self, keep_days: int) -> None:
        """Write the configuration for reading alone, as a restore needs it."""
        content = _CONFIG.format(keep_days=keep_days)
        write_atomically(
            self._home.backup / "work" / "pgbackrest.conf", content.encode(), account=account_for("postgres")
        )

    def run(self, *words: str, config: str = "pgbackrest.conf", within: Sequence[str] = ()) -> str:
        """Run pgBackRest and return what it printed.

        Args:
            within: What stands before the command.

        Raises:
            ServiceError: It failed, or is not installed.
        """
        account = account_for("postgres")
        command = [*PGBACKREST.replace("pgbackrest.conf", config).split(), *words]
        if shutil.which(command[0]) is None:
            raise ServiceError("没有安装 pgBackRest：请运行 apt-get install pgbackrest")
        done = subprocess.run(  # noqa: S603 - argv is ours
            [*within, *command],
            cwd=self._home.postgres_data,
            capture_output=True,
            text=True,
            check=False,
            user=account.uid,
            group=account.gid,
            extra_groups=None if account.uid is None else [],
        )
        if done.returncode != 0:
            said = [
                line.partition("ERROR: ")[2] for line in (done.stdout + done.stderr).splitlines() if "ERROR: " in line
            ]
            why = "；".join(said) or (done.stderr or done.stdout).strip()[-400:]
            raise ServiceError(f"pgBackRest {words[-1]} 没有成功：{why}")
        return done.stdout

    def bases(self) -> list[Base]:
        """Return the complete base backups, the oldest first.

        Raises:
            ServiceError: The list is damaged.
        """
        info = self.root / "backup" / STANZA / "backup.info"
        try:
            text = info.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        begins = text.partition("[backup:current]\n")[2].partition("\n[")[0]
        try:
            return [_base(line) for line in begins.splitlines() if line]
        except (ValueError, KeyError) as error:
            raise ServiceError(f"备份库的目录 {info} 坏了") from error

    def changing(self) -> list[Path]:
        """Return the files that pgBackRest writes again. They are small."""
        return sorted(path for path in self.root.rglob("*.info*") if _CHANGING.fullmatch(path.name))

    def unchanging(self) -> Iterator[Path]:
        """Yield the files that stay as they are: those of complete base backups, and the archived log."""
        # Asked first: what is listed by then is complete, and stays until it expires.
        labels = [base.label for base in self.bases()]
        folders = [self.root / "backup" / STANZA / label for label in labels]
        folders += [self.root / "archive" / STANZA]
        for folder in folders:
            for path in sorted(folder.rglob("*")):
                unfinished = path.name.endswith(_UNFINISHED) or _CHANGING.fullmatch(path.name)
                if path.is_file() and not path.is_symlink() and not unfinished:
                    yield path

    def segments(self) -> list[tuple[int, int]]:
        """Return timeline and number of each archived segment of the log, in order."""
        found = (_SEGMENT.fullmatch(path.name) for path in (self.root / "archive" / STANZA).glob("*/*/*"))
        return sorted((int(one[1], 16), _number(one[2], one[3])) for one in found if one)

    def gaps(self) -> list[str]:
        """Return the names of segments that are missing between the first one that a restore may need and the last one.

        PostgreSQL takes a missing segment for the end of the log, and would leave out what follows without a word.
        """
        segments = self.segments()
        begin = self._continuous_from()
        if begin is None or not segments:
            return []
        timeline, last = segments[-1]
        there = set(segments)
        switches = self._switches(timeline)
        missing = []
        for number in range(begin.first, last + 1):
            holders = _holders(number, timeline, switches)
            if not any((holder, number) in there for holder in holders):
                missing.append(segment_name(holders[0], number))
        return missing

    def continuous_since(self) -> dt.datetime | None:
        """Return after which moment every one can be had; of the time before, only those at which a base backup ended.

        None if there is no base backup.
        """
        begin = self._continuous_from()
        return begin.ended_at if begin is not None else None

    def _continuous_from(self) -> Base | None:
        """Return the base backup from which on pgBackRest keeps the whole log (``repo1-retention-archive``)."""
        bases = self.bases()
        fulls = [base for base in bases if base.full]
        return next(iter(fulls[-_CONTINUOUS_FULLS:] or bases), None)

    def _switches(self, timeline: int) -> list[tuple[int, int]]:
        """Return the earlier timelines of this one, and the segment in which each of them ended."""
        for path in (self.root / "archive" / STANZA).glob(f"*/{timeline:08X}.history"):
            return history(path.read_text(encoding="utf-8"))
        return []


def history(text: str) -> list[tuple[int, int]]:
    """Read a history file of PostgreSQL: each earlier timeline, and the segment in which it ended."""
    lines = [line.split("\t") for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(int(line[0]), lsn_segment(line[1])) for line in lines]


def lsn_bytes(lsn: str) -> int:
    """Return a position of the log, such as ``0/5000060``, in bytes from its beginning."""
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def lsn_segment(lsn: str) -> int:
    """Return the number of the segment in which a position of the log lies, such as ``0/5000060``."""
    return lsn_bytes(lsn) // SEGMENT_BYTES


def segment_number(name: str) -> int:
    """Return the number of the segment with this name, whatever its timeline."""
    return _number(name[8:16], name[16:24])


def segment_name(timeline: int, number: int) -> str:
    """Return the name of a segment of the log."""
    return f"{timeline:08X}{number // _SEGMENTS:08X}{number % _SEGMENTS:08X}"


def _holders(number: int, newest: int, switches: list[tuple[int, int]]) -> list[int]:
    """Return the timelines that may have a segment. In the one where two meet, either has what came before."""
    for timeline, ended in switches:
        if number < ended:
            return [timeline]
        if number == ended:
            later = [one for one, _ in switches if one > timeline]
            return [timeline, *later, newest]
    return [newest]


def _number(high: str, low: str) -> int:
    return int(high, 16) * _SEGMENTS + int(low, 16)


def _base(line: str) -> Base:
    label, _, said = line.partition("=")
    values = json.loads(said)
    start = values["backup-archive-start"]
    ended = dt.datetime.fromtimestamp(values["backup-timestamp-stop"], dt.UTC)
    return Base(label, int(start[:8], 16), segment_number(start), ended)
