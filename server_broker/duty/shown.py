"""What anybody may read of who is on duty, at the front door and at kiosks: one rule, by two switches."""

from typing import Literal

from server_broker.compliance.switches import is_on

type Shows = Literal["nothing", "names", "presence"]
"""What the county lets be shown: nothing (the default), who is on duty, or also who is there."""
BOARD_SWITCHES = ("duty_board_names", "duty_board_presence")


def shows() -> Shows:
    """Return what the county's boards show at this moment."""
    if not is_on("duty_board_names"):
        return "nothing"
    return "presence" if is_on("duty_board_presence") else "names"
