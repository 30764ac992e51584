"""``cunhui-server setup``: the first hour of an installed county, from nothing to a link that signs somebody in.

It asks at most eight questions in Chinese, or takes the answers from a file. Everything else it works out by itself.
"""

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psycopg

from server_broker.platform.county_account import as_the_county, county_account
from server_broker.platform.county_clock import build_ms
from server_broker.platform.county_config import read_config
from server_broker.platform.files import write_atomically
from server_broker.platform.home import CountyHome
from server_broker.platform.installed import how_to_begin
from server_broker.platform.invocation import county_prefix
from server_broker.platform.own_broker import OwnBroker
from server_broker.platform.own_certificate import OwnCertificate
from server_broker.platform.own_database import OwnDatabase
from server_broker.platform.processes import ServiceError
from server_broker.platform.units import SYSTEMCTL, TARGET, UNITS, part_names
from server_broker.postgres.debian import bin_folder
from server_broker.supervisor.database_check import own_database_lacks
from server_broker.supervisor.reach import addresses_of, taken_ports
from server_broker.supervisor.setup_questions import asked, from_file
from server_broker.supervisor.unit_states import UnitState, unit_states
from server_broker.trust.own_certificate import about, console_problems

LEAST_DISK_BYTES = 4 * 2**30
"""The database begins with 60 MB; a county's year of records and pictures needs tens of GB."""
READY_WITHIN_S = 900.0
"""The first start makes the database and its tables; an emulated machine takes minutes for it."""
_ASK_AGAIN_S = 1.0
_PREPARE = "cunhui-prepare.service"
_FAILURES = 5
"""How often a part may fail after the preparation before it will not start: half a minute or more."""


def setup(home: CountyHome, answers_file: str, *, say: Callable[[str], None]) -> None:
    """Ask, make the county, start it, make its first account, and say the link that signs it in.

    Args:
        answers_file: Where the answers stand, or empty: then a person is asked.

    Raises:
        ServiceError: The machine is not fit for it, an answer in the file is wrong, or a step failed. What was made is
            kept, and the next call goes on from there.
    """
    begun = home.begun_setup
    answers = _answers(home, answers_file, begun=begun, say=say)
    if not home.config_file.exists():
        # A verb goes on under the county's account by itself.
        try:
            _run([sys.executable, sys.argv[0], "init", *init_words(answers), "--home", str(home.root)], "建县")
        except ServiceError:
            with as_the_county(home):
                begun.unlink()  # answers that make no county would make none the next time either
            raise
    with as_the_county(home):
        _add_tables(home, answers)
    say("正在启动，第一次要建数据库，大约一分钟……")
    # systemctl would wait for the units without a word.
    _run([SYSTEMCTL, "start", "--no-block", TARGET], "启动")
    wait_until_ready(home, say=say)
    link = _run(
        [*county_prefix(home), sys.executable, "-P", "-m", "server_broker.supervisor.first_account"], "建第一个账号",
        typed=json.dumps(answers), CUNHUI_HOME=str(home.root), CUNHUI_TYPED_BY=os.environ.get("SUDO_USER", "root"),
    ).strip()  # fmt: skip
    with as_the_county(home):
        begun.unlink()
    say(f"\n县平台已经在运行，开机会自己启动。\n\n请在浏览器打开（只能用一次，{_LINK_GOOD}）：\n\n  {link}\n")
    if not answers.get("console"):
        say("浏览器会提示证书不受信任：这是县平台自己签发的。换成县里自己的证书，见《县级安装手册》。")


GO_ON = "已做的都留着：查原因用 cunhui-server doctor，排除后再运行一次 cunhui-server setup，会接着做"
_LINK_GOOD = "过期了就运行 cunhui-server sign-in-link 再要一个"


