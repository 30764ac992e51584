"""Facts go up: one envelope in flight, until the county's receipt and nothing less says that it is safe.

What the broker acknowledges it has not kept; so a PUBACK moves nothing here, but from then on a receipt can be
expected. None within a while: the same facts are sent once more. Still none, or the broker says that nobody took
them: the session asks where the two stand, with a birth, which costs a fraction of an envelope.
"""

import logging
from collections.abc import Callable, Mapping

from agent.uplink.alarms import Alarms
from agent.uplink.channel import NOT_AUTHORIZED, Channel
from agent.uplink.ports import Stream
from agent.uplink.reconnector import SILENCE_MS
from agent.uplink.retransmit_timer import RetransmitTimer
from protocol import alarm_codes
from protocol.codec import encode
from protocol.receipts import unseal_receipt

log = logging.getLogger(__name__)

SENDS = 2
"""After this many unanswered sends the session is asked."""


class FactSender:
    """The window of one envelope over the outbox."""

    def __init__(
        self,
        *,
        station: str,
        county_keys: Mapping[bytes, bytes],
        stream: Stream,
        channel: Channel,
        alarms: Alarms,
        mono_ms: Callable[[], int],
        doubt: Callable[[str], None],
        gone: Callable[[int], None],
        progressed: Callable[[], None],
    ) -> None:
        """Make a sender that rests.

        Args:
            doubt: Called when the two must find out again where they stand, with why.
            gone: Called with the last seq that the county has, where what follows was erased long after its receipt.
            progressed: Called when a receipt moved the window.
        """
        self._station = station
        self._keys = county_keys
        self._stream = stream
        self._channel = channel
        self._alarms = alarms
        self._mono_ms = mono_ms
        self._doubt = doubt
        self._gone = gone
        self._progressed = progressed
        self._after: int | None = None
        self._in_flight: int | None = None
        self._sends = 0
        self._acknowledged_ms: int | None = None
        self._due_ms = 0
        self._patience = RetransmitTimer()

    @property
    def in_flight(self) -> bool:
        """Whether an envelope waits for its receipt."""
        return self._in_flight is not None

    @property
    def idle(self) -> bool:
        """Whether every fact of the stream has its receipt."""
        return self._after is not None and not self.in_flight and self._after >= self._stream.through

    @property
    def due_ms(self) -> int | None:
        """When the envelope in flight is to be sent again, or None."""
        return self._due_ms if self.in_flight else None

    def connected(self) -> None:
        """The connection is a new one: how long receipts take on it is not known."""
        self._patience.begin()

    def begin(self, after: int) -> None:
        """Both sides have the facts up to ``after``: send what follows."""
        self._after = after
        self._in_flight = None
        self._sends = 0

    def stop(self) -> None:
        """Send nothing until `begin`."""
        self._after = None
        self._in_flight = None

    def pump(self) -> None:
        """Send the next envelope, or the same one again where its receipt is overdue."""
        if self._after is None:
            return
        if self._in_flight is None:
            self._send(self._after)
        elif self._mono_ms() >= self._due_ms:
            self._overdue(self._after)

    def _send(self, after: int) -> None:
        if after >= self._stream.through:
            return
        envelope = self._stream.envelope_after(after)
        if envelope is None:
            self.stop()
            self._gone(after)
            return
        self._in_flight = envelope.head.through
        self._sends += 1
        self._acknowledged_ms = None
        self._due_ms = self._mono_ms() + SILENCE_MS
        self._channel.send("facts", encode(envelope), self._settled)

    def _overdue(self, after: int) -> None:
        if self._acknowledged_ms is None:
            self._give_up("the broker acknowledges nothing")
            return
        self._patience.missed()
        if self._sends >= SENDS:
            self._give_up("no receipt came")
            return
        log.info("%s: no receipt after seq %d yet, sending again", self._station, after)
        self._send(after)

    def _settled(self, reason_code: int) -> None:
        if self._in_flight is None:
            return
        if reason_code == 0:
            self._acknowledged_ms = self._mono_ms()
            self._due_ms = self._acknowledged_ms + self._patience.ms
            return
        if reason_code == NOT_AUTHORIZED:
            self._alarms.raise_once(
                alarm_codes.FACTS_REFUSED, "major", "the broker does not let this station publish facts"
            )
        self._give_up(f"facts not delivered, reason code 0x{reason_code:02x}")

    def _give_up(self, why: str) -> None:
        self.stop()
        self._doubt(why)

    def receipt_came(self, raw: bytes) -> None:
        """Take a receipt; older ones than what is known change nothing.

        Raises:
            Refused: It is not the county's receipt for this station.
        """
        receipt = unseal_receipt(raw, station=self._station, public_keys=self._keys)
        if self._after is None or receipt.epoch != self._stream.epoch:
            return
        if receipt.through and self._stream.head_at(receipt.through) != receipt.head:
            self._give_up(f"the receipt at seq {receipt.through} does not fit this stream")
            return
        if receipt.generation > self._stream.generation:
            self._give_up("the county came back from a backup")
            return
        self._stream.take_receipt(receipt)
        if receipt.through > self._after:
            self._advance(receipt.through)

    def _advance(self, through: int) -> None:
        if self._in_flight is not None and self._sends == 1:
            now = self._mono_ms()
            self._patience.took(now - (self._acknowledged_ms if self._acknowledged_ms is not None else now))
        self._after = through
        self._sends = 0
        self._in_flight = None
        self._progressed()
