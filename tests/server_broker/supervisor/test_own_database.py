"""A county that has a PostgreSQL of its own: county.toml names it, and it is tried and used like the private one."""

import datetime as dt
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from firmware_scripts.demo.processes import wait_until
from server_broker import cli, postgres
from server_broker.platform.county_config import CountyConfig, free_ports, read_config, write_config
from server_broker.platform.database import connection_arguments, database_settings
from server_broker.platform.home import CountyHome
from server_broker.platform.own_database import OwnDatabase, environment_of
from server_broker.platform.processes import ServiceError, account_for
from server_broker.platform.units import part_names
from server_broker.supervisor import setup
from server_broker.supervisor.database_check import own_database_lacks
from server_broker.supervisor.doctor import examine
from server_broker.supervisor.parts import service_parts
from server_broker.supervisor.setup_questions import from_file
from server_broker.supervisor.up import initialise
from server_broker.trust.keys import server_certificate
from tests.conftest import short_folder

NOW = dt.datetime.now(dt.UTC)
NOBODY = 65534
HERE = OwnDatabase(host="/run/postgresql", name="cunhui", user="cunhui")
PASSWORD = "not a secret"


@pytest.fixture(scope="module")
def office() -> Iterator[SimpleNamespace]:
    """An office's PostgreSQL on another machine: it listens on TCP, wants TLS and a password."""
    with short_folder() as folder:
        folder.chmod(0o755)
        home = CountyHome(folder / "office")
        initialise(home, CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0))
        postgres.prepare(home)
        (port,) = free_ports(1)
        account = account_for("postgres")
        for name, path in zip(
            ("server.crt", "server.key"), server_certificate(home, "db", ["127.0.0.1"], now=NOW), strict=True
        ):
            shutil.copy(path, home.postgres_data / name)
            account.own(home.postgres_data / name, 0o600)
        with (home.postgres_data / "pg_hba.conf").open("a") as access:
            access.write("hostssl all all 127.0.0.1/32 scram-sha-256\n")
        with (home.postgres_data / "postgresql.conf").open("a") as settings:
            settings.write(f"listen_addresses = '127.0.0.1'\nport = {port}\nssl = on\n")
        process = postgres.program(home).start(home.logs / "postgres.log")
        try:
            with _administrator(home, port) as link:
                link.execute(f"CREATE ROLE office LOGIN PASSWORD '{PASSWORD}'")
                link.execute("CREATE DATABASE county OWNER office")
            yield SimpleNamespace(home=home, port=port)
        finally:
            process.terminate()
            process.wait(30)


def _administrator(home: CountyHome, port: int) -> "psycopg.Connection[tuple[object, ...]]":
    def link() -> "psycopg.Connection[tuple[object, ...]] | None":
        with suppress(psycopg.OperationalError):
            return psycopg.connect(
                host=str(home.postgres_socket), port=port, dbname="postgres", user="postgres", autocommit=True
            )
        return None

    found = wait_until(link, what="the office's postgres", timeout_s=60)
    assert found is not None
    return found


@pytest.fixture
def county(office: SimpleNamespace, tmp_path: Path) -> CountyHome:
    """A county whose county.toml names the office's database."""
    home = CountyHome(tmp_path / "county")
    config = CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0)
    initialise(home, config)
    shutil.copy(office.home.root / "ca.pem", home.root / "office-ca.pem")
    password = home.root / "database.pgpass"
    password.write_text(f"127.0.0.1:{office.port}:county:office:{PASSWORD}\n")
    password.chmod(0o600)
    own = OwnDatabase(
        host="127.0.0.1", port=office.port, name="county", user="office",
        password_file="database.pgpass", ca_file="office-ca.pem",
    )  # fmt: skip
    write_config(home, replace(read_config(home), database=own))
    return home


def own_of(home: CountyHome) -> OwnDatabase:
    own = read_config(home).database
    assert own is not None
    return own


def test_the_county_uses_it_over_tls_by_a_password_and_by_nothing_less(county: CountyHome) -> None:
    settings = database_settings(county)
    with psycopg.connect(**connection_arguments(settings)) as link:
        assert link.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone() == (True,)
        assert link.execute("SELECT current_user::text, current_database()::text").fetchone() == ("office", "county")
    assert own_database_lacks(county, own_of(county)) == []
    (county.root / "office-ca.pem").write_text(_another_authority(county))
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        own_database_lacks(county, own_of(county))


def test_a_server_that_goes_without_a_word_is_given_up_in_seconds(county: CountyHome) -> None:
    with (
        psycopg.connect(**connection_arguments(database_settings(county))) as link,
        socket.fromfd(link.fileno(), socket.AF_INET, socket.SOCK_STREAM) as line,
    ):
        assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 10_000
        assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 5