def _answers(home: CountyHome, answers_file: str, *, begun: Path, say: Callable[[str], None]) -> Mapping[str, str]:
    """Return the answers once the machine is fit, and keep them until the end; those of a setup that broke off if kept.

    Raises:
        ServiceError: All that is wrong with the machine and in the file of answers, one line each.
    """
    wrong = machine_problems(home, euid=os.geteuid(), now=dt.datetime.now().astimezone())
    # Answers that were taken before are not tried again: their ports are in use by now, by this county.
    with as_the_county(home):
        resumed = begun.exists() and (home.config_file.exists() or not answers_file)
        answers: Mapping[str, str] = json.loads(begun.read_text(encoding="utf-8")) if resumed else {}
    if answers_file and not resumed:
        try:
            answers = from_file(
                Path(answers_file),
                judge=lambda console: certificate_problems_for(home, console),
                try_database=lambda database: database_problems_for(home, database),
                try_broker=lambda rabbit: broker_problems_for(home, rabbit),
            )
        except ServiceError as error:
            wrong += str(error).splitlines()
    if wrong:
        raise ServiceError("\n".join(f"× {line}" for line in wrong))
    if resumed:
        say("接着做上次没有做完的。")
        return answers
    answers = answers or asked(input, say=say)
    with as_the_county(home):
        write_atomically(begun, json.dumps(answers).encode())
    return answers


def machine_problems(home: CountyHome, *, euid: int, now: dt.datetime) -> list[str]:
    """Return all that no answer can put right.

    Raises:
        ServiceError: There is a county already.
    """
    if home.config_file.exists() and not home.begun_setup.exists():
        raise ServiceError(
            f"{home.root} 里已有县平台，没有改动。查看状态：cunhui-server doctor；登录：cunhui-server sign-in-link 账号"
        )
    wrong = []
    if euid != 0:
        wrong.append("要用 root 运行：sudo cunhui-server setup")
    if home.restoring.exists():
        wrong.append(f"{how_to_begin(home)}；不要它了，就删掉 {home.restoring}")
    if not home.by_units:
        wrong.append(f"{home.root} 不是软件包装好的：请先安装 cunhui-county 软件包；只想试用请用 init 和 up")
    if not Path("/run/systemd/system").is_dir():
        wrong.append("本机没有运行 systemd（容器里？）：请在真机或虚拟机上安装，或改用 init 和 up")
    try:
        bin_folder(home.postgres_data)
    except ServiceError as error:
        wrong.append(str(error))
    disk = next(folder for folder in (home.root, *home.root.parents) if folder.exists())
    if (free := shutil.disk_usage(disk).free) < LEAST_DISK_BYTES:
        wrong.append(f"{disk} 所在的磁盘只剩 {free / 2**30:.1f} GB，至少要 {LEAST_DISK_BYTES // 2**30} GB")
    if now.timestamp() * 1000 < build_ms():
        wrong.append(f"本机时钟是 {now:%Y-%m-%d %H:%M}，比软件还早：请先校时（timedatectl set-time 或接上时间服务）")
    return wrong


def certificate_problems_for(home: CountyHome, console: OwnCertificate) -> list[tuple[str, str]]:
    """Return what keeps the console's own certificate from being served, by setting; also if the county's account can't
    read the key, which root can."""
    found = [
        (problem.key, problem.words) for problem in console_problems(home.root, console, now=dt.datetime.now(dt.UTC))
    ]
    key = console.files(home.root)[1]
    account = county_account(home)
    if account and key.exists():
        with as_the_county(home):
            readable = os.access(key, os.R_OK, effective_ids=True)
        if not readable:
            found.append(
                (about(console)[1], f"{key} 县平台的账户 {account.pw_name} 读不到：请照《县级安装手册》抄一份给它")
            )
    return found


def database_problems_for(home: CountyHome, database: OwnDatabase) -> list[str]:
    """Return what keeps a PostgreSQL of the county's own from being used by the county's account."""
    with as_the_county(home):
        try:
            return own_database_lacks(home, database)
        except psycopg.OperationalError as error:
            return [f"连接不上：{str(error).splitlines()[0]}"]


