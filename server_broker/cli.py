"""``cunhui-server``: set up a county, run it, and maintain it."""

import argparse
import datetime as dt
import errno
import io
import json
import os
import sys
from pathlib import Path
from typing import override

from protocol.chinese_argparse import argparse_in_chinese
from protocol.claim_file import spoken_fingerprint
from protocol.refusal import Refused
from protocol.system_errors import os_cause
from server_broker.backup.setting_up import folder_problem
from server_broker.broker.rabbit.files import FOLDER, write_files
from server_broker.platform import control
from server_broker.platform.county_account import rights_of_the_person
from server_broker.platform.county_clock import CLOCK_WORDS, LinuxMachineClock
from server_broker.platform.county_config import CountyConfig, owning_line, read_config, require_county
from server_broker.platform.home import CountyHome
from server_broker.platform.installed import INSTALLED, how_to_begin, is_installed, make_installed_folder
from server_broker.platform.invocation import command_line, default_home, go_on_as_the_county
from server_broker.platform.plain_output import plain_output
from server_broker.platform.processes import ServiceError
from server_broker.platform.release import program_version
from server_broker.platform.units import restart_line
from server_broker.settlement.named_cases.command import NO_CASE, as_json, settle_case
from server_broker.settlement.named_cases.refused import NotACase
from server_broker.settlement.named_cases.table import as_text
from server_broker.supervisor import doctor, firewall, up
from server_broker.supervisor.backup_cli import add_backup_verbs, backup, restore
from server_broker.supervisor.content_verbs import Add, Verb, add_content_verbs, add_question_verbs
from server_broker.supervisor.front_door import config_problems, config_warnings
from server_broker.supervisor.log_verb import log_command, show_log
from server_broker.supervisor.own_broker_config import own_broker_config_problems
from server_broker.supervisor.own_names import console_certificate_problems
from server_broker.supervisor.reach import addresses_of, leads_here, taken_ports
from server_broker.trust.keys import dropped_hosts, forget_host


def main(arguments: list[str] | None = None) -> int:
    """Run one verb and return the exit status: 0 done, 1 refused or failed."""
    _speak_chinese()
    with plain_output():
        return _main(arguments)


def _main(arguments: list[str] | None) -> int:
    with argparse_in_chinese():
        chosen = _parser().parse_args(arguments)
    home = CountyHome(Path(chosen.home).absolute())
    os.environ["CUNHUI_HOME"] = str(home.root)
    verb: Verb = chosen.verb
    try:
        return _run(verb, home, chosen)
    except ServiceError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n停下了", file=sys.stderr)
        return 130  # as shells say it of a program that SIGINT has ended
    except BrokenPipeError:  # the program that reads our output, such as `head`, has ended
        return 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(f"没有做成：{os_cause(error)}。先腾出空间：{command_line(home, 'doctor')} 说是哪块盘", file=sys.stderr)
        return 1


def _run(verb: Verb, home: CountyHome, chosen: argparse.Namespace) -> int:
    """Run a verb under the account that it needs, and return the exit status.

    Raises:
        ServiceError: It was refused or failed.
    """
    # A named case and a table of questions are files of whoever looks at them.
    if verb not in (_settle, _questions):
        _require_account(home)
    # Where units run the county these need root, or the journal, which its account may not read.
    if verb not in (_setup, _backup, _restore, _logs):
        go_on_as_the_county(home)
    # `init` and `restore` make it, `doctor` says itself in its findings that there is none, the others need none.
    if verb not in (_init, _setup, _doctor, _settle, _questions, _restore):
        require_county(home)
    if verb in (_setup, _restore) and (made := make_installed_folder(home)):
        print(made)
    return verb(home, chosen)


def _require_account(home: CountyHome) -> None:
    """Check that who typed this may read the county's files.

    Raises:
        ServiceError: Units run the county, and this is neither root nor their account.
    """
    if home.by_units and os.geteuid() not in (0, home.root.stat().st_uid):
        raise ServiceError("要用 root 运行：前面加 sudo")


