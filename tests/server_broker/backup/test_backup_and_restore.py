"""A real backup and real restores: PostgreSQL, pgBackRest and age, with a few rows."""

import datetime as dt
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from firmware_scripts.demo.processes import wait_until
from protocol.china_time import CHINA
from server_broker import postgres
from server_broker.backup import proving, restoring, scratch
from server_broker.backup.copying import copy
from server_broker.backup.encryption import Written, read_key
from server_broker.backup.proving import prove, prove_key
from server_broker.backup.repository import Repository
from server_broker.backup.restoring import restore
from server_broker.backup.setting_up import RecoverySheet, set_up
from server_broker.backup.state import backup_status
from server_broker.backup.target import Target
from server_broker.platform.county_config import CountyConfig, read_config
from server_broker.platform.files import sha256_of, sync_file_system
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.supervisor.up import initialise
from tests.proofs.private_county import temporary

TABLES = ("ingest_fact", "attendance_touch", "audit_auditentry")


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def sql(home: CountyHome, *statements: str) -> list[tuple[object, ...]]:
    socket = str(home.postgres_socket)
    with psycopg.connect(host=socket, dbname="cunhui", user="postgres", autocommit=True) as link:
        for statement in statements:
            cursor = link.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


class BackedUp:
    """A county with a picture and a few facts, and its copies on a disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = CountyHome(folder / "county")
        self.disk = folder / "disk"
        self.disk.mkdir()
        config = CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0)
        initialise(self.home, config)
        picture = self.home.media / "ab" / ("ab" * 32)
        picture.parent.mkdir(parents=True)
        picture.write_bytes(b"a picture")
        postgres.start(self.home)
        sql(self.home, *(f"CREATE TABLE {table} AS SELECT 1 AS i" for table in TABLES))
        self.sheet = folder / "sheet"
        assert set_up(self.home, self.disk, disk=False, new=False, now=now(), hand_over=self._kept)
        Repository(self.home).back_up(now=now())
        sql(self.home, "INSERT INTO ingest_fact VALUES (2)", "SELECT pg_switch_wal()")
        # The archive has it once PostgreSQL says so; a base backup waits for it, and is small by now.
        Repository(self.home).back_up(now=now())
        copy(self.home, clock=now, tidy=True)

    def _kept(self, sheet: RecoverySheet) -> None:
        self.sheet.write_text(sheet.text, encoding="utf-8")

    def disk_copied(self, name: str) -> Path:
        """Return a copy of the disk, to be damaged."""
        made = self.folder / name
        shutil.copytree(self.disk, made)
        return made

    def restored(self, disk: Path, name: str, *, key: Path | None = None) -> CountyHome:
        home = CountyHome(self.folder / name)
        restore(home, disk, key or self.sheet, until=None, finish=lambda _: None, say=lambda _: None)
        return home

    def facts_as_of(self, until: dt.datetime) -> int:
        """Restore the database as of a moment, and return how many facts it has."""
        home = CountyHome(self.folder / "earlier")
        try:
            return restore(
                home, self.disk, self.sheet, until=until.astimezone(CHINA), finish=lambda _: None, say=lambda _: None
            )["facts"]
        finally:
            shutil.rmtree(home.root, ignore_errors=True)


@pytest.fixture(scope="module")
def county() -> Iterator[BackedUp]:
    # In memory: what a power cut leaves is not asked here, and most of the time would go into fsync.
    with temporary("ch") as name:
        folder = Path(name)
        folder.chmod(0o755)
        made = BackedUp(folder)
        try:
            yield made
        finally:
            postgres.stop(made.home)


def test_no_secret_key_is_left_on_the_machine_and_nothing_plain_on_the_disk(county: BackedUp) -> None:
    key = next(line for line in county.sheet.read_text().splitlines() if "AGE-SECRET" in line).replace(" ", "")
    for path in county.home.root.rglob("*"):
        if path.is_file() and not path.is_relative_to(county.home.postgres_data):
            assert key.encode() not in path.read_bytes(), path
    for path in county.disk.rglob("*"):
        assert path.is_dir() or b"a picture" not in path.read_bytes()


def test_everything_comes_back_elsewhere(county: BackedUp, monkeypatch: pytest.MonkeyPatch) -> None:
    marks: list[list[str]] = []

    def synced(staged: Path) -> None:
        marks.append(sorted(path.name[-4:] for path in (*staged.glob("unpacked/*"), *staged.glob("whole"))))
        sync_file_system(staged)

    monkeypatch.setattr(restoring, "sync_file_system", synced)
    home = county.restored(county.disk, "back")
    assert marks == [[], [".age"], [".age", ".age"]], "before each mark, what it stands for is on disk"
    assert read_config(home) == read_config(county.home)
    for name in ("secret-key", "ca.pem", "trust/ca.key", f"media/ab/{'ab' * 32}"):
        assert (home.root / name).read_bytes() == (county.home.root / name).read_bytes()
        assert stat.S_IMODE((home.root / name).stat().st_mode) == stat.S_IMODE((county.home.root / name).stat().st_mode)
    assert not (home.root / "restoring").exists()
    postgres.start(home)
    try:
        assert sql(home, "SELECT i FROM ingest_fact ORDER BY i") == [(1,), (2,)]
        # The log goes on in the repository that came along, and a backup begins anew on the new timeline.
        Repository(home).back_up(now=now())
        assert Repository(home).bases()[-1].timeline == 2
        copy(home, clock=now)
    finally:
        postgres.stop(home)
        shutil.rmtree(home.root)
    with pytest.raises(ServiceError, match="已有县平台"):
        restore(county.home, county.disk, county.sheet, until=None, finish=lambda _: None, say=lambda _: None)


def test_the_database_comes_back_as_of_a_moment_and_no_moment_outside_the_backup_is_taken(county: BackedUp) -> None:
    ended = Repository(county.home).bases()[-1].ended_at
    wait_until(lambda: now() - ended > dt.timedelta(seconds=2), what="a whole second later", timeout_s=5)
    moment = now()
    wait_until(lambda: now() - moment > dt.timedelta(seconds=1), what="a whole second later", timeout_s=5)
    sql(county.home, "INSERT INTO ingest_fact VALUES (3)")
    segment = str(sql(county.home, "SELECT pg_walfile_name(pg_switch_wal())")[0][0])
    archived = "SELECT last_archived_wal FROM pg_stat_archiver"
    wait_until(lambda: sql(county.home, archived) == [(segment,)], what="the archive", timeout_s=20)
    copy(county.home, clock=now)
    with pytest.raises(ServiceError, match="备份只到"):
        county.facts_as_of(now() + dt.timedelta(days=1))
    with pytest.raises(ServiceError, match="最早只能恢复到"):
        county.facts_as_of(moment - dt.timedelta(days=1))
    assert county.facts_as_of(Repository(county.home).bases()[0].ended_at) == 1
    assert county.facts_as_of(moment) == 2
    manifest = Target(county.disk).manifest()
    assert manifest is not None
    assert county.facts_as_of(manifest.made_at) == 3, "nothing came between the end of the log and the copy"


def test_why_a_moment_was_not_restored_is_said(county: BackedUp, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(home: CountyHome, *words: str) -> None:
        raise ServiceError("pgBackRest restore 没有成功：磁盘满了")

    monkeypatch.setattr(restoring, "restore_cluster", fails)
    with pytest.raises(ServiceError, match="磁盘满了"):
        county.facts_as_of(Repository(county.home).bases()[-1].ended_at)


def test_the_key_on_paper_is_tried_on_the_disk(county: BackedUp, monkeypatch: pytest.MonkeyPatch) -> None:
    key = read_key(county.sheet)
    assert prove_key(county.home, key)
    with pytest.raises(ServiceError, match="不是本县现在用的"):
        prove_key(county.home, read_key(damage_key(county, county.disk)))
    away = county.disk.rename(county.folder / "away")
    assert not prove_key(county.home, key)
    away.rename(county.disk)


def damage_key(county: BackedUp, disk: Path) -> Path:
    other = county.folder / "other-key"
    other.write_text("AGE-SECRET-KEY-1H62KT04X3PYJYCZ8CX38MAY8HZEH3QHT9FCEG9CX9PR28GHL3MMQ02ZUCT\n", encoding="ascii")
    return other


def damage_byte(county: BackedUp, disk: Path) -> None:
    flip_byte(max(disk.rglob("*.age"), key=lambda path: path.stat().st_size))


def flip_byte(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))


def damage_log(county: BackedUp, disk: Path) -> None:
    max(disk.rglob("0000*.zst.age")).unlink()


@pytest.mark.parametrize(
    ("damage", "said"),
    [(damage_key, "是另一把"), (damage_byte, "校验和不符"), (damage_log, "缺少 repo/archive")],
)
def test_a_wrong_key_a_flipped_byte_and_a_missing_segment_are_named_and_nothing_is_half_restored(
    county: BackedUp, tmp_path: Path, damage: Callable[[BackedUp, Path], Path | None], said: str
) -> None:
    disk = county.disk_copied(tmp_path.name)
    key = damage(county, disk)
    with pytest.raises(ServiceError, match=said):
        county.restored(disk, "never", key=key)
    never = county.folder / "never"
    assert not (never / "county.toml").exists()
    assert not (never / "postgres").exists()
    shutil.rmtree(never, ignore_errors=True)


def test_without_room_for_the_database_nothing_is_restored(county: BackedUp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "_ROOM", 1e6)
    with pytest.raises(ServiceError, match="磁盘不够：恢复数据库要"):
        county.restored(county.disk, "never")
    assert not (county.folder / "never" / "county.toml").exists()
    shutil.rmtree(county.folder / "never")
    with pytest.raises(ServiceError, match="是一个文件"):
        county.restored(county.sheet, "never")


@pytest.mark.parametrize("kind", ["repo", "info", "blobs", "county"])
def test_a_damaged_file_is_written_anew_after_the_proof_that_found_it(
    county: BackedUp, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(proving, "_restored_on_trial", lambda *_: {})
    flip_byte(min((county.disk / "cunhui-backup" / kind).rglob("*.age")))
    with pytest.raises(ServiceError, match=f"{kind}/.*校验和不符"):
        prove(county.home, clock=now, verify_audit=lambda _: None)
    copy(county.home, clock=now)
    assert prove(county.home, clock=now, verify_audit=lambda _: None)


def forge(county: BackedUp, disk: Path) -> Path:
    """Put noise in place of a file on a disk and its sum into the manifest, as whoever has the disk alone can."""
    root = disk / "cunhui-backup"
    path = min((root / "blobs").rglob("*.age"))
    path.write_bytes(bytes(path.stat().st_size))
    manifest = Target(disk).manifest()
    assert manifest is not None
    name = str(path.relative_to(root))
    files = manifest.files | {name: Written(path.stat().st_size, sha256_of(path).hex())}
    Target(disk).put_manifest(replace(manifest, files=files), b"not the county's key")
    return path


def test_a_disk_that_was_in_other_hands_is_not_restored(county: BackedUp, tmp_path: Path) -> None:
    disk = county.disk_copied(tmp_path.name)
    forge(county, disk)
    with pytest.raises(ServiceError, match="有人动过这块盘"):
        county.restored(disk, "never")
    assert not (county.folder / "never").exists()


def test_a_staging_folder_that_leads_elsewhere_is_not_used(county: BackedUp, tmp_path: Path) -> None:
    (county.folder / "planted").mkdir()
    (county.folder / "planted" / "restoring").symlink_to(tmp_path)
    with pytest.raises(ServiceError, match="不是恢复时建的"):
        county.restored(county.disk, "planted")
    assert list(tmp_path.iterdir()) == []


def test_noise_with_its_sum_in_the_manifest_passes_no_proof_and_is_written_anew(
    county: BackedUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proving, "_restored_on_trial", lambda *_: {})
    noise = forge(county, county.disk)
    with pytest.raises(ServiceError, match="不是本县写的"):
        prove(county.home, clock=now, verify_audit=lambda _: None)
    copy(county.home, clock=now)
    with pytest.raises(ServiceError, match="校验和不符"):
        prove(county.home, clock=now, verify_audit=lambda _: None)
    copy(county.home, clock=now)
    assert prove(county.home, clock=now, verify_audit=lambda _: None)
    assert any(min(noise.parent.glob("*.age")).read_bytes())


def test_the_key_that_signs_is_had_again_from_paper(county: BackedUp) -> None:
    key = county.home.trust / "backup-manifest.key"
    kept = key.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.unlink()
    with pytest.raises(ServiceError, match="cunhui-server backup key"):
        copy(county.home, clock=now)
    assert prove_key(county.home, read_key(county.sheet))
    assert key.read_bytes() == kept
    copy(county.home, clock=now)


def test_a_gap_in_the_repository_itself_is_named_before_anything_is_copied(county: BackedUp) -> None:
    first = Repository(county.home).bases()[0].first
    segment = next(
        path for path in (Repository(county.home).root / "archive").rglob("*.zst") if int(path.name[16:24], 16) == first
    )
    away = county.folder / segment.name
    segment.rename(away)
    try:
        with pytest.raises(ServiceError, match="缺少数据库日志"):
            copy(county.home, clock=now)
        assert "缺少数据库日志" in backup_status(county.home).problem
        with pytest.raises(ServiceError, match="缺少数据库日志"):
            prove(county.home, clock=now, verify_audit=lambda _: None)
    finally:
        away.rename(segment)
        copy(county.home, clock=now)
