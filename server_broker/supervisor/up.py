"""Set up a county, and run it."""

import datetime as dt
import resource
import shutil
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from protocol.system_errors import os_cause
from server_broker import broker, postgres
from server_broker.platform.control import stop_service
from server_broker.platform.county_config import (
    CountyConfig,
    free_ports,
    front_door_table,
    read_config,
    with_free_ports,
    write_config,
)
from server_broker.platform.files import write_atomically
from server_broker.platform.front_door import FrontDoor
from server_broker.platform.home import CountyHome
from server_broker.platform.invocation import command_line
from server_broker.platform.processes import ServiceError
from server_broker.supervisor.front_door import config_problems
from server_broker.supervisor.own_names import console_certificate_problems
from server_broker.supervisor.parts import python_program, service_parts
from server_broker.supervisor.supervisor import ShutdownAsked, Supervisor, end_all_left_over
from server_broker.trust import keys
from server_broker.trust.front_door import make_demonstration

PREPARE_TIMEOUT_S = 24 * 3_600.0
"""Tables of years may be dumped and migrated."""


def initialise(home: CountyHome, config: CountyConfig) -> CountyConfig:
    """Make the folder of a new county: its keys and its ``county.toml``.

    Raises:
        ServiceError: There is a county in it already, ``config`` has errors, or the folder can't be written. The folder
            is left as it was before.
    """
    if home.config_file.exists():
        raise ServiceError(f"{home.root} 里已有县平台。请运行：{command_line(home, 'up')}；新建另一个请换 --home")
    completed = with_free_ports(config)
    before = set(home.root.iterdir()) if home.root.is_dir() else None
    try:
        home.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        keys.prepare(home)
        written = write_config(home, completed)
        home.secret_key()
        return written
    except BaseException as error:  # also Ctrl-C: half a county would keep the next `init` from making one
        _leave_as_before(home.root, before)
        if isinstance(error, OSError):
            raise ServiceError(f"{home.root} 写不进去：{os_cause(error)}。请核对权限和磁盘空间") from error
        raise


def add_demonstration(home: CountyHome, *, host: str, port: int, now: dt.datetime) -> FrontDoor:
    """Make a front door for a demonstration, and write its table at the end of ``county.toml``.

    Args:
        port: 0 for a free one.

    Raises:
        ServiceError: The county has a front door already, or the host or the port can't be used.
    """
    config = read_config(home)
    if config.front_door is not None:
        raise ServiceError(f"{home.config_file} 里已有 [front_door]，没有改动")
    text = home.config_file.read_bytes()
    front_door = make_demonstration(home, host=host, port=port or free_ports(1)[0], now=now)
    write_atomically(home.config_file, text + front_door_table(front_door).encode())
    try:
        read_config(home)
    except ServiceError:
        write_atomically(home.config_file, text)
        raise
    return front_door


def _prepare(home: CountyHome, config: CountyConfig) -> None:
    log = home.logs / "prepare.log"
    process = python_program(home, config, "server_broker.supervisor.prepare").start(log)
    if process.wait(PREPARE_TIMEOUT_S) != 0:
        raise ServiceError(f"数据库没有准备好：{_last_line(log)}（{log}）")


def _last_line(log: Path) -> str:
    """Return the last line of a log: there the preparation says what a person can do."""
    return log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]


def _leave_as_before(folder: Path, before: set[Path] | None) -> None:
    """Remove what was made in ``folder``, and the folder itself if it did not exist before."""
    if before is None:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for path in set(folder.iterdir()) - before:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def stop(home: CountyHome, say: Callable[[str], None]) -> None:
    """Stop a county that `run` runs, or what is left of one whose `run` was killed.

    Raises:
        ServiceError: Nothing of it runs, or units run this county.
    """
    if stop_service(home):
        return
    left = end_all_left_over(home, service_parts(home, read_config(home)))
    if not left:
        raise ServiceError(f"{home.root} 的县平台没有运行")
    say(f"主进程已经不在了（被杀掉的？），停下了它留下的：{'、'.join(left)}")


def run(home: CountyHome, say: Callable[[str], None], *, without: Collection[str] = ()) -> None:
    """Run a county until SIGTERM or SIGINT, without the parts named in ``without``.

    Raises:
        ServiceError: A part does not start; the parts before it are stopped again.
    """
    config = read_config(home)
    # The soft limit of open files becomes the hard one, because each station is an open file of the broker.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    keys.prepare(home)
    broker.prepare(home, now=dt.datetime.now(dt.UTC))
    with Supervisor(home, say) as supervisor, suppress(ShutdownAsked):
        prepared = False
        for part in service_parts(home, config):
            if part.name in without:
                continue
            if part.name == "postgres":
                postgres.prepare(home)
            elif not prepared:
                # Before the broker: stations connect to it, and then the tables and the lists must be ready.
                _prepare(home, config)
                prepared = True
            supervisor.start(part)
            if part.name == "postgres":
                postgres.make_database(home)
        say(f"县平台已就绪：{config.web_url}/")
        if config.console is not None:
            for problem in console_certificate_problems(home, config, now=dt.datetime.now(dt.UTC)):
                say(problem)
            say(f"办公网页：{config.console_url}/")
        if config.front_door is not None:
            for problem in config_problems(home, config, now=dt.datetime.now(dt.UTC)):
                say(problem)
            say(f"手机入口：{config.front_door.address}/")
        supervisor.watch()