def _speak_chinese() -> None:
    """Speak UTF-8 where the locale has no Chinese, as on a machine that was installed with none: terminals show it."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue
        try:
            "村慧".encode(stream.encoding)
        except UnicodeEncodeError:
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _init(home: CountyHome, chosen: argparse.Namespace) -> int:
    # Setup calls this too. By itself it makes no account, and setup refuses where there is a county.
    if is_installed(home) and not home.begun_setup.exists():
        raise ServiceError(f"{home.root} 由软件包管着，没有改动：{how_to_begin(home)}")
    config = up.initialise(
        home,
        CountyConfig(
            name=chosen.name,
            host=chosen.host,
            other_hosts=tuple(chosen.also),
            web_port=chosen.web_port,
            broker_port=chosen.broker_port,
            broker_local_port=chosen.broker_local_port,
            broker_fallback_port=chosen.broker_fallback_port or None,
            clock=chosen.clock or ("ntp" if LinuxMachineClock().synchronised() else "manual"),
        ),
    )
    clock = CLOCK_WORDS[config.clock]
    print(f"{home.config_file}：网页端口 {config.web_port}，消息服务端口 {config.broker_port}，本机时钟{clock}")
    print(
        f"接下来（第一条一直开着，其余在另一个终端）：\n"
        f"启动：{command_line(home, 'up')}\n"
        f"导入区划、站点和人员：{command_line(home, 'import-people')} 文件.xlsx\n"
        f"建管理员账号：{command_line(home, 'account', 'admin', '--role', 'system')}"
    )
    return 0


def _setup(home: CountyHome, chosen: argparse.Namespace) -> int:
    from server_broker.supervisor.setup import GO_ON, setup  # noqa: PLC0415 - no other verb asks questions

    try:
        setup(home, chosen.answers, say=lambda line: print(line, flush=True))
    except KeyboardInterrupt as stopped:
        raise ServiceError(f"\n停下了。{GO_ON}") from stopped
    return 0


def _backup(home: CountyHome, chosen: argparse.Namespace) -> int:
    print(backup(home, chosen))
    return 0


def _restore(home: CountyHome, chosen: argparse.Namespace) -> int:
    restore(home, chosen, say=lambda line: print(line, flush=True))
    return 0


def _up(home: CountyHome, chosen: argparse.Namespace) -> int:
    up.run(home, lambda line: print(line, flush=True), without=chosen.without)
    return 0


def _down(home: CountyHome, chosen: argparse.Namespace) -> int:
    up.stop(home, print)
    return 0


def _hold(home: CountyHome, chosen: argparse.Namespace) -> int:
    control.hold(home, chosen.part)
    return 0


def _release(home: CountyHome, chosen: argparse.Namespace) -> int:
    control.release(home, chosen.part)
    return 0


_WHERE_WORDS = {
    "url": "网页",
    "ca": "县平台的根证书",
    "ca_fingerprint": "根证书的核对码",
    "broker_host": "消息服务主机",
    "broker_port": "消息服务端口",
    "broker_fallback_port": "消息服务备用端口",
    "console": "办公网页",
    "front_door": "手机入口",
    "home": "文件夹",
}


def _where(home: CountyHome, chosen: argparse.Namespace) -> int:
    config = read_config(home)
    rabbit = config.broker
    where = {
        "url": config.web_url,
        "ca": str(home.root / "ca.pem"),
        "ca_fingerprint": _fingerprint(home),
        "broker_host": config.host if rabbit is None else rabbit.hosts[0],
        "broker_port": config.broker_port if rabbit is None else rabbit.port,
        "broker_fallback_port": config.broker_fallback_port if rabbit is None else None,
        "console": config.console.address if config.console else None,
        "front_door": config.front_door.address if config.front_door else None,
        "home": str(home.root),
    }
    lines = [f"{_WHERE_WORDS[key]}：{value}" for key, value in where.items() if value is not None]
    print(json.dumps(where) if chosen.json else "\n".join(lines))
    return 0


def _fingerprint(home: CountyHome) -> str | None:
    """Return the CA's fingerprint, to be read out to whoever sets a station up; None before there is a CA."""
    try:
        return spoken_fingerprint((home.root / "ca.pem").read_text(encoding="ascii"))
    except (OSError, Refused):
        return None


