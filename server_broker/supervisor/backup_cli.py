"""The verbs ``backup`` and ``restore`` of ``cunhui-server``."""

import argparse
import datetime as dt
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg

from protocol.china_time import CHINA
from server_broker import broker
from server_broker.backup.copying import copy, require_backup, write_plan
from server_broker.backup.encryption import key_in
from server_broker.backup.handing_over import hand_over
from server_broker.backup.proving import prove, prove_key
from server_broker.backup.repository import Repository
from server_broker.backup.restoring import restore as restore_county
from server_broker.backup.setting_up import RecoverySheet, set_up
from server_broker.backup.state import backup_status
from server_broker.backup.target import Target
from server_broker.platform.county_account import as_the_county
from server_broker.platform.county_config import read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.invocation import command_line, go_on_as_the_county
from server_broker.platform.processes import Program, ServiceError
from server_broker.platform.units import SYSTEMCTL, TARGET, start_line
from server_broker.supervisor.content_verbs import Add, Verb
from server_broker.supervisor.parts import python_program
from server_broker.supervisor.reach import taken_ports
from server_broker.supervisor.roll_end import roll_ends
from server_broker.supervisor.setup import wait_until_ready
from server_broker.trust import keys

_DATABASE_UNIT, _COPY_UNIT, _CHECK_UNIT = (
    "cunhui-backup.service",
    "cunhui-backup-copy.service",
    "cunhui-backup-check.service",
)
_FORMS = """写法：
  backup setup 文件夹 [--disk]   第一次用：定下备份放在哪里，给出恢复密钥（只显示一次，请打印）
  backup now                     马上备份一次
  backup copy                    只把新增的带到备份盘上；定时每几分钟做一次
  backup list                    有哪些备份，最近一次备份和核对是什么时候
  backup check                   试恢复一次，并核对备份盘上的每个文件；定时每周做一次
  backup key                     核对纸上的恢复密钥打不打得开备份；照纸上打进来，不留在机器上
"""
_JOURNALCTL = "/usr/bin/journalctl"
_TRIES = 3
_NOT_SET_UP = "没有设置备份，什么也没有改动。这把密钥作废，再运行一次会给出新的"


def add_backup_verbs(add: Add, backup_verb: Verb, restore_verb: Verb) -> None:
    """Add both verbs."""
    one = add("backup", backup_verb, "设置备份、马上备份、查看和核对备份")
    one.formatter_class = argparse.RawDescriptionHelpFormatter
    one.epilog = _FORMS
    one.add_argument("what", nargs="?", choices=tuple(_VERBS), metavar="做什么", help="按下面的写法")
    one.add_argument("folder", nargs="?", default="", metavar="文件夹", help="只用于 setup，写完整路径")
    one.add_argument("--disk", action="store_true", help="文件夹在一块可以拔下的磁盘上：没插上时不写入")
    one.add_argument("--new-key", action="store_true", help="换一把恢复密钥，文件夹要是空的")
    back = add("restore", restore_verb, "在空机器上从备份恢复整个县平台", folder="备份文件夹")
    back.add_argument("--key", required=True, metavar="文件", help="写有恢复密钥的文件")
    until = "数据库恢复到这一刻，例如 2026-03-31T20:00（不写就是备份里最新的）"
    back.add_argument("--to", dest="until", default="", metavar="时间", help=until)


def backup(home: CountyHome, chosen: argparse.Namespace) -> str:
    """Do one of the things with backups, and return the text to print.

    Raises:
        ServiceError: It was not done.
    """
    if chosen.what is None:
        raise ServiceError(f"请写明做什么。{_FORMS.rstrip()}")
    if read_config(home).database is not None:
        raise ServiceError(
            "这个县的数据库是自己的 PostgreSQL，由它的管理员备份。"
            f"{home.root} 里的 trust、media、bundles 和 county.toml 也要一起备份，见《备份与恢复手册》"
        )
    if chosen.what in ("now", "copy", "check") and home.by_units and os.geteuid() == 0:
        # PostgreSQL's files belong to another account than the keys: each unit has its own.
        require_backup(home)
        return _by_units(home, chosen.what)
    if chosen.what == "setup" and chosen.folder and home.by_units and os.geteuid() == 0:
        # The county's account can make nothing on a disk of root's.
        said = hand_over(home, Path(chosen.folder), disk=chosen.disk)
        sys.stdout.write(f"{said}\n" if said else "")
        sys.stdout.flush()
    go_on_as_the_county(home)
    return _VERBS[chosen.what](home, chosen)


def _by_units(home: CountyHome, what: str) -> str:
    units = {"now": [_DATABASE_UNIT, _COPY_UNIT], "copy": [_COPY_UNIT], "check": [_CHECK_UNIT]}[what]
    for unit in units:
        # What systemd says of a failure is English, and no more than that there is one.
        if subprocess.run([SYSTEMCTL, "start", unit], stderr=subprocess.DEVNULL, check=False).returncode != 0:  # noqa: S603 - ours
            raise ServiceError(f"没有做成：{_last_words(unit) or f'原因见 journalctl -u {unit}'}")
    return _status(home)


