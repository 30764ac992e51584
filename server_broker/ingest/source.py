"""The port to the county's broker: messages come in by it and go out by it. Tests put another source behind it."""

from collections.abc import Sequence
from typing import Protocol

from server_broker.broker.refusals import BrokerRefusals
from server_broker.ingest.messages import Incoming


class Source(Protocol):
    """One connection to the county's broker, which reconnects by itself. Only the worker's thread uses it."""

    def start(self) -> None:
        """Begin to connect and subscribe, and try again for as long as it takes."""

    def drain(self, *, max_messages: int, max_bytes: int, timeout_s: float, blobs: bool = True) -> list[Incoming]:
        """Return a fair share of the messages at hand. Wait up to ``timeout_s`` for a first one.

        What is about pictures goes on waiting, unless ``blobs``.

        Messages of one station on one leaf are in order. Births may come before messages that are older than they are,
        because a station believes the answer to a birth for 2 s only. No station waits for what another sends, and
        what a station sends beyond its share is never returned.
        """

    def charge(self, station: str, seconds: float) -> None:
        """Charge a station for what its messages cost beyond their price, so that it waits the longer."""

    def put_back(self, messages: Sequence[Incoming], *, most: int) -> None:
        """Put a station's messages back, to be returned again before its others, ``most`` of them at once."""

    def let_go(self) -> dict[str, int]:
        """Return how many messages of each station were let go since the last call, because it sent too many."""

    def refusals(self) -> dict[str, BrokerRefusals]:
        """Return what the broker itself refused of each station since the last call. A broker may tell nothing."""

    def end_connection(self, station: str) -> None:
        """Have the broker end a station's connection. It may come back."""

    def publish(self, topic: str, payload: bytes, *, must_arrive: bool) -> None:
        """Send to a station, by QoS 0, or by QoS 1 with ``must_arrive``. A station that is not connected misses it."""

    def acknowledge(self, messages: Sequence[Incoming]) -> None:
        """Tell the broker that these are dealt with. Messages of an earlier connection are skipped."""

    @property
    def connected(self) -> bool:
        """Whether stations can be heard now, which is while the broker can."""

    def interrupted(self) -> bool:
        """Tell, once, that the connection began or ended. Wills that the broker sent meanwhile were not heard.

        This is told before the first message of a new connection is handed out.
        """

    def stop(self) -> None:
        """Disconnect."""
