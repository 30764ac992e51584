"""What Mosquitto's plugin tells the county about a station: how often it was refused, cut off and gone.

The plugin (``mosquitto/plugin_source/gate.c``) says it every five seconds, of each station that was denied anything,
was cut, or went ten times or more. The topic is no leaf of the contract (`protocol.topics`), so the access lists let no
station speak there.
"""

import msgspec

LEAF = "refused"
TOLD_EVERY_S = 5.0
ENDED_OFTEN = 50
DENIED_OFTEN = 200
"""Within `TOLD_EVERY_S`. An honest station asks for nothing that is denied, and waits a second before it comes back."""


class BrokerRefusals(msgspec.Struct, frozen=True):
    """Of one station, since the last time."""

    denied: int = 0
    """Messages and filters beyond its rate, and requests for what is not its own."""
    cut: int = 0
    """Connections that were cut because it kept the broker from all others."""
    ended: int = 0
    """Connections that ended, for any reason."""

    def __add__(self, other: "BrokerRefusals") -> "BrokerRefusals":
        """Return both together."""
        return BrokerRefusals(self.denied + other.denied, self.cut + other.cut, self.ended + other.ended)

    def is_flood(self, within_s: float) -> bool:
        """Tell whether no station in good order comes to that within so many seconds."""
        times = within_s / TOLD_EVERY_S
        return self.denied >= DENIED_OFTEN * times or self.cut > 0 or self.ended >= ENDED_OFTEN * times


def refusals_filter(*, shard: int | None) -> str:
    """Return the topic filter under which the plugin is heard about the stations of a shard; None: about all."""
    return f"cunhui/1/{'+' if shard is None else shard}/+/{LEAF}"


def is_about_refusals(topic: bytes) -> bool:
    """Tell whether a message is the plugin's."""
    return topic.endswith(b"/" + LEAF.encode())


def read_refusals(topic: bytes, payload: bytes) -> tuple[str, BrokerRefusals]:
    """Read a message of the plugin; return the station that it is about, and what it says.

    Raises:
        msgspec.MsgspecError: It is none; the broker's access list must have been changed.
    """
    station = topic.split(b"/")[-2].decode(errors="replace")
    return station, msgspec.json.decode(payload, type=BrokerRefusals)
