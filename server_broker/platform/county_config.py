"""``county.toml``: the county's name, where it is reached, and its ports.

All errors of the file are reported together, each with its line. An unknown key is an error.
"""

import ipaddress
import re
import secrets
import socket
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, get_args

from protocol.system_errors import os_cause
from server_broker.platform.backup_config import BackupConfig, backup_problems, backup_table
from server_broker.platform.config_tables import HOST, NO_HOST, Problems, table_text, toml_text, wrong_kind
from server_broker.platform.county_clock import ClockMode
from server_broker.platform.files import write_atomically
from server_broker.platform.front_door import FrontDoor, front_door_problems
from server_broker.platform.home import CountyHome
from server_broker.platform.installed import how_to_begin
from server_broker.platform.own_broker import OwnBroker, own_broker_problems
from server_broker.platform.own_certificate import OwnCertificate, own_certificate_problems
from server_broker.platform.own_database import OwnDatabase, own_database_problems
from server_broker.platform.processes import ServiceError
from server_broker.platform.shards import ingest_problems

_KEYS = {
    "name": str,
    "host": str,
    "other_hosts": list,
    "web_port": int,
    "broker_port": int,
    "broker_fallback_port": int,
    "broker_local_port": int,
    "clock": str,
    "facts_a_day": int,
    "trusted_proxies": list,
    "console": dict,
    "notify_hosts": list,
    "front_door": dict,
    "backup": dict,
    "database": dict,
    "broker": dict,
    "ingest": dict,
}
FACTS_A_DAY = 200_000
"""What the county takes of a station in a day: `server_broker.ingest.quota` says why so many."""
_LEAST_FACTS_A_DAY = 10_000
_NAMED_BESIDE = 5
"""Most counties that an error lists."""
_PORTS = range(20_000, 32_000)
_OPTIONS = {
    "name": "--name",
    "host": "--host",
    "other_hosts": "--also",
    "web_port": "--web-port",
    "broker_port": "--broker-port",
    "broker_local_port": "--broker-local-port",
    "broker_fallback_port": "--broker-fallback-port",
}
"""The option of ``init`` for each key, so that an error names what the person typed."""
_REQUIRED = ("name", "host", "web_port", "broker_port", "broker_local_port")


@dataclass(frozen=True, kw_only=True)
class CountyConfig:
    """The content of ``county.toml``.

    Attributes:
        name: As people call the county.
        host: Name or address at which stations and browsers reach the county.
        other_hosts: Further names and addresses, for which certificates and the console are valid too.
        web_port: HTTPS, on all interfaces unless ``host`` is a loopback address.
        broker_port: MQTT over TLS for stations, on the same interfaces.
        broker_fallback_port: A second such port, for stations on lines that block ``broker_port``; None for none. It is
            None by default, because 443, which no line blocks, is often the web's own port. A station learns it at its
            enrolment and at each renewal, and uses it after its next start.
        broker_local_port: MQTT for the county's own clients, on 127.0.0.1 alone.
        clock: Who vouches for the machine's clock: its time service (``ntp``), or the person who sets it (``manual``).
            ``init`` writes ``manual`` if no time service has synchronised the machine's clock.
        facts_a_day: How many facts are taken of one station in a day, and pictures in proportion.
        trusted_proxies: Addresses and networks of reverse proxies in front of the console. Who comes from one of them
            is whoever its ``X-Forwarded-For`` names; from anybody else the header says nothing.
        console: Where browsers of offices reach the console by a certificate that they trust; None if they get the
            county's own at ``host``. Stations go on to use ``host``.
        notify_hosts: Where messages about incidents may go beside the vendors' own hosts, each as ``host:port``.
        front_door: Where telephones reach the county; None if they don't.
        backup: Where copies go that leave the machine; None before ``cunhui-server backup setup``.
        database: The county's own PostgreSQL; None if the private cluster is used.
        broker: The county's own RabbitMQ; None if the private Mosquitto is used. With it the three ports of the broker
            above are not used.
        ingest_workers: How many ingest workers divide the stations among them: ``workers`` in ``[ingest]``.
    """

    name: str
    host: str
    web_port: int
    broker_port: int
    broker_local_port: int
    broker_fallback_port: int | None = None
    other_hosts: tuple[str, ...] = ()
    clock: ClockMode = "ntp"
    facts_a_day: int = FACTS_A_DAY
    trusted_proxies: tuple[str, ...] = ()
    console: OwnCertificate | None = None
    notify_hosts: tuple[str, ...] = ()
    front_door: FrontDoor | None = None
    backup: BackupConfig | None = None
    database: OwnDatabase | None = None
    broker: OwnBroker | None = None
    ingest_workers: int = 1

    @property
    def station_ports(self) -> list[int]:
        """Where Mosquitto listens for stations, the usual port first; nowhere if the county has a broker of its own."""
        if self.broker is not None:
            return []
        return [self.broker_port, *([self.broker_fallback_port] if self.broker_fallback_port else [])]

    @property
    def web_url(self) -> str:
        """The address of the web for stations, which trust the county's own authority; without the slash at its end."""
        return f"https://{self.host}:{self.web_port}"

    @property
    def console_url(self) -> str:
        """The address of the console for people, without the slash at its end."""
        return self.console.address if self.console else self.web_url

    @property
    def hosts(self) -> list[str]:
        """All names and addresses at which stations find the county, ``host`` first."""
        return list(dict.fromkeys([self.host, *self.other_hosts, "localhost", "127.0.0.1"]))

    @property
    def console_hosts(self) -> list[str]:
        """All names and addresses under which the console answers."""
        return list(dict.fromkeys([*self.hosts, *([self.console.host] if self.console else [])]))

    @property
    def bind_address(self) -> str:
        """The address to listen on: all interfaces, or only loopback if ``host`` is a loopback address."""
        return _bind_address(self.host)

    @property
    def console_bind_address(self) -> str:
        """The address that the console's own port listens on, by the same rule."""
        return _bind_address(self.console.host if self.console else "localhost")

    @property
    def front_door_bind_address(self) -> str:
        """The address that the front door listens on, by the same rule."""
        return _bind_address(self.front_door.host if self.front_door else "localhost")


