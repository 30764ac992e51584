"""``[broker]`` of ``county.toml``: a RabbitMQ that the county runs already, in place of the private Mosquitto.

Its administrator configures it once (`server_broker.broker.rabbit.files`) and makes the county an account that may make
users. The password is not in ``county.toml``: it lies in a file of its own, which nobody else may read.
"""

import ssl
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from server_broker.platform.config_tables import HOST, NO_HOST, Problems, table_problems, table_text
from server_broker.platform.processes import ServiceError

_KEYS: dict[str, type] = {
    "hosts": list,
    "port": int,
    "management_port": int,
    "vhost": str,
    "user": str,
    "password_file": str,
    "ca_file": str,
}
MOST_HOSTS = 8
_OPEN_TO_OTHERS = 0o027
"""Rights that the file of a password may not give: the group may read it, because under units it may be root's."""


@dataclass(frozen=True, kw_only=True)
class OwnBroker:
    """The table as it stands in the file. Paths are absolute, or relative to the county's folder.

    Attributes:
        hosts: Names or addresses of the nodes. Stations and the county's programs go to the next one when one is away.
        port: MQTT over TLS; the same for all hosts.
        management_port: The management API over HTTPS; the same for all hosts.
        vhost: Where stations and the county meet, RabbitMQ's ``mqtt.vhost``.
        user: An account with the tag ``administrator``, because nobody else may make users.
        password_file: One line.
        ca_file: PEM, the authority of the management API's certificate; empty: the county's own.
    """

    hosts: list[str]
    port: int = 8883
    management_port: int = 15671
    vhost: str = "/"
    user: str
    password_file: str
    ca_file: str = ""

    def password(self, root: Path) -> str:
        """Read the password.

        Raises:
            ServiceError: The file can't be read, is empty, or can be read by others.
        """
        path = root / self.password_file
        try:
            mode, text = path.stat().st_mode, path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ServiceError(f"{path} 读不到，里面要有 {self.user} 的口令") from error
        if mode & _OPEN_TO_OTHERS:
            raise ServiceError(f"{path} 可被他人读取：chmod 640 {path}")
        if not text:
            raise ServiceError(f"{path} 是空的，里面要有 {self.user} 的口令")
        return text

    def authority(self, root: Path) -> Path:
        """Return the file of the authority that the management API's certificate is checked with."""
        return root / (self.ca_file or "ca.pem")

    def trusted(self, root: Path) -> ssl.SSLContext:
        """Return what a connection is made with that trusts this authority alone.

        Raises:
            ServiceError: The file can't be read, or is no certificate.
        """
        authority = self.authority(root)
        try:
            return ssl.create_default_context(cafile=str(authority))
        except OSError as error:  # of which SSLError is one
            raise ServiceError(f"{authority} 读不到，或不是证书") from error

    def as_table(self) -> str:
        """Return it as TOML, to be put at the end of the file."""
        return table_text("broker", asdict(self), comment="县里自己的 RabbitMQ，由它的管理员维护")


def own_broker_problems(table: Any) -> Problems:
    """Return each wrong key of the table with its error in Chinese. What is missing is told under an empty key."""
    problems = table_problems("broker", table, _KEYS, required=("hosts", "user", "password_file"), judge=_problem)
    if isinstance(table, dict) and table.get("port", 8883) == table.get("management_port", 15671):
        problems.append(("management_port", "和 port 相同"))
    return problems


def _problem(key: str, value: Any) -> str:
    if key != "hosts":
        return ""
    if not 1 <= len(value) <= MOST_HOSTS:
        return f"应有 1 到 {MOST_HOSTS} 个主机"
    wrong = [host for host in value if not (isinstance(host, str) and HOST.fullmatch(host))]
    return f"“{wrong[0]}”{NO_HOST}" if wrong else ""