def _another_authority(county: CountyHome) -> str:
    other = CountyHome(county.root.parent / "other")
    initialise(other, CountyConfig(name="别县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0))
    return (other.root / "ca.pem").read_text()


def test_each_right_that_is_missing_is_said_with_what_gives_it(county: CountyHome, office: SimpleNamespace) -> None:
    def said() -> str:
        return "\n".join(own_database_lacks(county, own_of(county)))

    with _administrator(office.home, office.port) as link:
        for take, give, words in (
            (
                "ALTER DATABASE county OWNER TO postgres",
                "ALTER DATABASE county OWNER TO office",
                "缺少权限：GRANT CREATE",
            ),
            ("ALTER ROLE office CONNECTION LIMIT 10", "ALTER ROLE office CONNECTION LIMIT -1", "只给 10 个连接"),
            ("ALTER ROLE office SET synchronous_commit = off", "ALTER ROLE office RESET ALL", "断电会丢记录"),
        ):
            link.execute(take.encode())
            assert words in said()
            link.execute(give.encode())
        assert said() == ""


def test_the_doctor_says_of_whom_the_database_is_and_why_it_does_not_answer(county: CountyHome) -> None:
    def found() -> dict[str, str]:
        return {one.part: str(one) for one in examine(county, now=NOW) if one.part in ("数据库", "备份")}

    assert found() == {
        "数据库": "√ 数据库：可用，127.0.0.1",
        "备份": "√ 备份：数据库由它的管理员备份；本机的文件夹也要有人备份，见《备份与恢复手册》",
    }
    (county.root / "database.pgpass").write_text("*:*:*:*:wrong\n")
    assert "127.0.0.1 连接不上：不认这个账号或它的口令" in found()["数据库"]
    assert "核对 county.toml 的 [database]" in found()["数据库"]


def test_the_private_cluster_is_no_part_of_such_a_county(county: CountyHome) -> None:
    names = [part.name for part in service_parts(county, read_config(county))]
    assert names[0] == "mosquitto"
    assert "postgres" not in part_names(read_config(county))


def test_what_the_programs_of_postgres_are_told_has_no_password(county: CountyHome) -> None:
    told = environment_of(database_settings(county)["OPTIONS"])
    assert told["PGSSLMODE"] == "verify-full"
    assert told["PGPASSFILE"] == str(county.root / "database.pgpass")
    assert PASSWORD not in str(told)


def test_its_backups_are_its_administrators(county: CountyHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["backup", "list", "--home", str(county.root)]) == 1
    assert "由它的管理员备份" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('host = "db.example"\nname = "c"\nuser = "c"\n', "缺少 ca_file：数据库不在本机"),
        ('host = "/run/postgresql, db.example"\nname = "c"\nuser = "c"\n', "缺少 ca_file"),
        ('host = "postgresql://db"\nname = "c"\nuser = "c"\n', "database.host “postgresql://db”不是主机名"),
        ('host = "/run/postgresql"\nname = ""\nuser = "c"\n', "database.name 不能为空"),
        ('host = "/run/postgresql"\nport = 0\nname = "c"\nuser = "c"\n', "database.port 0 不是端口"),
        ('host = "/run/postgresql"\npassword = "x"\n', "database.password 不是这里的设置项"),
        ('host = "/run/postgresql"\n', "缺少 name"),
    ],
)
def test_a_table_that_can_not_serve_is_told_with_its_line(tmp_path: Path, table: str, words: str) -> None:
    home = CountyHome(tmp_path)
    write_config(home, CountyConfig(name="示例县", host="h.example", web_port=1, broker_port=2, broker_local_port=3))
    with home.config_file.open("a", encoding="utf-8") as file:
        file.write(f"[database]\n{table}")
    with pytest.raises(ServiceError, match=r"county\.toml:") as refused:
        read_config(home)
    assert words in str(refused.value)


def test_what_is_written_is_read_back_and_a_private_backup_beside_it_is_refused(tmp_path: Path) -> None:
    home = CountyHome(tmp_path)
    config = CountyConfig(
        name="示例县", host="h.example", web_port=1, broker_port=2, broker_local_port=3, database=HERE
    )
    write_config(home, config)
    assert read_config(home).database == HERE
    with home.config_file.open("a", encoding="utf-8") as file:
        file.write('[backup]\nfolder = "/mnt/disk"\n')
    with pytest.raises(ServiceError, match="只能写一种"):
        read_config(home)


ANSWERS = 'name = "示例县"\nregion = "990101"\nhost = "127.0.0.1"\nclock = "manual"\n'


def test_setup_tries_the_database_of_the_answers_with_all_the_rest(county: CountyHome, tmp_path: Path) -> None:
    file = tmp_path / "setup.toml"
    ports = "".join(f"{key} = {port}\n" for key, port in zip(("web_port", "broker_port"), free_ports(2), strict=True))
    table = own_of(county).as_table()
    file.write_text(ANSWERS + ports + table, encoding="utf-8")

    def answers() -> dict[str, str]:
        return from_file(file, try_database=lambda own: setup.database_problems_for(county, own))

    assert answers()["database"] == table
    (county.root / "database.pgpass").unlink()
    with pytest.raises(ServiceError, match=r"\[database\] .*连接不上"):
        answers()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for another account")
def test_the_home_of_whoever_types_is_not_looked_into(county: CountyHome, monkeypatch: pytest.MonkeyPatch) -> None:
    with short_folder() as folder:  # where any account may look, unlike in pytest's own
        folder.chmod(0o755)
        (folder / "root" / ".postgresql").mkdir(parents=True)
        (folder / "root").chmod(0o700)
        monkeypatch.setenv("HOME", str(folder / "root"))
        for name in ("database.pgpass", "office-ca.pem"):
            shutil.move(county.root / name, folder / name)
            os.chown(folder / name, NOBODY, NOBODY)
        own = own_of(county)
        os.seteuid(NOBODY)
        try:
            assert own_database_lacks(CountyHome(folder), own) == []
        finally:
            os.seteuid(0)


def test_a_password_that_others_can_read_is_not_used(county: CountyHome) -> None:
    (county.root / "database.pgpass").chmod(0o644)
    with pytest.raises(psycopg.OperationalError):
        own_database_lacks(county, own_of(county))
    assert os.environ.get("PGPASSWORD") is None
