"""Before a county's database is upgraded it is dumped: once for an upgrade, two are kept, and never half of one."""

import datetime as dt
import subprocess
from pathlib import Path

import pytest
from django.db import connection

from server_broker.audit import log as audit
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.platform.release import note_used, program_version
from server_broker.postgres.debian import client_folder
from server_broker.upgrades import dumps
from server_broker.upgrades.dumps import (
    GOOD_FOR,
    drop_old_dumps,
    dumps_folder,
    file_of,
    kept_dumps,
    server_major,
    take_dump,
    upgrade_is_done,
)
from server_broker.upgrades.going_forward import ready_to_migrate
from tests.integration.small_disk import SmallDisk
from tests.server_broker.schema.empty_database import empty_database

NOW = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_new_version_has_a_dump_of_what_the_one_before_left(home: CountyHome) -> None:
    ready_to_migrate(home, now=NOW)
    (dump,) = kept_dumps(home)
    assert (dump.version, dump.made_at) == ("0.0.9", NOW)
    reads = [str(client_folder(server_major()) / "pg_restore"), "--list", str(file_of(home, dump))]
    listed = subprocess.run(reads, check=True, capture_output=True, text=True)
    assert "TABLE DATA public attendance_touch" in listed.stdout
    assert all(path.stat().st_mode & 0o077 == 0 for path in (dumps_folder(home), *dumps_folder(home).iterdir()))


def test_the_same_version_needs_none(home: CountyHome) -> None:
    note_used(home, program_version())
    ready_to_migrate(home, now=NOW)
    assert not kept_dumps(home)


def test_an_empty_database_needs_none(home: CountyHome, own_database: CountyHome) -> None:
    with empty_database(own_database, "nothing"):
        ready_to_migrate(home, now=NOW)
    assert not kept_dumps(home)


def test_an_upgrade_that_is_tried_again_keeps_its_dump(home: CountyHome) -> None:
    for tries in range(4):
        ready_to_migrate(home, now=NOW + tries * HOUR)
    assert [dump.made_at for dump in kept_dumps(home)] == [NOW]
    upgrade_is_done(home)
    ready_to_migrate(home, now=NOW + 5 * HOUR)
    assert len(kept_dumps(home)) == 2


def test_what_came_in_between_two_tries_is_in_a_new_dump(home: CountyHome) -> None:
    """The version before went on for a while, because nothing was migrated yet."""
    ready_to_migrate(home, now=NOW)
    audit.record("cli:root", "county.clock_confirmed", "", {})
    ready_to_migrate(home, now=NOW + HOUR)
    assert kept_dumps(home)[0].made_at == NOW + HOUR


def test_two_are_kept(home: CountyHome) -> None:
    for number in range(4):
        take_dump(home, now=NOW + number * HOUR)
    assert [dump.made_at for dump in kept_dumps(home)] == [NOW + 3 * HOUR, NOW + 2 * HOUR]
    assert len(list(dumps_folder(home).iterdir())) == 4


def test_the_way_back_to_the_version_before_outlives_later_dumps(home: CountyHome) -> None:
    ready_to_migrate(home, now=NOW)
    note_used(home, program_version())
    for number in range(1, 4):
        take_dump(home, now=NOW + number * HOUR)
    assert [dump.made_at for dump in kept_dumps(home)] == [NOW + 3 * HOUR, NOW + 2 * HOUR, NOW]


def test_a_damaged_description_is_no_dump_and_hinders_none(home: CountyHome) -> None:
    ready_to_migrate(home, now=NOW)
    (dumps_folder(home) / f"{kept_dumps(home)[0].name}.json").write_bytes(b"{")
    assert not kept_dumps(home)
    ready_to_migrate(home, now=NOW + HOUR)
    assert [dump.made_at for dump in kept_dumps(home)] == [NOW + HOUR]


def test_what_a_killed_program_left_is_no_dump_and_goes(home: CountyHome) -> None:
    folder = dumps_folder(home)
    folder.mkdir()
    (folder / "20261130T000000Z.part").write_bytes(b"half")
    (folder / "20261130T000001Z.dump").write_bytes(b"whole, but not described yet")
    assert not kept_dumps(home)
    dump = take_dump(home, now=NOW)
    assert sorted(path.name for path in folder.iterdir()) == [f"{dump.name}.dump", f"{dump.name}.json"]


def test_a_disk_that_would_get_too_full_is_named_and_nothing_is_left(
    own_database: CountyHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SmallDisk(tmp_path / "county", megabytes=4) as disk:
        home = CountyHome(disk.path)
        with pytest.raises(ServiceError, match=r"磁盘快满了.*没有改动数据库.*请腾到 [0-9]+ MB 以上"):
            ready_to_migrate(home, now=NOW)
        monkeypatch.setattr(dumps, "LEAST_FREE_BYTES", -(2**40))
        with disk.full(), pytest.raises(ServiceError, match=r"磁盘满了|空间"):
            ready_to_migrate(home, now=NOW)
        assert not kept_dumps(home)
        assert not list(dumps_folder(home).iterdir())
        ready_to_migrate(home, now=NOW)
        assert len(kept_dumps(home)) == 1
        with disk.full(), pytest.raises(ServiceError, match=r"磁盘满了|空间"):
            take_dump(home, now=NOW + HOUR)
        assert [dump.made_at for dump in kept_dumps(home)] == [NOW], "the one before is all that there is"


def test_a_database_of_a_later_version_is_refused_and_stays_as_it_is(home: CountyHome) -> None:
    note_used(home, "9.9.9+20290101000000.abcdef12")
    sql("INSERT INTO django_migrations (app, name, applied) VALUES ('people', '9999_later', now())")
    try:
        with pytest.raises(ServiceError) as refused:
            ready_to_migrate(home, now=NOW)
    finally:
        sql("DELETE FROM django_migrations WHERE name = '9999_later'")
    for words in ("9.9.9+20290101000000.abcdef12", "people.9999_later", "没有改动", "apt install", "dump restore"):
        assert words in str(refused.value)
    assert not kept_dumps(home)


def test_a_dump_goes_once_nobody_may_go_back_to_it(home: CountyHome) -> None:
    take_dump(home, now=NOW)
    take_dump(home, now=NOW + HOUR)
    assert drop_old_dumps(home, now=NOW + GOOD_FOR) == 0
    assert drop_old_dumps(home, now=NOW + GOOD_FOR + HOUR / 2) == 1
    assert [dump.made_at for dump in kept_dumps(home)] == [NOW + HOUR]
    assert len([*dumps_folder(home).glob("*.dump")]) == 1
