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

from server_broker.platform.county_clock import build_ms
from server_broker.platform.files import write_atomically
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.platform.units import TARGET, UNITS
from server_broker.postgres.debian import bin_folder
from server_broker.supervisor.setup_questions import asked, from_file

LEAST_DISK_BYTES = 4 * 2**30
"""The database begins with 60 MB; a county's year of records and pictures needs tens of GB."""
READY_WITHIN_S = 900.0
"""The first start makes the database and its tables; an emulated machine takes minutes for it."""
_ASK_AGAIN_S = 1.0
_SYSTEMCTL = "/usr/bin/systemctl"


def setup(home: CountyHome, answers_file: str, *, say: Callable[[str], None]) -> None:
    """Ask, make the county, start it, make its first account, and say the link that signs it in.

    Args:
        answers_file: Where the answers stand, or empty: then a person is asked.

    Raises:
        ServiceError: The machine is not fit for it, an answer in the file is wrong, or a step failed. What was made is
            kept, and the next call goes on from there.
    """
    check_machine(home, euid=os.geteuid(), now=dt.datetime.now().astimezone())
    begun = home.root / "setup.json"
    if begun.exists():
        answers = json.loads(begun.read_text(encoding="utf-8"))
        say("接着做上次没有做完的。")
    else:
        answers = from_file(Path(answers_file)) if answers_file else asked(input, say=say)
        write_atomically(begun, json.dumps(answers).encode())
    # Each verb goes on under the county's account by itself.
    program = [sys.executable, sys.argv[0]]
    if not home.config_file.exists():
        _run([*program, "init", *init_words(answers), "--home", str(home.root)])
    say("正在启动，第一次要建数据库，大约一分钟……")
    _run([_SYSTEMCTL, "start", TARGET])
    wait_until_ready(home)
    region, admin = answers["region"], answers["admin"]
    _run([*program, "region", region, answers["name"], "--home", str(home.root)])
    there = _run([*program, "account", "list", "--home", str(home.root)]).splitlines()
    if not any(line.startswith(f"{admin} ") for line in there):
        _run([*program, "account", admin, "--role", "system", "--region", region, "--home", str(home.root)])
    link = _run([*program, "sign-in-link", admin, "--home", str(home.root)]).strip()
    begun.unlink()
    say(f"\n县平台已经在运行，开机会自己启动。\n\n请在浏览器打开（只能用一次，{_LINK_GOOD}）：\n\n  {link}\n")
    say("浏览器会提示证书不受信任：这是县平台自己签发的。换成县里自己的证书，见《县级安装手册》。")


_LINK_GOOD = "过期了就运行 cunhui-server sign-in-link 再要一个"


def check_machine(home: CountyHome, *, euid: int, now: dt.datetime) -> None:
    """Check what no answer can put right.

    Raises:
        ServiceError: All that is wrong, one line each.
    """
    if home.config_file.exists() and not (home.root / "setup.json").exists():
        raise ServiceError(
            f"{home.root} 里已有县平台，没有改动。查看状态：cunhui-server doctor；登录：cunhui-server sign-in-link 账号"
        )
    wrong = []
    if euid != 0:
        wrong.append("要用 root 运行：sudo cunhui-server setup")
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
    if wrong:
        raise ServiceError("\n".join(f"× {line}" for line in wrong))


def init_words(answers: Mapping[str, str]) -> list[str]:
    """Return the options of ``init`` for the answers."""
    words = ["--name", answers["name"], "--host", answers["host"]]
    words += ["--web-port", answers["web_port"], "--broker-port", answers["broker_port"], "--clock", answers["clock"]]
    for host in answers["other_hosts"].split():
        words += ["--also", host]
    return words


def wait_until_ready(home: CountyHome, *, within_s: float = READY_WITHIN_S) -> None:
    """Wait until all parts run.

    Raises:
        ServiceError: One does not. The message has the end of its log.
    """
    deadline = time.monotonic() + within_s
    units = [unit for part, unit in UNITS.items() if part != "front-door"]
    while time.monotonic() < deadline:
        states = subprocess.run([_SYSTEMCTL, "is-active", *units], capture_output=True, text=True, check=False)  # noqa: S603 - ours
        waiting = [unit for unit, state in zip(units, states.stdout.split(), strict=True) if state != "active"]
        if not waiting:
            return
        time.sleep(_ASK_AGAIN_S)
    log = subprocess.run(  # noqa: S603 - ours
        ["/usr/bin/journalctl", "--no-pager", "-n", "5", "-o", "cat", "-u", waiting[0], "-u", "cunhui-prepare.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    raise ServiceError(
        f"{'、'.join(waiting)} 没有启动起来。最后几行日志：\n{log.stdout}"
        "已做的都留着：查原因用 cunhui-server doctor，排除后再运行一次 cunhui-server setup，会接着做"
    )


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own verbs
    if done.returncode != 0:
        raise ServiceError(f"{' '.join(command[1:3])} 没有成功：{(done.stderr or done.stdout).strip()}")
    return done.stdout
