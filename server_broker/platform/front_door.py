"""``[front_door]`` of ``county.toml``: where telephones reach the county, and where that host's certificate lies.

The front door is not the console: it has its own host, its own certificate from an authority that telephones trust, and
it is left out where this table is missing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from server_broker.platform.config_tables import Problems
from server_broker.platform.own_certificate import OwnCertificate, own_certificate_problems


@dataclass(frozen=True, kw_only=True)
class FrontDoor(OwnCertificate):
    """The table as it stands in the file. ``host`` is the only name that the front door answers to.

    Attributes:
        private_authority: PEM of an authority that no telephone trusts by itself. Only for a demonstration; the pages
            then say so.
    """

    private_authority: str = ""


def front_door_problems(table: Any, taken_ports: Collection[int]) -> Problems:
    """Return each wrong key of the table with its error in Chinese. What is missing is told under an empty key.

    Args:
        taken_ports: The ports of the county's other servers.
    """
    return own_certificate_problems("front_door", table, taken_ports, further={"private_authority": str})