def _bind_address(host: str) -> str:
    loopback = host == "localhost" or host.startswith("127.") or host == "::1"
    return "127.0.0.1" if loopback else "0.0.0.0"  # noqa: S104 - stations and telephones come from outside


def with_free_ports(config: CountyConfig) -> CountyConfig:
    """Return ``config``, as the options of ``init`` gave it, with ports of 0 replaced by free ones.

    Raises:
        ServiceError: All errors, one line each, with the names of the options.
    """
    free = free_ports(3)
    completed = replace(
        config,
        web_port=config.web_port or free[0],
        broker_port=config.broker_port or free[1],
        broker_local_port=config.broker_local_port or free[2],
    )
    # Checked as the file that would be written, so that ``init`` and `read_config` accept the same values.
    values = tomllib.loads(_composed(completed))
    problems = [f"{_OPTIONS.get(key, key)}：{words}" for key, words in _problems(values, ports="0 或 1 到 65535")]
    if problems:
        raise ServiceError("\n".join(problems))
    return completed


def write_config(home: CountyHome, config: CountyConfig) -> CountyConfig:
    """Write ``county.toml``, ports of 0 replaced by free ones; return what was written.

    Raises:
        ServiceError: All errors, one line each. Nothing is written.
    """
    completed = with_free_ports(config)
    write_atomically(home.config_file, _composed(completed).encode())
    return completed


def _composed(config: CountyConfig) -> str:
    fallback = config.broker_fallback_port
    lines = [
        "# 县平台的设置。改过先运行 cunhui-server config check，再重新启动。",
        f"name = {toml_text(config.name)}",
        "# 站点和浏览器访问本机用的域名或地址",
        f"host = {toml_text(config.host)}",
        f"other_hosts = [{', '.join(toml_text(host) for host in config.other_hosts)}]",
        f"web_port = {config.web_port}",
        f"broker_port = {config.broker_port}",
        "# 给封了 broker_port 的线路用；要没有被占用，防火墙也放行",
        f"broker_fallback_port = {fallback}" if fallback else "# broker_fallback_port = 443",
        "# 县平台自己的程序用，只在 127.0.0.1",
        f"broker_local_port = {config.broker_local_port}",
        '# "ntp"：本机时钟由时间服务校准过，才向站点授时',
        '# "manual"：接不上时间服务，时钟由人校准',
        f"clock = {toml_text(config.clock)}",
        "# 一个站点一天最多收多少条记录，图片按比例；余下的留在站点，第二天接着收",
        f"facts_a_day = {config.facts_a_day}",
        "# 网页前面的反向代理的地址或网段；只相信它们的 X-Forwarded-For",
        f"trusted_proxies = [{', '.join(toml_text(proxy) for proxy in config.trusted_proxies)}]",
        "# 通知还可以发到哪里，如邮件服务器，写成 主机:端口",
        f"notify_hosts = [{', '.join(toml_text(host) for host in config.notify_hosts)}]",
    ]
    tables = [console_table(config.console)] if config.console else []
    tables += [front_door_table(config.front_door)] if config.front_door else []
    tables += [backup_table(config.backup)] if config.backup else []
    tables += [config.database.as_table()] if config.database else []
    tables += [config.broker.as_table()] if config.broker else []
    tables += [ingest_table(config.ingest_workers)] if config.ingest_workers > 1 else []
    return "\n".join(lines) + "\n" + "".join(tables)


