"""What the firewall of a county's machine lets in, as ``county.toml`` says it."""

from collections.abc import Sequence

from protocol.inbound_rules import SSH_PORT, BadAddress, OpenPort, PerSource, inbound_rules
from server_broker.platform.county_config import CountyConfig
from server_broker.platform.processes import ServiceError

TABLE = "cunhui_county"
CONNECTIONS_PER_ADDRESS = 2_000
"""Enough for all stations of most counties behind one gateway. So many silent ones cost the broker 90 MB, and leave the
others most of what it takes (`_BROKER_CONNECTIONS`)."""
_BROKER_CONNECTIONS = 15_000
"""10,000 stations, and room for those that come back while the broker still keeps their old connection. Whoever
connects and says nothing costs it 44 KB for 90 s. Mosquitto 2.0.21 has an option for it, and forgets it when it reads
its lists again."""
_NEW_A_SECOND = 100
"""All stations behind one gateway come back within seconds, after a burst that is let through at once."""


def ruleset(
    config: CountyConfig,
    *,
    made_by: str,
    admins: Sequence[str] = (),
    ssh_port: int = SSH_PORT,
    per_address: int = CONNECTIONS_PER_ADDRESS,
) -> str:
    """Return the ruleset for nftables.

    Args:
        made_by: The command line that prints this.
        admins: Addresses and networks that may use ssh; empty for everybody.
        per_address: Most connections from one address at the same time; 0 for any number.

    Raises:
        ServiceError: One of ``admins`` is neither.
    """
    try:
        return inbound_rules(
            TABLE,
            made_by=made_by,
            ports=open_ports(config),
            admins=admins,
            ssh_port=ssh_port,
            per_source=PerSource(per_address, _NEW_A_SECOND) if per_address > 0 else None,
        )
    except BadAddress as error:
        raise ServiceError(str(error)) from error


def open_ports(config: CountyConfig) -> list[OpenPort]:
    """Return the ports that are reached from outside. A county on a loopback address has none."""
    ports = []
    if config.bind_address != "127.0.0.1":
        ports.append(OpenPort(config.web_port, "网页"))
        ports += [OpenPort(port, "消息服务", most=_BROKER_CONNECTIONS) for port in config.station_ports]
    console = config.console
    if console is not None and console.port != config.web_port and config.console_bind_address != "127.0.0.1":
        ports.append(OpenPort(console.port, "办公网页"))
    if config.front_door is not None and config.front_door_bind_address != "127.0.0.1":
        ports.append(OpenPort(config.front_door.port, "手机入口"))
    return ports
