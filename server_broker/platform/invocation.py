"""Command lines of ``cunhui-server`` that a person at this machine can type as they are."""

import os
import pwd
import shlex
import shutil
import sys
from pathlib import Path

from server_broker.platform.county_account import county_account, give_up_root
from server_broker.platform.home import CountyHome
from server_broker.platform.installed import INSTALLED, is_installed

PROGRAM = "cunhui-server"
TYPED_BY = "CUNHUI_TYPED_BY"
"""Who typed the command, when it goes on under the county's account."""
CALLED_AS = "CUNHUI_CALLED_AS"
"""A script that starts this program for a person sets this variable to what the person typed."""


def command_line(home: CountyHome, *words: str) -> str:
    """Return the command line that runs a verb for this county. It names no folder where the program finds it itself.

    Example:
        >>> command_line(CountyHome(Path("/srv/county")), "sign-in-link", "admin")
        'cunhui-server sign-in-link admin --home /srv/county'
    """
    own = Path(sys.argv[0])
    if called := os.environ.get(CALLED_AS):
        program = called
    elif own.name == PROGRAM and not ((found := shutil.which(PROGRAM)) and Path(found).samefile(own)):
        # The bare name would find no program, or another version than this one.
        program = shlex.quote(str(own))
    else:
        program = PROGRAM
    where = [] if home.root == INSTALLED and is_installed(home) else ["--home", str(home.root)]
    return f"{program} {shlex.join([*words, *where])}"


def default_home() -> str:
    """Return the county's folder for who names none: the environment's, the installed county's, or ``var/county``."""
    installed = str(INSTALLED) if is_installed(CountyHome(INSTALLED)) else "var/county"
    return os.environ.get("CUNHUI_HOME", installed)


def go_on_as_the_county(home: CountyHome) -> None:
    """Where root typed the command and the county is another account's, go on under that account.

    What the command makes then belongs to that account, and what that account has put into its folder leads nobody else
    anywhere. This returns if there is nothing to change.

    Raises:
        ServiceError: This machine has no such account.
    """
    if account := county_account(home):
        os.environ[TYPED_BY] = os.environ.get("SUDO_USER", "root")
        give_up_root(account)


def county_prefix(home: CountyHome) -> list[str]:
    """Return the words before a command line with which root runs it under the county's account, with no right of
    root's; empty if root is not who runs this, or if the county is root's."""
    account = county_account(home)
    if account is None:
        return []
    who = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--init-groups"]
    return ["/usr/bin/setpriv", *who, "--inh-caps=-all", "--"]


def typed_by() -> str:
    """Return who typed the command, for the audit log."""
    return os.environ.get(TYPED_BY) or pwd.getpwuid(os.geteuid()).pw_name