def broker_problems_for(home: CountyHome, rabbit: OwnBroker) -> list[str]:
    """Return what keeps a RabbitMQ of the county's own from being used by the county's account.

    Its certificate may be the county's, whose authority is made later. So only what needs none is tried.
    """
    with as_the_county(home):
        try:
            rabbit.password(home.root)
        except ServiceError as error:
            return [str(error)]
    return [f"“{host}”查不到地址" for host in rabbit.hosts if not addresses_of(host)]


def _add_tables(home: CountyHome, answers: Mapping[str, str]) -> None:
    """Put the tables of the answers at the end of ``county.toml``, unless a call before this one did."""
    config = read_config(home)
    marks = {"database": home.own_database_mark, "broker": home.own_broker_mark}
    for name, there in (("console", config.console), ("database", config.database), ("broker", config.broker)):
        if (table := answers.get(name)) and there is None:
            with home.config_file.open("a", encoding="utf-8") as file:
                file.write(table)
            if name in marks:
                marks[name].touch()


def init_words(answers: Mapping[str, str]) -> list[str]:
    """Return the options of ``init`` for the answers."""
    words = [f"--name={answers['name']}", "--host", answers["host"]]  # a name may begin with a stroke
    words += ["--web-port", answers["web_port"], "--broker-port", answers["broker_port"], "--clock", answers["clock"]]
    for host in answers["other_hosts"].split():
        words += ["--also", host]
    return words


def wait_until_ready(home: CountyHome, *, say: Callable[[str], None], within_s: float = READY_WITHIN_S) -> None:
    """Wait until all parts run, and say for which.

    Raises:
        ServiceError: One does not, or fails again and again. The message has the ports that other programs have, and
            the end of its log.
    """
    deadline = time.monotonic() + within_s
    with as_the_county(home):
        parts = [part for part in part_names(read_config(home)) if part != "front-door"]
    units = {_PREPARE: "准备"} | {UNITS[part]: part for part in parts}
    told: list[str] = []
    before: dict[str, UnitState] = {}
    failing: list[str] = []
    while not failing and time.monotonic() < deadline:
        states = unit_states(list(units))
        waiting = [unit for unit, state in states.items() if not state.active]
        if not waiting:
            return
        if waiting != told:
            say(f"  还在等：{'、'.join(units[unit] for unit in waiting)}")
            told = waiting
        if states[_PREPARE].active:
            # Until then each part ends at once, because it has nothing to begin with.
            before = before or states
            failing = [unit for unit in waiting if states[unit].restarts - before[unit].restarts >= _FAILURES]
        time.sleep(_ASK_AGAIN_S)
    raise ServiceError(_not_started(home, failing or told))


def _not_started(home: CountyHome, units: Sequence[str]) -> str:
    log = subprocess.run(  # noqa: S603 - ours
        ["/usr/bin/journalctl", "--no-pager", "-n", "5", "-o", "cat", "-u", units[0], "-u", _PREPARE],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    with as_the_county(home):
        ports = "".join(f"{line}\n" for line in taken_ports(home, read_config(home)))
    return f"{'、'.join(units)} 没有启动起来。\n{ports}最后几行日志：\n{log.stdout}{GO_ON}"


def _run(command: Sequence[str], shown: str, *, typed: str = "", **environment: str) -> str:
    """Run a program that speaks UTF-8 whatever this terminal speaks; return what it printed."""
    done = subprocess.run(  # noqa: S603 - our own programs
        command, input=typed, capture_output=True, encoding="utf-8", errors="replace", check=False,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"} | environment,
    )  # fmt: skip
    if done.returncode != 0:
        raise ServiceError(f"{shown}没有成功：{(done.stderr or done.stdout).strip()}\n{GO_ON}")
    return done.stdout
