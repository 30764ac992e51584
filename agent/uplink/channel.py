"""What all parts of the uplink share: the connection that is up now, and the way to raise an alarm."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from agent.ports import Link
from agent.uplink.county_contract import CountyContract
from agent.uplink.ports import UplinkDelegate
from protocol.facts import Severity
from protocol.topics import Up

type PubackHandler = Callable[[int], None]
"""Called once with the broker's reason code for a QoS 1 publish; 0 alone means delivered (MQTT 5.0, 3.4.2.1)."""

NOT_AUTHORIZED = 0x87
"""MQTT 5.0, 3.4.2.1: the broker's access list does not let this station publish."""

COUNTY_REPLY_MS = 20_000
"""How long the county may take to answer before it is asked again."""

ALARM_EVERY_MS = 3_600_000


class Channel:
    """Publishes on the current connection, and hands each PUBACK of the broker to the part that published."""

    def __init__(self, link: Link, mono_ms: Callable[[], int]) -> None:
        self._link = link
        self._mono_ms = mono_ms
        self._waiting: dict[int, PubackHandler] = {}
        self._silent_since_ms: int | None = None

    def reset(self) -> None:
        """Forget the connection before this one: its PUBACKs do not come any more."""
        self._waiting.clear()
        self._silent_since_ms = None

    @property
    def silent_since_ms(self) -> int | None:
        """Since when a publish waits while nothing at all came from the other side (monotonic clock), or None.

        A PUBACK of the broker counts as well as a message of the county: this shows whether the connection lives, not
        whether the county does.
        """
        return self._silent_since_ms

    def publish(self, leaf: Up, payload: bytes) -> None:
        """Publish with QoS 0: nobody says whether it arrived.

        Raises:
            DeviceError: The connection is gone.
        """
        self._link.publish(leaf, payload, qos=0)

    def publish_acknowledged(self, leaf: Up, payload: bytes, on_puback: PubackHandler) -> None:
        """Publish with QoS 1.

        Raises:
            DeviceError: The connection is gone; ``on_puback`` will not be called.
        """
        self._waiting[self._link.publish(leaf, payload, qos=1)] = on_puback
        if self._silent_since_ms is None:
            self._silent_since_ms = self._mono_ms()

    def on_puback(self, ticket: int, reason_code: int) -> None:
        """Take the broker's answer to a publish of this connection."""
        on_puback = self._waiting.pop(ticket, None)
        # A QoS 0 publish is "delivered" as soon as it leaves the machine. That says nothing about the other side.
        if on_puback is not None:
            self.on_sign_of_life()
            on_puback(reason_code)

    def on_sign_of_life(self) -> None:
        """Note that something came from the other side, so that the wait for an answer is measured from now."""
        self._silent_since_ms = self._mono_ms() if self._waiting else None


class AlarmLimiter:
    """Raises each alarm at most once an hour: a hostile or broken peer must not fill the outbox with facts."""

    def __init__(self, delegate: UplinkDelegate, mono_ms: Callable[[], int]) -> None:
        self._delegate = delegate
        self._mono_ms = mono_ms
        self._raised_ms: dict[str, int] = {}

    def raise_once(self, code: str, severity: Severity, detail: str) -> None:
        """Raise an alarm unless one with the same code was raised within the hour."""
        now = self._mono_ms()
        last = self._raised_ms.get(code)
        if last is None or now - last >= ALARM_EVERY_MS:
            self._raised_ms[code] = now
            self._delegate.alarm(code, severity, detail)


class SharedParts(Struct, frozen=True, kw_only=True):
    """What the session and every sender work with."""

    station: str
    county_keys: Mapping[bytes, bytes]
    """Public keys (raw 32 bytes) that sign for the county, by `protocol.signing.key_id`."""
    channel: Channel
    alarms: AlarmLimiter
    mono_ms: Callable[[], int]
    contract: CountyContract
