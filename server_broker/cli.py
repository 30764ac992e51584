"""``cunhui-server``: set a county up, run it, and look after it."""

import argparse
import datetime as dt
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from server_broker.platform import control
from server_broker.platform.county_clock import LinuxMachineClock
from server_broker.platform.county_config import CountyConfig, read_config, require_county
from server_broker.platform.home import CountyHome
from server_broker.platform.invocation import command
from server_broker.platform.processes import ServiceError
from server_broker.supervisor import doctor, up

type Verb = Callable[[CountyHome, argparse.Namespace], int]


def main(arguments: list[str] | None = None) -> int:
    """Run one verb and return the exit status: 0 done, 1 refused or failed."""
    chosen = _parser().parse_args(arguments)
    home = CountyHome(Path(chosen.home).absolute())
    os.environ["CUNHUI_HOME"] = str(home.root)
    verb: Verb = chosen.verb
    try:
        if verb not in (_init, _doctor):
            require_county(home)
        return verb(home, chosen)
    except ServiceError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1


def _init(home: CountyHome, chosen: argparse.Namespace) -> int:
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
            clock="ntp" if LinuxMachineClock().synchronised() else "manual",
        ),
    )
    print(f"{home.config_file}: web {config.web_port}, broker {config.broker_port}, clock {config.clock}")
    print(
        f"接下来（第一条一直开着，其余在另一个终端）：\n"
        f"启动：{command(home, 'up')}\n"
        f"导入区划、站点和人员：{command(home, 'import-people')} 文件.xlsx\n"
        f"建管理员账号：{command(home, 'account', 'admin', '--role', 'system')}"
    )
    return 0


def _up(home: CountyHome, chosen: argparse.Namespace) -> int:
    up.run(home, lambda line: print(line, flush=True), without=chosen.without)
    return 0


def _down(home: CountyHome, chosen: argparse.Namespace) -> int:
    if not control.stop_service(home):
        raise ServiceError(f"{home.root} 的县平台没有运行")
    return 0


def _hold(home: CountyHome, chosen: argparse.Namespace) -> int:
    control.hold(home, chosen.part)
    return 0


def _release(home: CountyHome, chosen: argparse.Namespace) -> int:
    control.release(home, chosen.part)
    return 0


def _where(home: CountyHome, chosen: argparse.Namespace) -> int:
    config = read_config(home)
    where = {
        "url": f"https://{config.host}:{config.web_port}",
        "ca": str(home.root / "ca.pem"),
        "broker_host": config.host,
        "broker_port": config.broker_port,
        "broker_fallback_port": config.broker_fallback_port,
        "home": str(home.root),
    }
    lines = [f"{key} {value}" for key, value in where.items() if value is not None]
    print(json.dumps(where) if chosen.json else "\n".join(lines))
    return 0


def _doctor(home: CountyHome, chosen: argparse.Namespace) -> int:
    url = os.environ.get("CUNHUI_DATABASE_URL", "")
    findings = doctor.examine(home, database_url=url, now=dt.datetime.now(dt.UTC))
    if chosen.json:
        rows = [{"part": f.part, "well": f.well, "state": f.state, "remedy": f.remedy} for f in findings]
        print(json.dumps({"well": all(f.well for f in findings), "findings": rows}, ensure_ascii=False))
    else:
        print("\n".join(map(str, findings)))
    return 0 if all(finding.well for finding in findings) else 1


def _with_models(name: str) -> Verb:
    """Return a verb of `server_broker.supervisor.cli`, loaded with Django only when it is called."""

    def verb(home: CountyHome, chosen: argparse.Namespace) -> int:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server_broker.settings")
        import django  # noqa: PLC0415 - a second of start that init and up don't need

        django.setup()
        from server_broker.supervisor import cli as verbs  # noqa: PLC0415

        return verbs.run(name, home, chosen)

    return verb


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cunhui-server", description=__doc__)
    common = argparse.ArgumentParser(add_help=False)
    default = os.environ.get("CUNHUI_HOME", "var/county")
    common.add_argument("--home", default=default, help="the county's folder (default: $CUNHUI_HOME or var/county)")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def add(name: str, verb: Verb, help_: str, *positional: str) -> argparse.ArgumentParser:
        one = verbs.add_parser(name, help=help_, description=help_, parents=[common])
        one.set_defaults(verb=verb)
        for argument in positional:
            one.add_argument(argument)
        return one

    _add_service_verbs(add)
    _add_model_verbs(add)
    return parser


type Add = Callable[..., argparse.ArgumentParser]