def console_table(console: OwnCertificate) -> str:
    """Return the table ``[console]`` as TOML, to be put at the end of the file."""
    return console.as_table("console", comment="浏览器用县里自己的证书访问网页的地方")


def ingest_table(workers: int) -> str:
    """Return the table ``[ingest]`` as TOML, to be put at the end of the file."""
    return table_text("ingest", {"workers": workers}, comment="几个接收进程分担站点")


def front_door_table(front_door: FrontDoor) -> str:
    """Return the table ``[front_door]`` as TOML, to be put at the end of the file."""
    return front_door.as_table("front_door", comment="手机入口：每个人用手机看自己的打卡")


def read_config(home: CountyHome) -> CountyConfig:
    """Read ``county.toml``.

    Raises:
        ServiceError: All errors, one line each; or there is no county in this folder.
    """
    try:
        text = home.config_file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ServiceError(_no_county_in(home)) from error
    except UnicodeDecodeError as error:
        raise ServiceError(f"{home.config_file} 不是 UTF-8 文字：{error}") from error
    except OSError as error:
        mend = f"；请运行 {line}" if (line := owning_line(home)) else ""
        raise ServiceError(f"{home.config_file} 读不到：{os_cause(error)}{mend}") from error
    file = home.config_file
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ServiceError(f"{file}:{slip(text, error)}") from error
    problems = [f"{file}：缺少 {key}" for key in _REQUIRED if key not in values]
    problems += [f"{file}:{line_of(text, key)}：{key} {words}{_misplaced(key)}" for key, words in _problems(values)]
    if problems:
        raise ServiceError("\n".join(problems))
    kinds = {
        "console": OwnCertificate,
        "front_door": FrontDoor,
        "backup": BackupConfig,
        "database": OwnDatabase,
        "broker": OwnBroker,
    }
    tables = {name: kind(**values[name]) for name, kind in kinds.items() if name in values}
    lists = {key: tuple(values.get(key, ())) for key in ("other_hosts", "trusted_proxies", "notify_hosts")}
    workers = values.pop("ingest", {}).get("workers", 1)
    return CountyConfig(**values | lists | tables, ingest_workers=workers)


def owning_line(home: CountyHome) -> str:
    """Return the command line after which the accounts of the units can read ``county.toml``; empty if they can."""
    if not home.by_units:
        return ""
    file, county = home.config_file.stat(), home.root.stat()
    right = 0o400 if file.st_uid == county.st_uid else 0o040 if file.st_gid == county.st_gid else 0o004
    return "" if file.st_mode & right else f"chown -h --reference={home.root} {home.config_file}"


def slip(text: str, error: tomllib.TOMLDecodeError) -> str:
    """Return the line that is no TOML, with what is wrong there in Chinese."""
    # In Python 3.13 the error has nothing but its message.
    at = re.search(r"at line (\d+)", str(error))
    lines = text.splitlines()
    line = int(at[1]) if at else max(1, len(lines))
    if "overwrite a value" in str(error) and (name := re.match(r"\s*[\"']?(\w+)", lines[line - 1])):
        tables = [found[1] for one in lines[:line] if (found := re.match(r"\s*\[(\w+)\]", one))]
        first = line_of(text, ".".join([*tables[-1:], name[1]]))
        return f"{line}：{name[1]} 写了两次，第 {first} 行已经有了：请改第 {first} 行，删掉这一行"
    return f"{line}：这一行的写法不对，请核对引号、等号和方括号"


def _misplaced(key: str) -> str:
    """Return what a key in a table should have said if it belongs before all tables."""
    table, _, name = key.rpartition(".")
    return f"；它要写在 [{table}] 前面，那里已有的就改那一行" if table and name in _KEYS and name != "host" else ""


def require_county(home: CountyHome) -> None:
    """Check that there is a county in the folder. Nothing is made.

    Raises:
        ServiceError: There is none.
    """
    if not home.config_file.exists():
        raise ServiceError(_no_county_in(home))


def _no_county_in(home: CountyHome) -> str:
    """Return in Chinese which folder was searched, which counties lie beside it, and how to name another one."""
    beside = [file.parent for depth in ("*", "*/*") for file in sorted(home.root.parent.glob(f"{depth}/county.toml"))]
    seen = f"旁边有：{'、'.join(map(str, beside[:_NAMED_BESIDE]))}。" if beside else ""
    return (
        f"{home.root} 里没有县平台（没有 county.toml）。{seen}"
        f"已有的县平台请用 --home 文件夹 或环境变量 CUNHUI_HOME 指明；{how_to_begin(home)}"
    )


