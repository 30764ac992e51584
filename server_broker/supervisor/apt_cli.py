"""``cunhui-server apt``: which version of their package stations get that were installed by hand."""

import argparse
from pathlib import Path

from server_broker.apt.repository import PACKAGE, PackageRepository
from server_broker.audit.log import record
from server_broker.platform.county_account import persons_files
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError

ACTIONS = ("add", "list", "hold", "release")


def run(home: CountyHome, chosen: argparse.Namespace, *, actor: str) -> str:
    """Do what was asked and return what to say.

    Raises:
        ServiceError: It was refused or failed; nothing was changed.
    """
    repository = PackageRepository(home)
    match chosen.what:
        case "add":
            if not chosen.file:
                raise ServiceError(f"请写明文件：apt add {PACKAGE}_版本_架构.deb")
            with persons_files() as files:
                added = repository.add(files.readable(Path(chosen.file)))
            record(actor, "apt.added", added.version, {"architecture": added.architecture})
            waits = "。现在是停发（hold），站点还拿不到" if repository.held else "，站点会在夜里或开机后自己升级"
            return f"已放入 {added.version}（{added.architecture}）{waits}"
        case "hold":
            repository.hold()
            record(actor, "apt.held")
            return "停发了：站点拿不到新版本，已装的照常运行。再发用 apt release"
        case "release":
            repository.release()
            record(actor, "apt.released")
            return "恢复发放"
        case _:
            offered = repository.offered()
            lines = [f"{one.version}（{one.architecture}）" for one in offered] or ["还没有放入安装包"]
            return "\n".join([*lines, *(["现在是停发（hold）"] if repository.held else [])])