def _last_words(unit: str) -> str:
    """Return what a unit said last in the run that has just ended; empty if its journal has nothing."""
    # Not `backup_status`: whoever found the disk full, or another run going on, could note nothing there.
    _output(_JOURNALCTL, "--sync")
    run = _output(SYSTEMCTL, "show", "-p", "InvocationID", "--value", unit)
    return _output(_JOURNALCTL, "-q", "-o", "cat", "-n", "3", f"_SYSTEMD_INVOCATION_ID={run}") if run else ""


def _output(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 - argv is ours


def _setup(home: CountyHome, chosen: argparse.Namespace) -> str:
    if not chosen.folder:
        raise ServiceError("请写明放在哪里：cunhui-server backup setup 文件夹")
    folder, new = Path(chosen.folder), chosen.new_key
    made = set_up(home, folder, disk=chosen.disk, new=new, now=_now(), hand_over=_hand_over)
    first = f"现在做第一次备份：{command_line(home, 'backup', 'now')}"
    if not made:
        return f"已改好，仍用原来的恢复密钥。\n\n{first}"
    if _at_a_terminal():
        return f"设置好了。\n\n{first}"
    return (
        f"备份的设置写好了，但没有人在终端前核对恢复密钥。上面的密钥只有这一份，丢了备份就打不开：先打印，"
        f"再照纸核对：{command_line(home, 'backup', 'key')}\n\n{first}"
    )


def _at_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _hand_over(sheet: RecoverySheet) -> None:
    """Show the sheet, and have somebody at a terminal type the end of the key from paper."""
    sys.stdout.write(f"{sheet.text}\n")
    sys.stdout.flush()
    if not _at_a_terminal():
        return  # it went to a file or a printer
    for _ in range(_TRIES):
        if _typed("打印或抄好以后，照纸上把最后一组打进来，对上才算设置：", _NOT_SET_UP).upper() == sheet.last_group:
            return
    raise ServiceError(_NOT_SET_UP)


def _typed(question: str, otherwise: str) -> str:
    """Return what somebody at the terminal answers.

    Raises:
        ServiceError: Nobody does. It says ``otherwise``.
    """
    try:
        return input(question).strip()
    except (EOFError, KeyboardInterrupt) as error:
        raise ServiceError(f"\n{otherwise}") from error


def _key(home: CountyHome, chosen: argparse.Namespace) -> str:
    ask = "恢复密钥（照纸上打，空格不算）："
    typed = _typed(ask, "没有核对") if sys.stdin.isatty() else sys.stdin.read()
    tried = prove_key(home, key_in(typed, what="打进来的"))
    return (
        f"√ 这是本县现在用的恢复密钥，{'打得开备份盘上的备份' if tried else '备份盘没有插上或还没有备份，没有试着打开'}"
    )


def _back_up_now(home: CountyHome, chosen: argparse.Namespace) -> str:
    write_plan(home, require_backup(home)[1])
    back_up_database(home)
    _bring(home)
    return _status(home)


def back_up_database(home: CountyHome) -> None:
    """Make a base backup in the local repository.

    Raises:
        ServiceError: It was not made.
    """
    try:
        Repository(home).back_up(now=_now())
    except psycopg.OperationalError as error:
        raise ServiceError(f"数据库连接不上，没有备份：请先启动县平台（{start_line(home)}）") from error
    except FileNotFoundError as error:
        raise ServiceError("还没有设置备份：请运行 cunhui-server backup setup 文件夹") from error


def _copy(home: CountyHome, chosen: argparse.Namespace) -> str:
    _bring(home)
    return _status(home)


def _bring(home: CountyHome) -> None:
    noted = backup_status(home).last_base_at
    bases = Repository(home).bases()
    # Small archives are packed together after each new base backup.
    copy(home, clock=_now, tidy=bool(bases) and bases[-1].ended_at != noted)


def _list(home: CountyHome, chosen: argparse.Namespace) -> str:
    _, kept = require_backup(home)
    lines = [
        # As `restore --to` takes it.
        f"{base.ended_at.astimezone(CHINA):%Y-%m-%dT%H:%M:%S} {'完整' if base.full else '增量'} {base.label}"
        for base in Repository(home).bases()
    ]
    lines.append(_status(home))
    target = Target(Path(kept.folder))
    target.require(recipient=kept.recipient, disk=kept.disk)
    if (manifest := target.manifest()) is not None:
        size = sum(one.size for one in manifest.files.values())
        lines.append(f"备份盘：{len(manifest.files)} 个文件，{size / 2**20:.1f} MB，保留 {kept.keep_days} 天")
    return "\n".join(lines)


def _status(home: CountyHome) -> str:
    status = backup_status(home)
    shown = {"数据库基础备份": status.last_base_at, "备份到盘上": status.last_copy_at, "试恢复": status.last_proof_at}
    lines = [f"最近一次{word}：{_shown(moment)}" for word, moment in shown.items()]
    return "\n".join(lines + ([f"× {status.problem}"] if status.problem else []))


def _shown(moment: dt.datetime | None) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}" if moment else "还没有"


