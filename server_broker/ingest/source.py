"""Where messages come from and where answers go: the port that another broker's client can stand behind."""

from collections.abc import Sequence
from typing import Protocol

from server_broker.ingest.messages import Incoming


class Source(Protocol):
    """One connection to the county's broker, kept up by itself. Used from one thread, the worker's."""

    def start(self) -> None:
        """Begin connecting and subscribing, for as long as it takes."""

    def drain(self, *, max_messages: int, max_bytes: int, timeout_s: float) -> list[Incoming]:
        """Return the messages at hand, waiting up to ``timeout_s`` for a first; of one station and leaf in order.

        Births may go before what came before them: their answer counts for 2 s only.
        """

    def publish(self, topic: str, payload: bytes, *, must_arrive: bool) -> None:
        """Send to a station: at most once, or with ``must_arrive`` by QoS 1. A station that is away misses it."""

    def acknowledge(self, messages: Sequence[Incoming]) -> None:
        """Tell the broker that these are dealt with; those of an earlier connection are passed over."""

    @property
    def connected(self) -> bool:
        """Whether stations can be heard now."""

    def interrupted(self) -> bool:
        """Tell, once, that the connection began or ended: until then ends of stations may have gone unheard.

        It is told before the first message of a new connection is handed out.
        """

    def stop(self) -> None:
        """Disconnect."""
