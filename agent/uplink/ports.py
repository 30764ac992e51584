"""What the uplink needs of the rest of the agent, in its own words."""

from collections.abc import Iterable
from typing import Protocol

from agent.storage.outbox.earlier import EarlierStream
from agent.storage.recent import ReadableStream
from protocol.birth import HeadAtSeq
from protocol.commands import Command
from protocol.facts import EpochReason, Severity
from protocol.heads import SignedHead
from protocol.kiosk_status import LinkState
from protocol.receipts import Receipt
from protocol.twin import Desired, Reported, Sheddable, ShelfRef
from protocol.vitals import Vitals


class StreamView(Protocol):
    """The station's current stream, as far as a comparison of heads needs it."""

    @property
    def through(self) -> int:
        """The last committed seq."""

    @property
    def receipted(self) -> int:
        """The last seq that a receipt covers."""

    def head_at(self, seq: int) -> bytes | None:
        """Return the chain's value after ``seq``, or None if the stream has not got so far."""


class Stream(ReadableStream, StreamView, Protocol):
    """The outbox, as the uplink uses it. `agent.storage.outbox.Outbox` implements it."""

    def signed_head(self) -> SignedHead:
        """Return the signed head at ``through``."""

    def take_receipt(self, receipt: Receipt) -> bool:
        """Note up to where the county has the facts. Return False if the receipt does not fit this stream."""

    def spaced_heads(self) -> list[HeadAtSeq]:
        """Return chain values at falling seqs, for a comparison."""

    @property
    def generation(self) -> int:
        """The county's generation as the newest receipt said; 0 before the first."""

    def earlier_streams(self) -> list[EarlierStream]:
        """Return the streams before the current one about which a county of a new generation must be asked."""

    def reissue_earlier(self, earlier: EarlierStream, *, after: int) -> None:
        """Append facts ``after + 1`` … ``matched`` of an earlier stream to the current one, under their names."""

    @property
    def opening(self) -> bool:
        """Whether another stream is being built in the place of this one."""

    def begin_epoch(self, reason: EpochReason, *, matched: int) -> None:
        """Begin another stream that reissues every fact after ``matched``; if they are many, only a part of it."""

    def continue_epoch(self) -> None:
        """Build the next piece. After the last one the other stream is the current one."""


class BlobSource(Protocol):
    """The files that wait for the county. `agent.storage.blobs.BlobStore` implements it."""

    def pending(self) -> Iterable[tuple[bytes, int]]:
        """Go through (SHA-256, size in bytes) of each file, oldest first. Drop none meanwhile."""

    def read(self, sha256: bytes, offset: int, length: int) -> bytes:
        """Return at most ``length`` bytes from ``offset`` on.

        Raises:
            KeyError: The file was given up meanwhile.
            StorageFailed: The file can't be read.
        """

    def intact(self, sha256: bytes) -> bool:
        """Return whether a file's bytes can be read and still hash to its name."""

    def drop(self, sha256: bytes) -> None:
        """Forget a file that the county has, or that is given up.

        Raises:
            StorageFailed: The file may still be there.
        """


class UplinkDelegate(Protocol):
    """What the uplink tells and asks the station. `agent.station.delegate.StationDelegate` implements it.

    The uplink calls it on the core thread, and never from within a call that the core makes to it.
    """

    def on_county_time(
        self, wall_ms: int, *, asked_mono_ms: int, answered_mono_ms: int, clock_run: bytes | None = None
    ) -> None:
        """Take the county's signed time: true at some moment between the two monotonic ones, 2 s apart at most.

        Args:
            clock_run: Id of the run of the county's clock that told it; None from a county that names none.
        """

    def on_no_county_time(self) -> None:
        """Take note that the county tells no time, because it does not trust its own clock now."""

    def wants_time(self) -> bool:
        """Return whether to ask for the county's time again, because it is not known yet or in dispute."""

    def on_desired(self, desired: Desired) -> Reported:
        """Take a desired state that is meant for this station and signed by the county. Return what to report."""

    def on_shelf_named(self, shelf: ShelfRef) -> None:
        """Take the name of the shelf's index that is in force now. It may be an older one than the last."""

    def on_command(self, command: Command) -> None:
        """Take a command that is meant for this station and signed by the county.

        The delegate itself judges whether the command has expired or came before.
        """

    def refuse_command(self, command: Command, reason: str) -> None:
        """Answer a command of the county, but do not execute it, because it came in a way in which it must not."""

    def on_unknown_key(self) -> None:
        """Take note of a message that is signed by a key which the station does not know as the county's."""

    def alarm(self, code: str, severity: Severity, detail: str) -> None:
        """Tell the county's people. ``detail`` is English and short."""

    def on_blob_damaged(self, sha256: bytes) -> None:
        """Take note that a file is damaged. The uplink gives it up as soon as this returns."""

    def link_changed(self, state: LinkState, *, refused: bool, identity_shared: bool) -> None:
        """Take note of the new state of the link.

        Args:
            refused: The county refuses this machine.
            identity_shared: Another machine connects by this station's identity.
        """

    def vitals(self) -> Vitals:
        """Return how the station is now."""

    def puts_off(self, what: Sheddable) -> bool:
        """Return whether ``what`` must wait because the month's data run short."""

    def in_duty(self) -> bool:
        """Return whether a duty window is open now."""

    def boot_id(self) -> bytes:
        """Return the 16 bytes of this boot's id."""

    def software(self) -> str:
        """Return name and version of the running software."""

    def twin_version(self) -> int:
        """Return the version of the desired state in force, 0 for none."""