def _add_service_verbs(add: Add) -> None:
    init = add("init", _init, "make the folder, keys and county.toml of a new county")
    init.add_argument("--name", required=True, help="as people call the county")
    init.add_argument("--host", required=True, help="name or address at which stations and browsers reach it")
    init.add_argument("--also", action="append", default=[], metavar="HOST", help="a further name or address")
    for port in ("web", "broker", "broker-local"):
        init.add_argument(f"--{port}-port", type=int, default=0, help="0: a free one")
    fallback = "a second port of the broker, for lines that block the first; 0: none"
    init.add_argument("--broker-fallback-port", type=int, default=0, help=fallback)
    start = add("up", _up, "run the county until SIGTERM or ctrl-c")
    start.add_argument("--without", action="append", default=[], metavar="PART", help="leave a part out")
    add("down", _down, "stop a running county")
    add("hold", _hold, "stop one part and keep it down", "part")
    add("release", _release, "let a held part come up again", "part")
    for name, verb, help_ in (
        ("where", _where, "print the county's addresses and its CA file"),
        ("doctor", _doctor, "look at every part and name the remedy of what is not well"),
    ):
        add(name, verb, help_).add_argument("--json", action="store_true")


def _add_model_verbs(add: Add) -> None:
    claim = add("claim", _with_models("claim"), "print a new claim code for a station", "station")
    claim.add_argument("--village", help="12-digit code of its village, for a station that is not on the list yet")
    claim.add_argument("--name", help="its name, with --village")
    add("revoke", _with_models("revoke"), "shut a station out for good", "station").add_argument(
        "--reason", default="", help="for the audit log"
    )
    order = add("order", _with_models("order"), "give a station an order and print its id", "station", "order")
    order.add_argument("--reason", required=True, help="for the station, its village and the audit log")
    order.add_argument("--seconds", type=int, help="of a live view's lease")
    verify = add("verify", _with_models("verify"), "replay a station's chain and name the first bad seq", "station")
    verify.add_argument("--json", action="store_true")
    ledger = add("ledger", _with_models("ledger"), "say where every fact is that stations have signed for")
    ledger.add_argument("station", nargs="?", help="one station (default: all)")
    ledger.add_argument("--json", action="store_true")
    add("reread", _with_models("reread"), "read a station's held facts again", "station")
    ingest = add(
        "ingest-file", _with_models("ingest-file"), "take a station's export file or outbox from a USB stick", "file"
    )
    ingest.add_argument("--dead-board", action="store_true", help="it comes from a board no longer in service")
    people = add(
        "import-people", _with_models("import-people"), "take people, cards and rosters from an Excel file", "file"
    )
    people.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    people.add_argument("--rename", action="append", default=[], metavar="KEY", help="this number's name may change")
    people.add_argument("--accept-renames", action="store_true", help="every name may change")
    people.add_argument(
        "--card-form",
        default="",
        metavar="FORM",
        help="of card numbers beside which the list names none: hex, hex_reversed, decimal, decimal_reversed or 8H10D",
    )
    add("publish-pack", _with_models("publish-pack"), "sign a learning pack and send it to all stations", "file")
    _add_account(add)
    add("sign-in-link", _with_models("sign-in-link"), "print a link that signs a user in once", "user")
    add("reset-second-factor", _with_models("reset-second-factor"), "forget an account's lost second factor", "user")
    add("restored", _with_models("restored"), "say that the database was restored from a backup")
    clock = add("clock", _with_models("clock"), "say whether stations are told this machine's time, and why not")
    clock.add_argument("--confirm", action="store_true", help="a person has looked, and the time is right")
    new_key = "sign with a new key from now on; what the old one signs is void"
    add("new-signing-key", _with_models("new-signing-key"), new_key).add_argument(
        "--reason", required=True, help="for the audit log"
    )
    add("audit", _with_models("audit"), "check the chain of the audit log")


_ACCOUNT_FORMS = """forms:
  account USER --role ROLE [--region CODE]   make a console account; it signs in by sign-in-link
  account list                               every account, its role, region, state and last sign-in
  account set-role USER --role ROLE
  account set-region USER --region CODE
  account set-password USER                  asked for, or read from standard input
  account disable USER                       ends its sessions and its links; nothing is deleted
  account enable USER

roles:
  system    系统管理员   makes accounts           security  安全管理员   shuts stations out
  auditor   审计员       reads the audit log      operator  县运维       runs stations
  officer   镇办干部     people and attendance
"""


def _add_account(add: Add) -> None:
    account = add("account", _with_models("account"), "make, list and change console accounts")
    account.formatter_class = argparse.RawDescriptionHelpFormatter
    account.epilog = _ACCOUNT_FORMS
    account.add_argument("words", nargs="+", metavar="WORD", help="USER, or a form below")
    account.add_argument("--role", help="system, security, auditor, operator or officer")
    account.add_argument(
        "--region", help="12-digit code of what it sees (default: the whole county for system, security and operator)"
    )


if __name__ == "__main__":
    sys.exit(main())