def _logs(home: CountyHome, chosen: argparse.Namespace) -> int:
    if not home.by_units:  # then the logs are files, and the account may have put links in their place
        go_on_as_the_county(home)
    return show_log(log_command(home, chosen.part, follow=chosen.follow), say=lambda line: print(line, flush=True))


def _config(home: CountyHome, chosen: argparse.Namespace) -> int:
    """Print what is wrong with ``county.toml`` and with the files that it names; return 1 if anything is."""
    config = read_config(home)
    now = dt.datetime.now(dt.UTC)
    problems = [*console_certificate_problems(home, config, now=now), *config_problems(home, config, now=now)]
    problems += [*config_warnings(home, config), *taken_ports(home, config)]
    if config.broker is not None:
        problems += own_broker_config_problems(home, config.broker)
    if config.backup is not None and (words := folder_problem(home, config.backup)):
        problems.append(f"{home.config_file}：[backup] 的 folder：{words}")
    if line := owning_line(home):
        problems.append(f"{home.config_file} 县平台的账户读不到，各部件都起不来：请运行 {line}")
    if not (addresses := addresses_of(config.host)):
        problems.append(f"host “{config.host}”查不到地址：请核对，或请网管加上域名解析")
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"√ {home.config_file} 没有问题")
    if addresses and not leads_here(addresses):
        print(f"△ host “{config.host}”指向 {'、'.join(sorted(addresses))}，不是本机：要由路由器或防火墙转到这里")
    if gone := dropped_hosts(home, config.hosts):
        print(f"△ 证书上还留着 {'、'.join(gone)}：站点认装机时的名字，旧名字要还能解析到这里。都不用了再 forget-host")
    return 1 if problems else 0


def _firewall(home: CountyHome, chosen: argparse.Namespace) -> int:
    """Print a ruleset for nftables. Nothing is loaded."""
    made_by = command_line(home, "firewall")
    rules = firewall.ruleset(
        read_config(home),
        made_by=made_by,
        admins=chosen.admin,
        ssh_port=chosen.ssh_port,
        per_address=chosen.per_address,
    )
    print(rules, end="")
    return 0


def _broker_files(home: CountyHome, _chosen: argparse.Namespace) -> int:
    """Write what each node of the county's own RabbitMQ gets."""
    rabbit = read_config(home).broker
    if rabbit is None:
        raise ServiceError(f"{home.config_file} 里没有 [broker]：用的是自带的消息服务，不用这些文件")
    for file in write_files(home, rabbit, home.root / "rabbitmq", now=dt.datetime.now(dt.UTC)):
        print(file)
    print(f"抄到 RabbitMQ 的每个节点：证书和私钥放 {FOLDER}，其余放 /etc/rabbitmq，再重启它；私钥只让 rabbitmq 账户读")
    return 0


def _forget_host(home: CountyHome, chosen: argparse.Namespace) -> int:
    """Leave a name that no station uses any more out of the next certificates."""
    if chosen.host in read_config(home).hosts:
        raise ServiceError(f"{chosen.host} 还写在 county.toml 里：请先从 host 或 other_hosts 里去掉")
    if not forget_host(home, chosen.host):
        raise ServiceError(f"证书上没有 {chosen.host}")
    again = "、".join(dict.fromkeys(restart_line(home, part) for part in ("web", "mosquitto")))
    print(f"{chosen.host} 不再保留，重启后生效：{again}")
    return 0


def _demonstrate_front_door(home: CountyHome, chosen: argparse.Namespace) -> int:
    """Make a certificate that no telephone trusts, and write the table for it."""
    front_door = up.add_demonstration(home, host=chosen.host, port=chosen.port, now=dt.datetime.now(dt.UTC))
    print(f"{front_door.address}/ 只供演示：证书由私有机构签发，重新启动后生效")
    return 0


def _doctor(home: CountyHome, chosen: argparse.Namespace) -> int:
    findings = doctor.examine(home, now=dt.datetime.now(dt.UTC))
    if chosen.json:
        rows = [{"part": f.part, "well": f.well, "state": f.state, "remedy": f.remedy} for f in findings]
        print(json.dumps({"well": all(f.well for f in findings), "findings": rows}, ensure_ascii=False))
    else:
        print("\n".join(map(str, findings)))
    return 0 if all(finding.well for finding in findings) else 1