def _problems(values: dict[str, Any], *, ports: str = "1 到 65535") -> Problems:
    """Return each wrong key with its error in Chinese.

    Args:
        ports: The allowed port numbers, as an error names them. ``init`` also takes 0, for a free port.
    """
    problems: Problems = []
    taken: list[Any] = []
    # A clash is reported at the later key in the order of `_KEYS`, whatever their order in the file.
    for key in (key for key in _KEYS if key.endswith("_port") and key in values):
        if values[key] in taken:
            problems.append((key, "和别的端口相同"))
        taken.append(values[key])
    if "console" in values:
        wrong = console_problems(values)
        problems += [(f"console.{key}" if key else "console", words) for key, words in wrong]
        taken += [values["console"].get("port")] if isinstance(values["console"], dict) else []
    used = {port for port in taken if isinstance(port, int)}
    judges: dict[str, Callable[[Any], Problems]] = {
        "front_door": lambda table: front_door_problems(table, used),
        "backup": backup_problems,
        "database": own_database_problems,
        "broker": own_broker_problems,
        "ingest": ingest_problems,
    }
    for name, judge in judges.items():
        wrong = judge(values[name]) if name in values else []
        problems += [(f"{name}.{key}" if key else name, words) for key, words in wrong]
    if "database" in values and "backup" in values:
        problems.append(("backup", "和 [database] 只能写一种：自己的数据库由它的管理员备份"))
    return problems + [(key, words) for key, value in values.items() if (words := _problem(key, value, ports))]


def console_problems(values: dict[str, Any]) -> Problems:
    """Return each wrong key of the table ``[console]`` with its error in Chinese, judged with the other ``values``."""
    table, web_port = values["console"], values.get("web_port")
    others = {value for key, value in values.items() if key.endswith("_port") and value != web_port}
    wrong = own_certificate_problems("console", table, others)
    if isinstance(table, dict) and table.get("port") == web_port:
        # On one port the name alone tells a browser from a station.
        used = [values.get("host"), *(values.get("other_hosts") or [])]
        if table.get("host") in used:
            wrong.append(("port", "和网页端口相同、名字也相同：站点用的就是它。请另写一个端口，或另用一个名字"))
    return wrong


def _problem(key: str, value: Any, ports: str) -> str:
    kind = _KEYS.get(key)
    if kind is dict:
        return ""  # tables are judged by themselves
    if words := wrong_kind(kind, key, value, ports=ports):
        return words
    if key == "facts_a_day":
        return "" if value >= _LEAST_FACTS_A_DAY else f"太小了，至少 {_LEAST_FACTS_A_DAY}：断网很久的站点要能补传"
    if key == "clock" and value not in get_args(ClockMode.__value__):
        return '应为 "ntp" 或 "manual"'
    if key == "name" and not 1 <= len(value) <= 64:
        return "应有 1 到 64 个字"
    if key == "trusted_proxies":
        return _problem_of_proxies(value)
    if key == "notify_hosts":
        return _problem_of_notify_hosts(value)
    hosts = [value] if key == "host" else value if key == "other_hosts" else []
    wrong = [host for host in hosts if not (isinstance(host, str) and HOST.fullmatch(host))]
    return f"“{wrong[0]}”{NO_HOST}" if wrong else ""


def _problem_of_proxies(proxies: list[Any]) -> str:
    for proxy in proxies:
        try:
            network = ipaddress.ip_network(str(proxy), strict=False)
        except ValueError:
            return f"“{proxy}”不是地址或网段，如 192.0.2.7 或 192.0.2.0/24"
        if network.prefixlen == 0:
            return f"“{proxy}”是所有地址：那样谁都能冒充别人的地址"
    return ""


def _problem_of_notify_hosts(hosts: list[Any]) -> str:
    for host in hosts:
        name, _, port = str(host).rpartition(":")
        known = HOST.fullmatch(name) and re.fullmatch(r"[1-9][0-9]{0,4}", port) and int(port) <= 65535
        if not known or name != name.lower():
            return f"“{host}”不是 主机:端口，如 smtp.example.cn:465（小写）"
    return ""


def line_of(text: str, key: str) -> int:
    """Return the line of a key in the file's text, or of the key in a table for ``table.key``; 1 if there is none."""
    # tomllib tells no line numbers for keys. A key may be quoted, or the name of a table.
    table, _, name = key.rpartition(".")
    begins = line_of(text, table) if table else 0
    for number, line in enumerate(text.splitlines(), start=1):
        if number > begins and re.match(rf"\s*(\[\[?)?\s*[\"']?{re.escape(name)}\b", line):
            return number
    return begins or 1


def free_ports(count: int) -> list[int]:
    """Return free ports below 32,000, because Linux takes ports for outgoing connections from above that."""
    found: list[int] = []
    while len(found) < count:
        port = _PORTS.start + secrets.randbelow(len(_PORTS))
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found
