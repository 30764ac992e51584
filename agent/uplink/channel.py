"""The connection that is up now, as the parts of the uplink use it: what is said, what was heard and when."""

from collections.abc import Callable

from agent.ports import Link
from protocol.topics import Up

type Settled = Callable[[int], None]
"""Called once with the broker's reason code for a QoS 1 publish; 0 alone means delivered (MQTT 5.0, 3.4.2.1)."""

NOT_AUTHORIZED = 0x87
"""MQTT 5.0, 3.4.2.1: the broker's access list does not let this station publish."""


class Channel:
    """Publishes on the current connection and hands the broker's answers to whoever published."""

    def __init__(self, link: Link, mono_ms: Callable[[], int]) -> None:
        self._link = link
        self._mono_ms = mono_ms
        self._settled: dict[int, Settled] = {}
        self._unanswered_ms: int | None = None

    def reset(self) -> None:
        """Forget the connection before: no answer to it comes any more."""
        self._settled.clear()
        self._unanswered_ms = None

    @property
    def unanswered_ms(self) -> int | None:
        """Since when something said waits for any answer at all (monotonic clock), or None.

        Any answer counts, the broker's too: this measures whether the connection lives, not whether the county does.
        """
        return self._unanswered_ms

    def tell(self, leaf: Up, payload: bytes) -> None:
        """Publish with QoS 0.

        Raises:
            DeviceError: The connection is gone.
        """
        self._link.publish(leaf, payload, qos=0)

    def send(self, leaf: Up, payload: bytes, settled: Settled) -> None:
        """Publish with QoS 1.

        Raises:
            DeviceError: The connection is gone; ``settled`` will not be called.
        """
        self._settled[self._link.publish(leaf, payload, qos=1)] = settled
        if self._unanswered_ms is None:
            self._unanswered_ms = self._mono_ms()

    def answered(self, ticket: int, reason_code: int) -> None:
        """The broker answered a publish of this connection. A QoS 0 publish that only left the machine is no answer."""
        settled = self._settled.pop(ticket, None)
        if settled is not None:
            self.heard()
            settled(reason_code)

    def heard(self) -> None:
        """Something came from the other side: what still waits for an answer waits from now on."""
        self._unanswered_ms = self._mono_ms() if self._settled else None
