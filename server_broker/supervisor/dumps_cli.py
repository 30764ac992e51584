"""``cunhui-server dump``: the dumps that are taken before an upgrade, and the way back to one."""

import argparse
import datetime as dt

from server_broker.platform.home import CountyHome
from server_broker.upgrades.alone import alone
from server_broker.upgrades.dumps import file_of, kept_dumps, take_dump
from server_broker.upgrades.going_back import go_back, next_step


def run(home: CountyHome, chosen: argparse.Namespace, *, actor: str, now: dt.datetime) -> str:
    """Do what was typed and return what to print.

    Raises:
        ServiceError: It was refused or failed.
    """
    match chosen.what:
        case "make":
            with alone(wait=None):
                dump = take_dump(home, now=now)
            return f"{dump}\n{file_of(home, dump)}"
        case "restore":
            dump = go_back(home, chosen.dump, lose=chosen.lose, actor=actor, now=now)
            return f"数据库已退回到 {dump}\n县平台还没有启动。{next_step(home, dump)}"
        case _:
            return "\n".join(map(str, kept_dumps(home))) or "还没有转储：第一次升级时会做"