def _settle(home: CountyHome, chosen: argparse.Namespace) -> int:
    """Settle a named case; return 0 if all is as it expects, 1 if not, and 2 if the file is no case. Or a village."""
    if chosen.village:
        require_county(home)
        return _with_models("settle")(home, chosen)
    try:
        with rights_of_the_person():
            code, said = settle_case(Path(chosen.case))
    except (NotACase, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        print(f"{chosen.case}：{why}", file=sys.stderr)
        return NO_CASE
    print(as_json(said) if chosen.json else as_text(said))
    return code


def _questions(home: CountyHome, chosen: argparse.Namespace) -> int:
    from server_broker.supervisor.questions_cli import questions  # noqa: PLC0415 - loads openpyxl

    with rights_of_the_person():
        return questions(home, chosen)


def _with_models(name: str) -> Verb:
    """Return a verb of `server_broker.supervisor.cli`, loaded with Django only when it is called."""

    def verb(home: CountyHome, chosen: argparse.Namespace) -> int:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server_broker.settings")
        import django  # noqa: PLC0415 - takes a second, and init and up don't need it

        django.setup()
        from server_broker.supervisor import cli as verbs  # noqa: PLC0415

        return verbs.run(name, home, chosen)

    return verb


class _ShowVersion(argparse.Action):
    """Print the version and end. It is asked for only then, because in an installed county dpkg tells it."""

    @override
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(program_version())
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cunhui-server", description="村慧县平台：建立、运行和照看一个县")
    common = argparse.ArgumentParser(add_help=False)
    where = f"县平台的文件夹（不写就是 $CUNHUI_HOME，再就是装好的 {INSTALLED} 或 var/county）"
    common.add_argument("--home", default=default_home(), metavar="文件夹", help=where)
    parser.add_argument("--version", action=_ShowVersion, nargs=0, help="显示版本")
    verbs = parser.add_subparsers(required=True, title="命令", metavar="命令")

    def add(name: str, verb: Verb, says: str, **positional: str) -> argparse.ArgumentParser:
        """Add a verb; ``positional`` has the Chinese name of each positional argument."""
        one = verbs.add_parser(name, help=says, description=says, parents=[common])
        one.set_defaults(verb=verb)
        for argument, shown in positional.items():
            one.add_argument(argument, metavar=shown)
        return one

    _add_service_verbs(add)
    add_backup_verbs(add, _backup, _restore)
    _add_model_verbs(add)
    return parser


def _add_service_verbs(add: Add) -> None:
    init = add("init", _init, "建立一个新县：文件夹、密钥和 county.toml")
    init.add_argument("--name", required=True, metavar="县名", help="平时怎么叫这个县")
    init.add_argument("--host", required=True, metavar="主机", help="站点和浏览器访问县平台用的域名或地址")
    init.add_argument("--also", action="append", default=[], metavar="主机", help="另一个域名或地址，可写多次")
    for port, shown in (("web", "网页"), ("broker", "消息服务"), ("broker-local", "消息服务本机")):
        help_ = f"{shown}端口；0 表示自动选一个空闲的"
        init.add_argument(f"--{port}-port", type=int, default=0, metavar="端口", help=help_)
    by = "本机时钟由谁校准：ntp 时间服务，manual 由人；不写就看本机此刻有没有被时间服务校准"
    init.add_argument("--clock", choices=("ntp", "manual"), help=by)
    fallback = "消息服务的第二个端口，给封了第一个端口的线路用；0 表示没有"
    init.add_argument("--broker-fallback-port", type=int, default=0, metavar="端口", help=fallback)
    first = add("setup", _setup, "装好软件包以后第一次用：问几个问题，建县、启动，给出登录链接")
    first.add_argument("--file", dest="answers", default="", metavar="文件", help="不提问，答案写在这个 TOML 文件里")
    start = add("up", _up, "启动并一直运行，直到收到 SIGTERM 或按 Ctrl-C")
    start.add_argument("--without", action="append", default=[], metavar="部件", help="不启动这个部件，可写多次")
    add("down", _down, "停止正在运行的县平台")
    add("hold", _hold, "停下一个部件，不再自动启动", part="部件")
    add("release", _release, "让停下的部件重新启动", part="部件")
    for name, verb, says in (
        ("where", _where, "显示县平台的各个地址和根证书文件"),
        ("doctor", _doctor, "检查每个部件，有问题的说明怎么处理"),
    ):
        add(name, verb, says).add_argument("--json", action="store_true", help="给程序读")
    logs = add("logs", _logs, "显示各部件日志的最后几行")
    logs.add_argument("part", nargs="?", default="", metavar="部件", help="只看一个部件（不写就是全部）")
    logs.add_argument("--follow", action="store_true", help="有新的就接着显示，按 Ctrl-C 结束")
    add("config", _config, "核对 county.toml 和它写到的文件").add_argument("what", choices=("check",), metavar="check")
    wall = add("firewall", _firewall, "按 county.toml 显示 nftables 防火墙规则，只显示，不启用")
    wall.add_argument("--admin", action="append", default=[], metavar="网段", help="只让这里用 ssh，可写多次")
    wall.add_argument("--ssh-port", type=int, default=22, metavar="端口", help="ssh 的端口")
    wall.add_argument(
        "--per-address", type=int, default=2000, metavar="个", help="一个地址同时最多连多少个；0 不限。不写是 2000"
    )
    add("broker-files", _broker_files, "写出县里自己的消息服务每个节点要的证书和配置")
    forget = add("forget-host", _forget_host, "换了域名、旧名字也没有站点用了：证书上不再留它", host="主机")
    forget.epilog = "换过的名字一直留在证书上，直到运行这个命令：站点只认装机时的名字"
    settle = add("settle", _settle, "按规则结算一个案例文件，指出和预期不同的地方；或结算一个村的一个月")
    what = settle.add_mutually_exclusive_group(required=True)
    what.add_argument("--case", metavar="文件", help="案例文件，格式见 docs/cases.md")
    what.add_argument("--village", metavar="区划代码", help="村的 12 位代码，和 --month 一起写")
    settle.add_argument("--json", action="store_true", help="案例的结果给程序读")
    settle.add_argument("--month", default="", metavar="月份", help="例如 2026-03")
    as_of = "只按县里到这时所知道的，例如 2026-03-31T20:00（不写就是现在）；同一时间再问，结果一个字节也不差"
    settle.add_argument("--as-of", default="", metavar="时间", help=as_of)
    settle.add_argument("--csv", default="", metavar="文件", help="写成文件（不写就显示出来）")
    front_door = add("demo-door", _demonstrate_front_door, "给演示建一个手机入口，证书没有手机会信任")
    front_door.add_argument("--host", required=True, metavar="主机", help="手机访问用的域名或地址")
    front_door.add_argument("--port", type=int, default=0, metavar="端口", help="0 表示自动选一个空闲的")


def _add_model_verbs(add: Add) -> None:
    station, file = "站点编号", "文件"
    claim = add("claim", _with_models("claim"), "给一个站点生成新的接入码", station=station)
    claim.add_argument("--village", metavar="区划代码", help="所在村的 12 位代码，站点还没有登记时写")
    claim.add_argument("--name", metavar="名称", help="站点名称，和 --village 一起写")
    to = "连同县里的地址和证书写成接入文件 claim.toml，给 cunhui-agent setup --file 用"
    claim.add_argument("--to", default="", metavar="文件", help=to)
    revoke = add("revoke", _with_models("revoke"), "永久吊销一个站点，这个编号不能再接入", station=station)
    revoke.add_argument("--reason", required=True, metavar="理由", help="至少 4 个字，记入审计")
    order = add("order", _with_models("order"), "给站点下一个命令，显示命令编号", station=station, order="站点命令")
    order.add_argument("--reason", required=True, metavar="理由", help="给站点、村里看，并记入审计")
    order.add_argument("--seconds", type=int, metavar="秒数", help="实时查看持续多久")
    verify = add("verify", _with_models("verify"), "重算记录链，指出第一处不符的地方", station=f"{station}或 county")
    against = "只用于 county（县自己的记录）：和一个站点留下的总账对照"
    verify.add_argument("--heads", default="", metavar="文件夹", help=against)
    verify.add_argument("--json", action="store_true", help="给程序读")
    manifest = add("manifest", _with_models("manifest"), "生成、导出和核对每日总账")
    what = "make 生成到期的总账；export 把全部记录导出到一个新文件夹；check 只凭导出的文件夹核对"
    manifest.add_argument("what", choices=("make", "export", "check"), metavar="做什么", help=what)
    manifest.add_argument("folder", nargs="?", default="", metavar="文件夹")
    along = "连同这个站点的记录一起导出，可写多次"
    manifest.add_argument("--station", action="append", default=[], metavar=station, help=along)
    manifest.add_argument("--json", action="store_true", help="给程序读")
    ledger = add("ledger", _with_models("ledger"), "说明站点签过名的每一条记录现在在哪里")
    ledger.add_argument("station", nargs="?", metavar=station, help="只看一个站点（不写就是全部）")
    ledger.add_argument("--json", action="store_true", help="给程序读")
    add("reread", _with_models("reread"), "重新读取站点未读懂的记录", station=station)
    ingest = add("ingest-file", _with_models("ingest-file"), "从 U 盘收入站点的导出文件或 outbox", file=file)
    ingest.add_argument(
        "--dead-board", action="store_true", help="文件来自已经不用的机器，或者已吊销的站点（先列为待审）"
    )
    people = add("import-people", _with_models("import-people"), "从 Excel 文件导入人员、卡和值班安排", file=file)
    people.add_argument("--dry-run", action="store_true", help="只说会改什么，不改动任何内容")
    people.add_argument("--rename", action="append", default=[], metavar="编号", help="允许这个编号改名，可写多次")
    people.add_argument("--accept-renames", action="store_true", help="允许所有改名")
    forms = "名单里没有写明卡号写法时按这一种：十六进制、十六进制反码、十进制、十进制反码或十进制10位"
    people.add_argument("--card-form", default="", metavar="写法", help=forms)
    past = add("export-people", _with_models("export-people"), "把某一时刻的人员、卡和值班写成 Excel 文件", file=file)
    past.add_argument(
        "--as-of", default="", metavar="时间", help="只按县里到这时所知道的，例如 2026-03-01（不写就是现在）"
    )
    past.add_argument("--at", default="", metavar="时间", help="哪一时刻的情况（不写就和 --as-of 一样）")
    past.add_argument("--region", default="", metavar="区划代码", help="只写这个区划（不写就是全县）")
    add_content_verbs(add, _with_models, file)
    add_question_verbs(add, _questions, file)
    setting = add(
        "setting", _with_models("setting"), "设置一个站点，或者一个区划下的所有站点", setting="设置名", value="值"
    )
    setting.add_argument("--at", dest="place", required=True, metavar="编号", help="站点编号，或 12 位区划代码")
    apt = add("apt", _with_models("apt"), "管理发给手工安装的站点的安装包")
    what = "add 放入一个 cunhui-station 安装包；list 看现在发哪个版本；hold 停发；release 恢复发放"
    apt.add_argument("what", choices=("add", "list", "hold", "release"), metavar="做什么", help=what)
    apt.add_argument("file", nargs="?", default="", metavar="文件", help="add 的安装包")
    _add_account(add)
    region = add("region", _with_models("region"), "建立县这一级的区划，镇和村在它下面导入；或列出全部", code="代码")
    region.add_argument("region_name", nargs="?", default="", metavar="名称", help="县名；region list 列出全部区划")
    region.epilog = "代码是 12 位的统计用区划代码，县的后 6 位是 0"
    status = add("status", _with_models("status"), "县平台的概况：部件、站点、告警、今天的打卡")
    status.add_argument("--json", action="store_true", help="给程序读")
    stations = add("station", _with_models("station"), "列出站点、状态和最后听到它的时间")
    stations.add_argument("what", choices=("list",), metavar="list", help="列出")
    stations.add_argument("--region", default="", metavar="区划代码", help="只列这个区划下的（不写就是全县）")
    add("template", _with_models("template"), "写一个空的 Excel 模板，填好后用 import-people 导入", file="文件")
    add("sign-in-link", _with_models("sign-in-link"), "生成一个只能用一次的登录链接", user="账号")
    add("reset-second-factor", _with_models("reset-second-factor"), "清除账号遗失的第二步验证", user="账号")
    add("restored", _with_models("restored"), "数据库从备份恢复后运行：让站点补报县里缺少的记录")
    dump = add("dump", _with_models("dump"), "升级前的数据库转储：列出、现在做一份，或退回到一份")
    what = "list 列出；make 现在做一份；restore 把数据库退回到一份转储，要先停下别的部件"
    dump.add_argument("what", choices=("list", "make", "restore"), metavar="做什么", help=what)
    dump.add_argument("dump", nargs="?", default="", metavar="转储", help="list 列出的名字，和 restore 一起写")
    dump.add_argument("--lose", action="store_true", help="和 restore 一起写：站点补报不了的可以丢掉")
    clock = add("clock", _with_models("clock"), "说明是否向站点授时，不授时的原因是什么")
    clock.add_argument("--confirm", action="store_true", help="已由人核对，本机时间无误")
    earlier = "县服务器上次关机前授过的时间：right 没错；wrong 可能是错的，只凭它定时的记录转为待核对"
    clock.add_argument("--earlier", choices=("right", "wrong"), metavar="right|wrong", help=earlier)
    new_key = add("new-signing-key", _with_models("new-signing-key"), "换用新的签名密钥，旧密钥签的从此作废")
    new_key.add_argument("--reason", required=True, metavar="理由", help="记入审计")
    record_key = add("new-record-key", _with_models("new-record-key"), "换用新的记录密钥，由新旧两把一起签")
    record_key.add_argument("--reason", required=True, metavar="理由", help="记入审计")
    record_key.add_argument("--stolen", action="store_true", help="旧密钥可能已被别人得到")
    number_keys = add("new-number-keys", _with_models("new-number-keys"), "换用新的密钥加密身份证号和手机号")
    number_keys.add_argument("--reason", required=True, metavar="理由", help="记入审计")
    add("audit", _with_models("audit"), "核对审计记录的链")


_ACCOUNT_FORMS = """写法：
  account 账号 --role 角色 [--region 代码]   新建账号，用 sign-in-link 登录
  account list                               列出所有账号的角色、区划、状态和上次登录
  account set-role 账号 --role 角色          改角色
  account set-region 账号 --region 代码      改区划
  account set-person 账号 --person 编号      写明账号是谁本人的（不写 --person 则清除）
  account set-password 账号                  改密码，按提示输入或从标准输入读
  account unlock 账号                        密码试错太多锁定了，马上解开
  account disable 账号                       停用：结束它的登录和链接，什么也不删除
  account enable 账号                        重新启用

角色：
  system    系统管理员   管账号               security  安全管理员   吊销站点
  auditor   审计员       看审计记录           operator  县运维       管站点运行
  officer   镇办干部     管人员和考勤         editor    内容编辑     写通知等内容
  organisation 组织部    管全县或一镇人员     secretary 村书记       看本村
  supervision  监委会    看本村
"""


def _add_account(add: Add) -> None:
    account = add("account", _with_models("account"), "新建、列出和修改网页账号")
    account.formatter_class = argparse.RawDescriptionHelpFormatter
    account.epilog = _ACCOUNT_FORMS
    account.add_argument("words", nargs="+", metavar="账号", help="账号名，或按下面的写法")
    account.add_argument(
        "--role", metavar="角色", help="如 system、security、auditor、operator、officer；写错时会列出全部"
    )
    account.add_argument("--person", metavar="编号", help="账号是谁本人的：人员编号")
    account.add_argument(
        "--region",
        metavar="区划代码",
        help="能看的区划的 12 位代码（system、security 和 operator 不写就是全县）",
    )


if __name__ == "__main__":
    sys.exit(main())
