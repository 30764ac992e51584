"""Facts go up: one envelope is in flight until the county's receipt, and only the receipt, says that it is safe.

A PUBACK moves nothing here, because the broker has not stored the facts. It only says that a receipt can be expected
from now on. If none comes in time, the same facts are sent once more. If there is still none, or the broker says that
nobody took the facts, the session asks the county where the two stand. That costs a birth, a fraction of an envelope.
"""

import logging
from collections.abc import Callable

from agent.uplink.channel import NOT_AUTHORIZED, SharedParts
from agent.uplink.ports import Stream
from agent.uplink.reconnector import SILENCE_MS
from protocol import alarm_codes
from protocol.codec import encode
from protocol.receipts import unseal_receipt

log = logging.getLogger(__name__)

SENDS = 2
"""After this many sendings without a receipt the session asks the county."""

SHORTEST_TIMEOUT_MS = 3_000
LONGEST_TIMEOUT_MS = 20_000
MARGIN_MS = 1_000
"""Even if all receipts took equally long, the next one may take a little longer: G in RFC 6298, section 2."""


class RetransmitTimer:
    """How long a receipt may take, estimated from earlier ones: RFC 6298, section 2, with its doubling (5.5).

    The time counts from the broker's PUBACK, so the speed of the line does not matter, and an envelope that is still on
    a slow line is never sent twice.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget the estimate for a new connection.

        Then the longest timeout holds: when a whole county comes back at once its receipts take long, and facts that
        are sent twice would make them take longer.
        """
        self._smoothed_ms: float | None = None
        self._variation_ms = 0.0
        self.ms = LONGEST_TIMEOUT_MS

    def took(self, ms: int) -> None:
        """Learn from a receipt of facts that were sent only once (Karn's rule, RFC 6298, section 3)."""
        if self._smoothed_ms is None:
            self._smoothed_ms, self._variation_ms = float(ms), ms / 2
        else:
            self._variation_ms = 0.75 * self._variation_ms + 0.25 * abs(self._smoothed_ms - ms)
            self._smoothed_ms = 0.875 * self._smoothed_ms + 0.125 * ms
        self._set(self._smoothed_ms + max(MARGIN_MS, 4 * self._variation_ms))

    def missed(self) -> None:
        """Note that no receipt came in time: wait twice as long, until `took` learns better."""
        self._set(self.ms * 2)

    def _set(self, ms: float) -> None:
        self.ms = int(max(SHORTEST_TIMEOUT_MS, min(ms, LONGEST_TIMEOUT_MS)))


class FactSender:
    """Sends the stream's facts, one envelope at a time."""

    def __init__(
        self,
        shared: SharedParts,
        *,
        stream: Stream,
        on_doubt: Callable[[str], None],
        on_erased: Callable[[int], None],
        on_progress: Callable[[], None],
    ) -> None:
        """Make a sender that sends nothing yet.

        Args:
            on_doubt: Called with a reason when station and county must find out again where they stand.
            on_erased: Called with the last seq that the county has, if this station has erased the facts after it. A
                station erases facts only long after their receipt, so the county had these facts and has lost them.
            on_progress: Called when a receipt covered more facts than the ones before.
        """
        self._station = shared.station
        self._keys = shared.county_keys
        self._channel = shared.channel
        self._alarms = shared.alarms
        self._mono_ms = shared.mono_ms
        self._stream = stream
        self._on_doubt = on_doubt
        self._on_erased = on_erased
        self._on_progress = on_progress
        self._after: int | None = None
        """The last seq that the county has; None while nothing may be sent."""
        self._in_flight = False
        self._sends = 0
        self._acknowledged_ms: int | None = None
        self._due_ms = 0
        self._timeout = RetransmitTimer()

    @property
    def idle(self) -> bool:
        """Whether every fact of the stream has its receipt."""
        return self._after is not None and not self._in_flight and self._after >= self._stream.through

    @property
    def due_ms(self) -> int | None:
        """When the receipt for the envelope in flight is overdue, or None."""
        return self._due_ms if self._in_flight else None

    def connected(self) -> None:
        """Note that the connection is a new one: how long receipts take on it is not known."""
        self._timeout.begin()

    def begin(self, after: int) -> None:
        """Send what follows ``after``: both sides have the facts up to there."""
        self._after = after
        self._in_flight = False
        self._sends = 0

    def stop(self) -> None:
        """Send nothing until `begin`."""
        self._after = None
        self._in_flight = False

    def pump(self) -> None:
        """Send the next envelope, or the same facts again if their receipt is overdue."""
        if self._after is None:
            return
        if not self._in_flight:
            if self._after < self._stream.through:
                self._send(self._after)
            return
        if self._mono_ms() < self._due_ms:
            return
        if self._acknowledged_ms is None:
            # Not the same facts once more: the envelope may still be on its way through a slow line.
            self._give_up("the broker acknowledges nothing")
            return
        self._timeout.missed()
        if self._sends >= SENDS:
            self._give_up("no receipt came")
            return
        log.info("%s: no receipt after seq %d yet, sending again", self._station, self._after)
        self._send(self._after)

    def _send(self, after: int) -> None:
        envelope = self._stream.envelope_after(after)
        if envelope is None:
            self.stop()
            self._on_erased(after)
            return
        self._in_flight = True
        self._sends += 1
        self._acknowledged_ms = None
        # The receipt's own timeout begins with the PUBACK.
        self._due_ms = self._mono_ms() + SILENCE_MS
        self._channel.publish_acknowledged("facts", encode(envelope), self._on_puback)

    def _on_puback(self, reason_code: int) -> None:
        if not self._in_flight:
            return
        if reason_code == 0:
            self._acknowledged_ms = self._mono_ms()
            self._due_ms = self._acknowledged_ms + self._timeout.ms
            return
        if reason_code == NOT_AUTHORIZED:
            self._alarms.raise_once(
                alarm_codes.FACTS_REFUSED, "major", "the broker does not let this station publish facts"
            )
        self._give_up(f"facts not delivered, reason code 0x{reason_code:02x}")

    def _give_up(self, why: str) -> None:
        self.stop()
        self._on_doubt(why)

    def on_receipt(self, raw: bytes) -> None:
        """Take a receipt: the one thing that makes facts count as safe.

        A receipt for another stream changes nothing, and neither does one that covers no more than an earlier one.

        Raises:
            Refused: It is not the county's receipt for this station.
        """
        receipt = unseal_receipt(raw, station=self._station, public_keys=self._keys)
        if self._after is None or receipt.epoch != self._stream.epoch:
            # Where the two stand is in doubt, and the next welcome will say it; or the receipt is for an ended stream.
            return
        if receipt.through and self._stream.head_at(receipt.through) != receipt.head:
            self._give_up(f"the receipt at seq {receipt.through} does not fit this stream")
            return
        if receipt.generation > self._stream.generation:
            # A restored county may lack facts that it receipted. Only a birth finds out which.
            self._give_up("the county came back from a backup")
            return
        self._stream.take_receipt(receipt)
        if receipt.through <= self._after:
            return
        if self._in_flight and self._sends == 1:
            # A receipt may overtake the broker's PUBACK. Then it took no time.
            now = self._mono_ms()
            self._timeout.took(0 if self._acknowledged_ms is None else now - self._acknowledged_ms)
        self._after = receipt.through
        self._sends = 0
        self._in_flight = False
        self._on_progress()
