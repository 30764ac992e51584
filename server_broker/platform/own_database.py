"""``[database]`` of ``county.toml``: a PostgreSQL that the county runs already, in place of the private cluster.

Its administrator makes the role and the database, and backs them up. The password is not in ``county.toml``: it lies in
a file of its own, in the form of pgpass(5), which libpq reads by itself.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from server_broker.platform.config_tables import HOST, Problems, table_problems, table_text

_KEYS: dict[str, type] = {
    "host": str,
    "port": int,
    "name": str,
    "user": str,
    "password_file": str,
    "ca_file": str,
}
_CONNECT_TIMEOUT_S = 5
_SILENCE = {"tcp_user_timeout": 10_000, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
"""In ms, s, s and probes. A server whose machine loses its power says nothing, and Linux alone would wait for it for a
quarter of an hour where something was sent, and for two hours where nothing was (tcp(7))."""
_VARIABLES = {
    "passfile": "PGPASSFILE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcertmode": "PGSSLCERTMODE",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}
"""The environment variables of those libpq options of `OwnDatabase.options` that have one (PostgreSQL 17, 32.15)."""


@dataclass(frozen=True, kw_only=True)
class OwnDatabase:
    """The table as it stands in the file. Paths are absolute, or relative to the county's folder.

    Attributes:
        host: A name, an address or the folder of a unix socket; several with commas between them, of which one takes
            writes (a primary and its standbys).
        name: The database.
        user: The role that owns it.
        port: The same for all hosts.
        password_file: pgpass(5). Not needed where the server knows the role by its account (``peer``).
        ca_file: PEM, the authority whose certificate the server must show. Needed unless all hosts are this machine.
    """

    host: str
    name: str
    user: str
    port: int = 5432
    password_file: str = ""
    ca_file: str = ""

    @property
    def hosts(self) -> list[str]:
        """The hosts one by one."""
        return [host.strip() for host in self.host.split(",")]

    def options(self, root: Path) -> dict[str, Any]:
        """Return what libpq is told besides host, port, database and role (PostgreSQL 17, 32.1.2)."""
        options: dict[str, Any] = {"connect_timeout": _CONNECT_TIMEOUT_S, "target_session_attrs": "read-write"}
        options |= _SILENCE
        if self.password_file:
            options["passfile"] = str(root / self.password_file)
        if self.ca_file:
            # Without a certificate of ours, which libpq would look for in the home of whoever typed: of root, for one.
            tls = {"sslmode": "verify-full", "sslcertmode": "disable"}
            options |= tls | {"sslrootcert": str(root / self.ca_file)}
        return options

    def as_table(self) -> str:
        """Return it as TOML, to be put at the end of the file."""
        return table_text("database", asdict(self), comment="县里自己的 PostgreSQL，由它的管理员维护和备份")


def own_database_problems(table: Any) -> Problems:
    """Return each wrong key of the table with its error in Chinese. What is missing is told under an empty key."""
    problems = table_problems("database", table, _KEYS, required=("host", "name", "user"), judge=_problem)
    if not problems and not table.get("ca_file") and not all(map(_is_here, OwnDatabase(**table).hosts)):
        problems.append(("", "缺少 ca_file：数据库不在本机，要核对它的证书"))
    return problems


def environment_of(options: Mapping[str, Any]) -> dict[str, str]:
    """Return options of libpq as the environment variables of PostgreSQL's programs."""
    return {_VARIABLES[key]: str(value) for key, value in options.items() if key in _VARIABLES}


def _problem(key: str, value: Any) -> str:
    if key == "host":
        wrong = [host for host in OwnDatabase(host=value, name="", user="").hosts if not _is_host(host)]
        return f"“{wrong[0]}”不是主机名、地址或套接字的文件夹" if wrong else ""
    return ""


def _is_host(host: str) -> bool:
    return host.startswith("/") or HOST.fullmatch(host) is not None


def _is_here(host: str) -> bool:
    if host.startswith("/") or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
