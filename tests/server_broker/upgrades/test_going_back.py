"""A county's database goes back to a dump as a whole or not at all, and a person says what may be lost."""

import datetime as dt
import os
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from server_broker.audit import log as audit
from server_broker.fleet.models import Station, Stream
from server_broker.platform.control import pid_file
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.platform.release import used_version
from server_broker.regions.models import Region
from server_broker.upgrades import going_back
from server_broker.upgrades.dumps import file_of, kept_dumps, take_dump
from server_broker.upgrades.going_back import forget_way_back, go_back, went_back

NOW = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def name(home: CountyHome) -> Iterator[str]:
    """A dump, after which there is a table of a later version."""
    dump = take_dump(home, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE later (id integer)")
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('people', '9999_later', now())")
    yield dump.name
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS later")
        cursor.execute("DELETE FROM django_migrations WHERE name = '9999_later'")


def tables() -> list[str]:
    return connection.introspection.table_names()


@pytest.fixture
def back(home: CountyHome, name: str) -> Callable[..., object]:
    def go(*, lose: bool = False, now: dt.datetime = NOW) -> object:
        return go_back(home, name, lose=lose, actor="cli:root", now=now)

    return go


def test_tables_and_migrations_are_those_of_before(home: CountyHome, back: Callable[..., object]) -> None:
    before = set(tables())
    back()
    assert set(tables()) == before - {"later"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations WHERE name = '9999_later'")
        assert cursor.fetchone() == (0,)
    found = went_back(home)
    assert found is not None
    assert (found.version, found.actor) == ("0.0.9", "cli:root")
    assert used_version(home) == "0.0.9"
    forget_way_back(home)
    assert went_back(home) is None


def test_what_nobody_tells_again_is_said_and_stays_until_somebody_agrees(
    home: CountyHome, back: Callable[..., object]
) -> None:
    audit.record("cli:root", "county.clock_confirmed", "", {})
    village = Region.objects.create(code="990101001001", name="示例村")
    revoked = Station.objects.create(pk="gone-1", name="旧站", village=village, enrolled_at=NOW, revoked_at=NOW)
    live = Station.objects.create(pk="live-1", name="新站", village=village, enrolled_at=NOW)
    for station in (revoked, live):
        Stream.objects.create(station=station, epoch=os.urandom(16), through=7, head=bytes(32))
    with pytest.raises(ServiceError) as refused:
        back()
    assert "1 条操作记录" in str(refused.value)
    assert "gone-1" in str(refused.value)
    assert "7 条记录不会再来" in str(refused.value)
    assert "live-1" not in str(refused.value)
    assert "later" in tables()
    back(lose=True)
    assert not Station.objects.filter(pk="live-1").exists()
    assert "later" not in tables()


def test_an_old_dump_is_refused_because_stations_may_have_thrown_facts_away(back: Callable[..., object]) -> None:
    with pytest.raises(ServiceError, match="已超过 90 天"):
        back(lose=True, now=NOW + dt.timedelta(days=91))


def test_a_damaged_dump_changes_nothing(home: CountyHome, back: Callable[..., object]) -> None:
    path = file_of(home, kept_dumps(home)[0])
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ServiceError, match="和做成时不一样"):
        back()
    assert "later" in tables()


def test_half_a_dump_that_nobody_noticed_changes_nothing(
    home: CountyHome, back: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file_of(home, kept_dumps(home)[0])
    path.write_bytes(path.read_bytes()[: -path.stat().st_size // 3])
    monkeypatch.setattr(going_back, "_judge_file", lambda *_: None)
    with pytest.raises(ServiceError, match="没有退回，数据库还是原来的"):
        back()
    assert "later" in tables()
    assert went_back(home) is None, "no earlier package may be installed"


def test_a_county_that_runs_is_stopped_first(home: CountyHome, back: Callable[..., object]) -> None:
    home.postgres_socket.mkdir()
    pid_file(home, "ingest").write_text(f"{os.getpid()}\n", encoding="ascii")
    with pytest.raises(ServiceError, match=r"ingest.*cunhui-server up --without"):
        back()
    home.units_mark.touch()
    with pytest.raises(ServiceError, match=r"systemctl stop cunhui-county\.target"):
        back()


def test_a_dump_that_is_not_there_is_answered_with_those_that_are(home: CountyHome, name: str) -> None:
    with pytest.raises(ServiceError, match=name):
        go_back(home, "nonsense", lose=False, actor="cli:root", now=NOW)
