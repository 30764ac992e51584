"""What the firewall of a station lets in: nothing, because all that it does it does towards the county.

The kiosk speaks with the agent over a unix socket, and so does everything else on the machine. A driver that listened
on the network would have to name its port here; there is none.
"""

from collections.abc import Sequence

from protocol.inbound_rules import SSH_PORT, inbound_rules

TABLE = "cunhui_station"


def ruleset(*, made_by: str, admins: Sequence[str] = (), ssh_port: int = SSH_PORT) -> str:
    """Return the ruleset for nftables.

    Args:
        made_by: The command line that prints this.
        admins: Addresses and networks that may use ssh; empty for nobody.

    Raises:
        BadAddress: One of ``admins`` is neither.
    """
    return inbound_rules(TABLE, made_by=made_by, ports=(), admins=admins, ssh_port=ssh_port if admins else None)
