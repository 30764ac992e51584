"""Try the county's database: that it answers, loses nothing that it committed, and gives the rights that are needed."""

from typing import Any

import psycopg

from server_broker.platform.database import connection_arguments, database_settings, own_database_settings
from server_broker.platform.home import CountyHome
from server_broker.platform.own_database import OwnDatabase

LEAST_MAJOR = 17
"""The oldest PostgreSQL on which the county was tried."""
LEAST_CONNECTIONS = 60
"""The county's parts and its pages together."""
_CONNECT_TIMEOUT_S = 5
_TROUBLE = {
    "failed to resolve host": "查不到这个名字的地址",
    "Connection refused": "没有程序在听",
    "password authentication failed": "不认这个账号或它的口令",
    "timeout expired": "等得太久",
}
"""What psycopg and libpq say, by what is found in it: their errors have no numbers before there is a connection."""

type Link = psycopg.Connection[tuple[Any, ...]]


def connected(home: CountyHome) -> Link:
    """Connect to the county's database.

    Raises:
        psycopg.OperationalError: It does not answer, or does not let us in.
    """
    arguments = connection_arguments(database_settings(home))
    return psycopg.connect(**({"connect_timeout": _CONNECT_TIMEOUT_S} | arguments))


def connection_trouble(error: psycopg.OperationalError) -> str:
    """Return in Chinese why a connection failed; the first line of libpq's own words if nobody knows better."""
    text = str(error)
    known = (words for english, words in _TROUBLE.items() if english in text)
    return next(known, text.partition("\n")[0])


def own_database_lacks(home: CountyHome, database: OwnDatabase) -> list[str]:
    """Return in Chinese what a county's own PostgreSQL lacks; nothing if it serves.

    Raises:
        psycopg.OperationalError: It does not answer, or does not let us in.
    """
    # Not through `database_settings`, because `setup` asks before ``county.toml`` names it.
    with psycopg.connect(**connection_arguments(own_database_settings(home, database))) as link:
        return [*lost_in_a_power_cut(link), *_lacking(link, database)]


def lost_in_a_power_cut(link: Link) -> list[str]:
    """Return in Chinese why a COMMIT may be lost when the power fails, although its receipt has gone out."""
    found = [name for name in ("fsync", "full_page_writes", "synchronous_commit") if _shown(link, name) == "off"]
    return [f"{name} 被关闭，断电会丢记录：改回 on" for name in found]


def _lacking(link: Link, database: OwnDatabase) -> list[str]:
    """Return which version, encoding, rights and connections are missing."""
    lacks = []
    major = int(_shown(link, "server_version_num")) // 10_000
    if major < LEAST_MAJOR:
        lacks.append(f"PostgreSQL {major} 太旧：要 {LEAST_MAJOR} 或更新的")
    if (encoding := _shown(link, "server_encoding")) != "UTF8":
        lacks.append(f"编码是 {encoding}：重建数据库，ENCODING 'UTF8'")
    grant = f'GRANT CREATE, TEMPORARY ON DATABASE "{database.name}" TO "{database.user}"'
    may = "has_database_privilege(current_database(), '{}')"
    if not all(_row(link, f"SELECT {may.format('CREATE')}, {may.format('TEMPORARY')}")):
        lacks.append(f"{database.user} 缺少权限：{grant}")
    if not all(_row(link, "SELECT has_schema_privilege(current_schema(), 'CREATE')")):
        lacks.append(f'{database.user} 不能在 public 里建表：ALTER SCHEMA public OWNER TO "{database.user}"')
    if not all(_row(link, "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'btree_gist')")):
        lacks.append("没有扩展 btree_gist：在数据库的机器上安装 postgresql-contrib")
    if (free := _connections(link)) < LEAST_CONNECTIONS:
        lacks.append(f"只给 {free} 个连接：至少要 {LEAST_CONNECTIONS} 个（max_connections、CONNECTION LIMIT）")
    return lacks


def _connections(link: Link) -> int:
    """Return how many connections the role may open at most."""
    reserved = int(_shown(link, "superuser_reserved_connections")) + int(_shown(link, "reserved_connections"))
    limits: tuple[int, int] = _row(
        link,
        "SELECT rolconnlimit, datconnlimit FROM pg_roles, pg_database"
        " WHERE rolname = current_user AND datname = current_database()",
    )
    given = int(_shown(link, "max_connections")) - reserved
    return min([given, *(limit for limit in limits if limit >= 0)])


def _shown(link: Link, name: str) -> str:
    return str(_row(link, "SELECT current_setting(%s)", name)[0])


def _row(link: Link, query: str, *values: str) -> tuple[Any, ...]:
    row = link.execute(query.encode(), values or None).fetchone()
    assert row is not None  # each of these selects has one row
    return row
