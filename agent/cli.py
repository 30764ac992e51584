"""``cunhui-agent``: check a configuration, enrol a station, run it, examine it, rescue its facts. It speaks Chinese."""

import argparse
import atexit
import json
import logging
import os
import signal
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from agent.causes import cause
from agent.config.station_config import INSTALLED_CONFIG, OUTBOX_FILE, BadConfig, StationConfig, load
from protocol.chinese_argparse import argparse_in_chinese

if TYPE_CHECKING:
    from agent.commands.log_tail import LogTail
    from agent.doctor.problems import Finding

LAST_LOG = "last-log.txt"
MAX_CLAIM_LINE_BYTES = 256
EXIT_FAILED = 1
EXIT_BAD_CONFIG = 2
EXIT_NOT_ENROLLED = 3


def main(arguments: list[str] | None = None) -> int:
    """Run one verb and return the exit code: 0 well, 1 failed, 2 bad configuration, 3 not enrolled."""
    with argparse_in_chinese():
        options = _parser().parse_args(arguments)
    # These need no good configuration: one rescues a dead station's file, the others find out what to configure.
    if options.command == "export" and options.outbox is not None:
        return _export_from(options.outbox, options)
    if options.command == "doctor" and options.card:
        return _find_format(options.config, options.card)
    if options.command == "setup":
        return _set_up(options)
    try:
        config = load(options.config, with_files=options.command in ("config", "enrol"))
    except BadConfig as bad:
        return _end_of_bad_config(bad, options)
    command: str = options.command
    if command == "config":
        return _check_libraries(config, options.config)
    if command == "doctor":
        return _doctor(config, as_json=options.json)
    if command == "export":
        return _export_from(config.folder / OUTBOX_FILE, options)
    if command == "touch":
        return _touch(config, options)
    if command == "shelf":
        return _load_shelf(config, options.folder)
    if command == "firewall":
        return _firewall(options)
    return _enrol(config, options) if command == "enrol" else _run(config)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cunhui-agent", description="村慧站点程序")
    commands = parser.add_subparsers(dest="command", required=True, title="命令", metavar="命令")

    def command(name: str, says: str, *, allow_abbrev: bool = True) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=says, description=says, allow_abbrev=allow_abbrev)

    setup = command("setup", "装好软件包以后第一次用：问县平台和接入码，找设备逐个试，接入，启动")
    setup.add_argument("--file", type=Path, metavar="文件", help="县里控制台下载的接入文件 claim.toml")
    setup.add_argument("--devices", type=Path, metavar="文件", help="不找设备，照这个文件里 station.toml 的设备各节写")
    setup.add_argument("--again", action="store_true", help="已经装过：重新找设备，重写 station.toml")
    setup.add_argument("--yes", action="store_true", help="不提问，要有 --file；键盘式读卡器要同时写 --devices")
    enrol = command("enrol", "用接入码把本机接入县里：运行后按提示输入 13 位接入码", allow_abbrev=False)
    enrol.add_argument("--claim-file", type=Path, metavar="文件", help="从文件的第一行读接入码，不从键盘或标准输入读")
    enrol.add_argument("--again", action="store_true", help="本机已经接入，县里给了同一个站点编号的新接入码")
    enrol.add_argument("--claim", default="", help=argparse.SUPPRESS)
    run = command("run", "运行站点")
    check = command("config", "检查配置文件")
    check.add_argument("what", choices=["check"], metavar="check", help="核对配置文件，说出全部错误")
    doctor = command("doctor", "自检：每个部件好不好，不好怎么办")
    doctor.add_argument("--json", action="store_true", help="给程序读")
    doctor.add_argument("--card", default="", metavar="卡号", help="用一张已知卡号的卡，找出读卡器打号码的写法")
    export = command("export", "把县里还没收到的记录导出到 U 盘（先停止站点程序）")
    export.add_argument("--to", required=True, type=Path, metavar="文件夹", help="U 盘上的文件夹")
    export.add_argument("--blobs", action="store_true", help="连同图片")
    export.add_argument("--all", action="store_true", help="连同县里已收到、本站还留着的记录；用 --outbox 时总是连同")
    export.add_argument("--station", default="", metavar="编号", help="站点编号，只在 --outbox 文件读不出时需要")
    which = export.add_mutually_exclusive_group()
    _config_option(which)
    which.add_argument("--outbox", type=Path, metavar="文件", help="坏机器卡上拷出的 outbox.db（连同 outbox.db-wal）")
    shelf = command("shelf", "从 U 盘装入县里下发的内容（站点程序可以继续运行）")
    shelf.add_argument("what", choices=["load"], metavar="load", help="装入")
    shelf.add_argument("folder", type=Path, metavar="文件夹", help="U 盘上的文件夹")
    wall = command("firewall", "按 station.toml 显示 nftables 防火墙规则，只显示，不启用")
    wall.add_argument("--admin", action="append", default=[], metavar="网段", help="让这里用 ssh，可写多次；不写就不开")
    wall.add_argument("--ssh-port", type=int, default=22, metavar="端口", help="ssh 的端口")
    touch = command("touch", '在模拟的读卡器上放一次卡（只用于 driver = "simulated"，试用时没有读卡器）')
    touch.add_argument("uid", metavar="卡号", help="8、14 或 20 位十六进制数字，如 04a1b2c3d4e5f6")
    touch.add_argument("--reader", default="", metavar="名字", help="有几个模拟读卡器时写明是哪一个")
    for one in (enrol, run, check, doctor, shelf, wall, touch):
        _config_option(one)
    return parser