def _check(home: CountyHome, chosen: argparse.Namespace) -> str:
    found = prove(home, clock=_now, verify_audit=_verify_audit)
    facts, touches = found["facts"], found["touches"]
    return (
        f"√ 试恢复成功：站点记录 {facts} 条，打卡 {touches} 次，审计记录 {found['audit']} 条，链完整\n"
        f"√ 备份盘上 {found['files']} 个文件都完好"
    )


def _verify_audit(home: CountyHome) -> None:
    said = _run(_verb(home, "audit"), home)
    if said.returncode != 0:
        raise ServiceError((said.stdout + said.stderr).strip()[-400:])


def _verb(home: CountyHome, *words: str) -> Program:
    """Return one of our verbs for the county in a folder."""
    made = python_program(home, read_config(home), "server_broker.cli")
    return Program([*made.argv, *words, "--home", str(home.root)], home.root, environment=made.environment)


def _run(program: Program, home: CountyHome) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | program.environment
    return subprocess.run(  # noqa: S603 - argv is ours
        program.argv, cwd=home.root, env=environment, capture_output=True, text=True, check=False
    )


def restore(home: CountyHome, chosen: argparse.Namespace, *, say: Callable[[str], None]) -> None:
    """Make the county again from a backup, in a place where there is none.

    Raises:
        ServiceError: It was not restored.
    """
    if home.by_units and os.geteuid() != 0:
        raise ServiceError("要用 root 运行：sudo cunhui-server restore …")
    until = _moment(chosen.until)
    finish = _prepare_and_raise_generation

    def stop() -> None:
        if home.by_units:
            subprocess.run([SYSTEMCTL, "stop", TARGET], check=False)  # noqa: S603 - ours

    restore_county(home, Path(chosen.folder), Path(chosen.key), until=until, finish=finish, stop=stop, say=say)
    if home.by_units:
        with as_the_county(home):
            taken = taken_ports(home, read_config(home))
        if taken:
            again = f"腾出来，或改 county.toml，再启动：{start_line(home)}"
            raise ServiceError("\n".join(["恢复好了，还没有启动：", *taken, again]))
        say("五、启动……")
        subprocess.run([SYSTEMCTL, "start", "--no-block", TARGET], check=False)  # noqa: S603 - ours
        wait_until_ready(home, say=say)
    say(f"√ 恢复好了：{home.root}。站点连上后会补报县里缺少的记录。")
    with as_the_county(home):
        say(roll_ends(home))
    say("请核对 county.toml 的 host、端口和 [backup] 的 folder 在这台机器上是否还对。")
    if (kept := read_config(home).backup) is not None:
        words = ("backup", "setup", kept.folder, *(("--disk",) if kept.disk else ()))
        say(f"让备份接着做（盘上的文件夹还归原来机器的账户）：{command_line(home, *words)}")
    if not home.by_units:
        say(f"启动：{start_line(home)}")


def _moment(text: str) -> dt.datetime | None:
    """Return what was typed as a moment in China's time.

    Raises:
        ServiceError: It is no time, or has not come yet.
    """
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise ServiceError(f"{text} 不是时间，要写成 2026-03-31T20:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)


def _prepare_and_raise_generation(staged: CountyHome) -> None:
    """Do in the staged county what its start and the verb ``restored`` do."""
    config = read_config(staged)
    keys.prepare(staged)
    broker.prepare(staged, now=_now())
    steps = [python_program(staged, config, "server_broker.supervisor.prepare"), _verb(staged, "restored")]
    for program in steps:
        done = _run(program, staged)
        if done.returncode != 0:
            raise ServiceError(f"数据库恢复了，但准备没有成功：{(done.stdout + done.stderr).strip()[-600:]}")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def scheduled(home: CountyHome, now: dt.datetime) -> str:
    """Do what is due of backups, where no timers of systemd do it: a county that runs by ``up``.

    Raises:
        ServiceError: It failed. It is noted for `backup_status`.
    """
    status = backup_status(home)
    if home.by_units or status.target is None:
        return ""
    command = "copy" if status.last_base_at and now - status.last_base_at < dt.timedelta(days=1) else "now"
    _by_a_verb(home, command)
    return ""


def proof_due(home: CountyHome, now: dt.datetime) -> str:
    """Do the weekly proof, where no timer of systemd does it.

    Raises:
        ServiceError: It failed. It is noted for `backup_status`.
    """
    status = backup_status(home)
    week = dt.timedelta(days=7)
    if home.by_units or not status.last_copy_at or (status.last_proof_at and now - status.last_proof_at < week):
        return ""
    return _by_a_verb(home, "check")


def _by_a_verb(home: CountyHome, what: str) -> str:
    done = _run(_verb(home, "backup", what), home)
    if done.returncode != 0:
        raise ServiceError(done.stderr.strip()[-400:])
    return done.stdout.strip()


_VERBS: dict[str, Callable[[CountyHome, argparse.Namespace], str]] = {
    "setup": _setup,
    "now": _back_up_now,
    "copy": _copy,
    "list": _list,
    "check": _check,
    "key": _key,
}
