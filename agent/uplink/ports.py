"""What the uplink needs of the rest of the agent, in its own words."""

from collections.abc import Iterable
from typing import Protocol

from agent.storage.outbox.earlier import EarlierStream
from agent.uplink.agreement import StreamView
from protocol.birth import Mark
from protocol.commands import Command
from protocol.envelope import SENT_FACT_BYTES, SENT_FACTS, Envelope
from protocol.facts import EpochReason, Severity
from protocol.heads import SignedHead
from protocol.kiosk import LinkState
from protocol.receipts import Receipt
from protocol.twin import Desired, Reported, Sheddable
from protocol.vitals import Vitals


class Stream(StreamView, Protocol):
    """The outbox, as the uplink uses it. `agent.storage.outbox.Outbox` is one."""

    @property
    def epoch(self) -> bytes:
        """Name of the current stream."""

    def signed_head(self) -> SignedHead:
        """Return the signed head at ``through``."""

    def envelope_after(
        self, seq: int, *, max_facts: int = SENT_FACTS, max_bytes: int = SENT_FACT_BYTES
    ) -> Envelope | None:
        """Return the facts that follow ``seq``, or None where none follow."""

    def take_receipt(self, receipt: Receipt) -> bool:
        """Note what the county has; return False where the receipt does not fit this stream."""

    def marks(self) -> list[Mark]:
        """Return chain values at falling seqs, for a comparison."""

    @property
    def generation(self) -> int:
        """The county's generation as the newest receipt said; 0 before the first."""

    def earlier_streams(self) -> list[EarlierStream]:
        """Return the streams before the current one that a county of a new generation is to be asked about."""

    def say_again(self, earlier: EarlierStream, *, after: int) -> None:
        """Append facts ``after + 1`` … ``matched`` of an earlier stream to the current one, under their names."""

    def open_epoch(self, reason: EpochReason, *, matched: int) -> None:
        """End the stream and begin another that re-issues every fact after ``matched``."""


class BlobSource(Protocol):
    """The files that wait for the county. `agent.storage.blobs.BlobStore` is one."""

    def pending(self) -> Iterable[tuple[bytes, int]]:
        """Go through (SHA-256, size in bytes) of each, oldest first; none is dropped meanwhile."""

    def read(self, sha256: bytes, offset: int, length: int) -> bytes:
        """Return at most ``length`` bytes from ``offset`` on.

        Raises:
            KeyError: It was given up meanwhile.
            StorageFailed: It can't be read.
        """

    def intact(self, sha256: bytes) -> bool:
        """Return whether a file's bytes can be read and still hash to its name."""

    def drop(self, sha256: bytes) -> None:
        """Forget a file that the county has, or that is given up.

        Raises:
            StorageFailed: It may still be there.
        """


class UplinkDelegate(Protocol):
    """The core, as the uplink calls it: always on the core thread, and never from within a call of the host's."""

    def time_told(
        self, wall_ms: int, *, asked_mono_ms: int, answered_mono_ms: int, clock_run: bytes | None = None
    ) -> None:
        """Take the county's signed time: true at some moment between the two monotonic ones, 2 s apart at most.

        Args:
            clock_run: Which stretch of the county's clock told it.
        """

    def wants_time(self) -> bool:
        """Whether the county's time is to be asked for again: not known yet, or in dispute."""

    def desired_came(self, desired: Desired) -> Reported:
        """Take a desired state meant for this station and signed by the county; return what to report."""

    def command_came(self, command: Command) -> None:
        """Take a command meant for this station and signed by the county. Expiry and repetition are the host's."""

    def command_refused(self, command: Command, reason: str) -> None:
        """Take a command that is the county's and came in a way in which it must not: it is answered, not executed."""

    def county_key_unknown(self) -> None:
        """Something came that is signed by a key which is not known to be the county's."""

    def alarm(self, code: str, severity: Severity, detail: str) -> None:
        """Tell the county's people. ``detail`` is English and short."""

    def blob_damaged(self, sha256: bytes) -> None:
        """A file that waited for the county is not what it was: it is given up as soon as this returns."""

    def link_changed(self, state: LinkState) -> None:
        """The state of the link changed."""

    def vitals(self) -> Vitals:
        """Return how the station is now."""

    def puts_off(self, what: Sheddable) -> bool:
        """Return whether ``what`` waits because the month's data run short."""

    def in_duty(self) -> bool:
        """Whether a duty window is open now."""

    def boot_id(self) -> bytes:
        """The 16 bytes of this boot's id."""

    def software(self) -> str:
        """Name and version of the running software."""

    def twin_version(self) -> int:
        """Version of the desired state in force, 0 for none."""