def _config_option(taker: argparse._ActionsContainer) -> None:
    says = f"站点的配置文件，不写就用 {INSTALLED_CONFIG}"
    taker.add_argument("--config", default=INSTALLED_CONFIG, type=Path, metavar="文件", help=says)


def _firewall(options: argparse.Namespace) -> int:
    """Print a ruleset for nftables. Nothing is loaded."""
    from agent.config.firewall import ruleset  # noqa: PLC0415 -- a station that runs needs none
    from protocol.inbound_rules import BadAddress  # noqa: PLC0415

    made_by = f"cunhui-agent firewall --config {options.config}"
    try:
        print(ruleset(made_by=made_by, admins=options.admin, ssh_port=options.ssh_port), end="")
    except BadAddress as bad:
        print(bad, file=sys.stderr)
        return EXIT_FAILED
    return 0


def _set_up(options: argparse.Namespace) -> int:
    from agent.setup.conversation import Conversation, SetupRefused  # noqa: PLC0415 -- a station that runs needs none
    from agent.setup.place import SetupPlace  # noqa: PLC0415
    from agent.setup.setting_up import Wishes, set_up  # noqa: PLC0415
    from agent.wiring.setting_up import setup_tools  # noqa: PLC0415

    logging.getLogger().addHandler(logging.NullHandler())  # the log would stand between questions and answers
    # A terminal that goes away (ssh) ends it as Ctrl-C does: an agent that was stopped is started again.
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    talk = Conversation(ask=None if options.yes else input, say=lambda line: print(line, flush=True))
    wishes = Wishes(claim_file=options.file, devices=options.devices, again=options.again)
    try:
        return 0 if set_up(SetupPlace(), wishes, setup_tools(), talk) else EXIT_FAILED
    except SetupRefused as refused:
        print(refused, file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        print("\n停下了。已做的都留着，再运行一次会接着做", file=sys.stderr)
        return EXIT_FAILED


def _touch(config: StationConfig, options: argparse.Namespace) -> int:
    from agent.wiring.simulated_touch import NoSuchReader, present_card  # noqa: PLC0415 -- a station that runs needs none

    try:
        reader = present_card(config, options.uid, reader=options.reader)
    except NoSuchReader as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    print(f"{reader}：已放卡，结果看屏幕或指示灯")
    return 0


def _claim(file: Path | None) -> str:
    """Read the claim code from a file or standard input, because every account of the machine can see command lines.

    Raises:
        OSError: The file can't be read.
    """
    if file is not None:
        with file.open("rb") as opened:
            return opened.readline(MAX_CLAIM_LINE_BYTES).decode(errors="replace").strip()
    if sys.stdin.isatty():
        print("请输入 13 位接入码，然后按回车：", end="", file=sys.stderr, flush=True)
    return sys.stdin.buffer.readline(MAX_CLAIM_LINE_BYTES).decode(errors="replace").strip()


def _enrol(config: StationConfig, options: argparse.Namespace) -> int:
    from agent.identity.enrolment import OTHER_NUMBER, EnrolmentFailed  # noqa: PLC0415 -- checking a file needs neither
    from agent.identity.station_identity import IdentityBroken  # noqa: PLC0415
    from agent.wiring.county import enrol_station  # noqa: PLC0415

    if options.claim:
        print("接入码不写在命令里：别的用户看得到正在运行的命令。请去掉 --claim，运行后按提示输入。", file=sys.stderr)
        return EXIT_BAD_CONFIG
    known = _station_of_outbox(config.folder)
    if known and not options.again:
        print(
            f"没有接入，接入码也没有用掉：本机已经是站点 {known}，它的记录在 {config.folder}。\n"
            f"县里给的是 {known} 的新接入码，请加 --again。{OTHER_NUMBER}。",
            file=sys.stderr,
        )
        return EXIT_FAILED
    try:
        claim = _claim(options.claim_file)
    except OSError as error:
        print(f"读不到接入码（{cause(error)}），请核对文件的路径和权限", file=sys.stderr)
        return EXIT_FAILED
    try:
        _become_owner(config.folder)
        identity = enrol_station(config, claim, only=known)
    except EnrolmentFailed as failed:
        print(f"接入没有成功：{failed.message}", file=sys.stderr)
        return EXIT_FAILED
    except (IdentityBroken, OSError) as error:
        print(f"接入没有成功：站点文件夹 {config.folder} 有问题（{cause(error)}）", file=sys.stderr)
        return EXIT_FAILED
    print(f"接入成功：{identity.enrolled.village}，站点编号 {identity.station}")
    return 0


def _station_of_outbox(folder: Path) -> str:
    """Return the station that this machine is, if it has records of it; else an empty string."""
    from agent.identity.station_identity import ENROLLED  # noqa: PLC0415 -- large, and no use to most verbs
    from protocol.enrolment import MAX_ANSWER_BYTES, Enrolled, decode_json  # noqa: PLC0415
    from protocol.refusal import Refused  # noqa: PLC0415

    # Only this file is read: to load the identity may write, and root would leave files that the agent can't open.
    try:
        raw = (folder / ENROLLED).read_bytes() if (folder / OUTBOX_FILE).exists() else b""
        return decode_json(raw, Enrolled, limit=MAX_ANSWER_BYTES).station if raw else ""
    except (OSError, Refused):
        return ""


def _become_owner(folder: Path) -> None:
    """If root enrols a station of another user, become that user, so that the agent can read the new files."""
    with suppress(FileNotFoundError):
        owner = folder.stat()
        if os.geteuid() == 0 and owner.st_uid != 0:
            # The group first, because without root's rights it can't be changed any more (setegid(2)).
            os.setegid(owner.st_gid)
            os.seteuid(owner.st_uid)


def _check_libraries(config: StationConfig, file: Path) -> int:
    """Say that a file has no mistakes, and which libraries its devices need that are not installed."""
    from agent.doctor.devices import missing_libraries  # noqa: PLC0415 -- a station that runs needs none of this

    lacking = missing_libraries(config)
    print(f"{file} 没有错误。" if not lacking else f"{file} 没有错误，但是本机少装了程序库：")
    for (_, name), library in lacking.items():
        print(f"{name} 要用 {library}")
    if lacking:
        print("运行 sudo apt-get install --reinstall cunhui-station；lgpio 和 picamera2 只有树莓派的安装包里有。")
    return EXIT_FAILED if lacking else 0


def _doctor(config: StationConfig, *, as_json: bool) -> int:
    from agent.doctor.examine import examine  # noqa: PLC0415 -- a station that runs needs none of this
    from agent.wiring.doctoring import doctor_tools  # noqa: PLC0415
    from agent.wiring.program import build_ms, software  # noqa: PLC0415

    if not as_json:  # the log would not fit on the one screen; a program reads the report apart from it
        logging.getLogger().addHandler(logging.NullHandler())
    found = examine(config, doctor_tools(config), software=software(), earliest_ms=build_ms())
    return _print_findings(found.station, found.findings, as_json=as_json)


def _end_of_bad_config(bad: BadConfig, options: argparse.Namespace) -> int:
    """Say what is wrong; where the package was installed and nothing else was done yet, say what comes next."""
    none_yet = options.config == INSTALLED_CONFIG and not INSTALLED_CONFIG.exists()
    says = f"没有 {INSTALLED_CONFIG}"
    if options.command == "doctor":
        return _doctor_of_bad_config(bad, none_yet=says if none_yet else "", as_json=options.json)
    mistakes = f"{options.config} 有 {len(bad.mistakes)} 处错误：\n{bad}"
    next_step = "：先运行 sudo cunhui-agent setup；文件在别处就用 --config 写明"
    print(says + next_step if none_yet else mistakes, file=sys.stderr)
    return EXIT_BAD_CONFIG


def _doctor_of_bad_config(bad: BadConfig, *, none_yet: str, as_json: bool) -> int:
    from agent.doctor.problems import NOT_ENROLLED, problem_finding  # noqa: PLC0415

    if none_yet:
        return _print_findings("", [problem_finding("配置", NOT_ENROLLED, none_yet)], as_json=as_json)
    count = f"{len(bad.mistakes)} 处错误：" if len(bad.mistakes) > 1 else ""
    return _print_findings("", [problem_finding("配置", 11, f"{count}{bad.mistakes[0]}")], as_json=as_json)


def _print_findings(station: str, findings: "list[Finding]", *, as_json: bool) -> int:
    from agent.doctor.problems import all_well  # noqa: PLC0415
    from agent.doctor.screen import report, screen  # noqa: PLC0415

    if as_json:
        print(json.dumps(report(station, findings), ensure_ascii=False))
    else:
        print(screen(" ".join(filter(None, ["村慧站点自检", station])), findings))
    return 0 if all_well(findings) else EXIT_FAILED


def _find_format(file: Path, uid: str) -> int:
    from queue import Queue  # noqa: PLC0415

    from agent.doctor.cards import first_line, printed_format  # noqa: PLC0415
    from agent.wiring.doctoring import heard_wedges  # noqa: PLC0415

    lines: Queue[str] = Queue()
    with ExitStack() as stack:
        heard = False
        with suppress(BadConfig):  # the configuration may lack just the format that is to be found out
            heard = stack.enter_context(heard_wedges(load(file), lines.put))
        print("请在读卡器上刷这张卡（站点程序要先停止），或者把它打出的号码敲进来再按回车：", flush=True)
        printed = first_line(lines, sys.stdin, alone=not heard) or ""
    if heard and printed:
        print(f"读卡器打出：{printed.strip()}")
    found, says = printed_format(uid, printed)
    print(says)
    return 0 if found else EXIT_FAILED


def _export_from(outbox: Path, options: argparse.Namespace) -> int:
    from agent.rescue import ExportFailed, export, outbox_source  # noqa: PLC0415 -- checking a file needs none of this
    from agent.wiring.program import moment  # noqa: PLC0415

    source = outbox_source(outbox, station=options.station, blobs=options.blobs)
    try:
        exported = export(source, options.to, now=moment, whole=options.all or options.outbox is not None)
    except ExportFailed as failed:
        print(failed.message, file=sys.stderr)
        return EXIT_FAILED
    print("\n".join(exported.sentences()))
    return 0


def _load_shelf(config: StationConfig, stick: Path) -> int:
    from agent.identity.station_identity import IdentityBroken, load_identity  # noqa: PLC0415
    from agent.shelf.disk import ShelfDisk  # noqa: PLC0415
    from agent.shelf.stick import ShelfBusy, StickRefused, load_stick  # noqa: PLC0415
    from agent.shelf.trip import Addressee  # noqa: PLC0415
    from agent.storage.errors import StorageError  # noqa: PLC0415

    os.umask(0o077)
    try:
        _become_owner(config.folder)
        identity = load_identity(config.folder)
        if identity is None:
            print("本站还没有接入县里，不能装入内容", file=sys.stderr)
            return EXIT_NOT_ENROLLED
        addressee = Addressee(station=identity.station, region="", public_keys=identity.county_keys)
        loaded = load_stick(stick, ShelfDisk(config.folder / "shelf"), addressee)
    except (IdentityBroken, OSError, StorageError) as error:
        print(f"没有装入：{cause(error)}", file=sys.stderr)
        return EXIT_FAILED
    except StickRefused as error:
        print(f"没有装入：{error}", file=sys.stderr)
        return EXIT_FAILED
    except ShelfBusy:
        print("站点程序正在更新内容，请过一分钟再试", file=sys.stderr)
        return EXIT_FAILED
    print("\n".join(loaded.sentences()))
    return 0 if loaded.is_all else EXIT_FAILED


def _run(config: StationConfig) -> int:
    from agent.identity.station_identity import IdentityBroken, load_identity  # noqa: PLC0415

    tail, restart = _start_log(), _RestartAtExit()
    os.umask(0o077)  # keys and facts are for the agent's own user alone
    try:
        identity = load_identity(config.folder)
    except (IdentityBroken, OSError) as error:
        print(f"站点的身份文件坏了，请重新接入（{cause(error)}）", file=sys.stderr)
        return EXIT_FAILED
    if identity is None:
        print("本站还没有接入县里。请先运行：cunhui-agent enrol --config 配置文件，按提示输入接入码", file=sys.stderr)
        return EXIT_NOT_ENROLLED
    from agent.events import StopAsked  # noqa: PLC0415
    from agent.station.core import NotStarted  # noqa: PLC0415
    from agent.storage.errors import StorageFailed, StorageFull  # noqa: PLC0415
    from agent.wiring.assembly import real_ports  # noqa: PLC0415
    from agent.wiring.memory import give_back_free_memory, keep_little_memory  # noqa: PLC0415
    from agent.wiring.parts import Station  # noqa: PLC0415

    keep_little_memory()
    tail.recall(config.folder / LAST_LOG)  # so that the county can ask how the run before ended
    try:
        with real_ports(config, identity, environ=os.environ, log_tail=tail) as ports:
            made = Station(ports)
            give_back_free_memory()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda got, _: made.inbox.put(StopAsked(reason=signal.Signals(got).name)))
            made.core.run()
    except StorageFull as error:
        print(f"存储卡满了，站点不能启动（{cause(error)}）", file=sys.stderr)
        return EXIT_FAILED
    except StorageFailed as error:
        print(f"存储出了故障，或者站点程序已在运行（{cause(error)}）", file=sys.stderr)
        return EXIT_FAILED
    except NotStarted as error:
        print(f"站点不能启动：{cause(error)}", file=sys.stderr)
        return EXIT_FAILED
    finally:
        tail.save(config.folder / LAST_LOG)
    restart.wanted = made.core.restart_asked
    return 0


class _RestartAtExit:
    """Begins the agent anew, after everything else has ended. atexit runs last what was registered first."""

    def __init__(self) -> None:
        self.wanted = False
        atexit.register(self._end)

    def _end(self) -> None:
        """Run this program from its start in this same process, so that the service manager sees no end."""
        if self.wanted:
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 -- as it was started


def _start_log() -> "LogTail":
    from agent.commands.log_tail import LogTail  # noqa: PLC0415

    tail = LogTail()
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(handlers=[logging.StreamHandler(sys.stderr), tail], level=logging.INFO, format=form)
    return tail


if __name__ == "__main__":
    sys.exit(main())
