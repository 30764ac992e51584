"""Command lines of ``cunhui-server`` that a person at this machine can type as they are."""

import os
import shlex
import shutil
import sys
from pathlib import Path

from server_broker.platform.home import CountyHome

PROGRAM = "cunhui-server"
CALLED_AS = "CUNHUI_CALLED_AS"
"""A script that starts this program for a person sets this variable to what the person typed."""


def command_line(home: CountyHome, *words: str) -> str:
    """Return the command line that runs a verb for this county.

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
    return f"{program} {shlex.join([*words, '--home', str(home.root)])}"
