"""The county that Debian's package runs: where the package and the county's folder lie."""

import os
import subprocess
import sys
from pathlib import Path

from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError

PACKAGE = Path("/usr/lib/cunhui-county")
"""Where Debian's package puts this program."""
INSTALLED = Path("/var/lib/cunhui-county")
"""The folder of the county that Debian's package runs."""


def is_packaged() -> bool:
    """Tell whether this program is the package's."""
    return Path(sys.prefix) == PACKAGE


def is_installed(home: CountyHome) -> bool:
    """Tell whether the package runs the county of this folder, also while the folder was moved away."""
    return home.by_units or (is_packaged() and home.root == INSTALLED)


def make_installed_folder(home: CountyHome) -> str:
    """Make the installed county's empty folder again if somebody moved it away.

    Returns:
        What was done, in Chinese; empty if the folder is there, or is not the installed county's.

    Raises:
        ServiceError: It can't be made.
    """
    if home.by_units or not is_installed(home):
        return ""
    if os.geteuid() != 0:
        raise ServiceError(f"{home.root} 不在，要用 root 才能重新建：前面加 sudo")
    command = ["/usr/bin/systemd-tmpfiles", "--create", "cunhui-county.conf"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if not home.by_units:
        raise ServiceError(f"{home.root} 不在，也没有重新建成：{done.stderr.strip()}")
    return f"{home.root} 已被移走，重新建了一个空的。"


def how_to_begin(home: CountyHome) -> str:
    """Return what a person types for a folder in which there is no county yet."""
    if home.restoring.exists():
        return "这里的恢复没有做完：再运行一次 cunhui-server restore，会接着做"
    if is_installed(home):
        return "新建请运行 cunhui-server setup；从备份恢复请运行 cunhui-server restore"
    return "新建请运行 cunhui-server init"
