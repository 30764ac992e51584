"""What goes down to stations: made inside a transaction, signed and published only after its COMMIT."""

from dataclasses import dataclass

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.birth import NOT_TOLD, Match, Welcome, seal_match, seal_welcome
from protocol.blobs import BlobMissing, seal_missing
from protocol.commands import Command, seal_command
from protocol.receipts import Receipt, seal_receipt
from protocol.topics import Down, topic
from protocol.twin import Desired, seal_desired

type DownMessage = Receipt | Welcome | Match | BlobMissing | Desired | Command

_LEAVES: dict[type, Down] = {
    Receipt: "receipt",
    Welcome: "welcome",
    Match: "match",
    BlobMissing: "missing",
    Desired: "desired",
    Command: "command",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A message for the station that it names, in the station's shard."""

    shard: int
    message: DownMessage
    may_be_untold: bool = True
    """Of a welcome: whether its station knows what `NOT_TOLD` means."""

    @property
    def topic(self) -> str:
        """The topic that the station hears it on."""
        return topic(shard=self.shard, station=self.message.station, leaf=_LEAVES[type(self.message)])

    @property
    def must_arrive(self) -> bool:
        """Whether it goes by QoS 1: a lost receipt is said again, a desired state or a command is not asked for."""
        return isinstance(self.message, Desired | Command)


def seal_answer(
    answer: Answer, key: Ed25519PrivateKey, *, wall_ms: int, tells: bool = True, clock_run: bytes | None = None
) -> bytes:
    """Sign and encode an answer.

    Args:
        wall_ms: The county's clock at this moment. A command states it.
        tells: Whether stations may be told it: a welcome states it then, and ``clock_run``, the run that tells it.
    """
    match answer.message:
        case Receipt() as receipt:
            return seal_receipt(key, receipt)
        case Welcome() as welcome:
            told = {"wall": wall_ms, "clock_run": clock_run} if tells else {"wall": NOT_TOLD}
            return seal_welcome(key, msgspec.structs.replace(welcome, **told))
        case Match() as found:
            return seal_match(key, found)
        case BlobMissing() as missing:
            return seal_missing(key, missing)
        case Desired() as desired:
            return seal_desired(key, desired)
        case Command() as command:
            return seal_command(key, msgspec.structs.replace(command, issued=wall_ms))
