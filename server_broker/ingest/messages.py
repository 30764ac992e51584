"""The contract's messages as ingest meets them: what a station sent up, and what the county sends down. Pure.

Up: an MQTT message becomes one of the contract's messages, or a refusal. Its topic says who sent it, because the
broker lets a station publish on its own topics alone. A payload that names another station is refused.

Down: an `Outgoing` is made inside a transaction. It is signed and published only after that transaction's COMMIT.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import topics
from protocol.birth import NOT_TOLD, Birth, Compare, Gone, Match, Welcome, seal_match, seal_welcome
from protocol.blobs import BlobChunk, BlobMissing, BlobQuery, decode_chunk, seal_missing
from protocol.codec import decode
from protocol.commands import Command, seal_command
from protocol.envelope import Envelope, decode_envelope
from protocol.receipts import Receipt, seal_receipt
from protocol.refusal import Refused
from protocol.topics import Down, Topic, Up
from protocol.twin import Desired, Reported, ShelfNamed, seal_desired, seal_shelf_named
from protocol.vitals import Vitals

type UpMessage = Envelope | Birth | Compare | Gone | Vitals | Reported | BlobChunk | BlobQuery
type DownMessage = Receipt | Welcome | Match | BlobMissing | Desired | ShelfNamed | Command


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as the broker handed it over. With ``ticket`` the source knows which message is acknowledged."""

    topic: str
    payload: bytes
    retained: bool = False
    ticket: object = None
    unsure: bool = False
    """It came by QoS 0: its sender knows that it may get lost."""

    @property
    def station(self) -> str:
        """The last level but one of the topic: who sent it. Any text, if the topic is not one of the contract's."""
        return self.topic.rpartition("/")[0].rpartition("/")[2]

    @property
    def leaf(self) -> str:
        """The last level of the topic. Any text, if the topic is not one of the contract's."""
        return self.topic.rpartition("/")[2]


def stations_of(messages: Sequence[Incoming]) -> list[str]:
    """Return who sent these messages, each once, in the order of their first."""
    return list(dict.fromkeys(message.station for message in messages))


_READERS: dict[Up | Down, Callable[[bytes], UpMessage]] = {
    "facts": decode_envelope,
    "birth": lambda raw: decode(raw, Birth),
    "compare": lambda raw: decode(raw, Compare),
    "gone": lambda raw: decode(raw, Gone),
    "vitals": lambda raw: decode(raw, Vitals),
    "reported": lambda raw: decode(raw, Reported),
    "blob": decode_chunk,
    "asked": lambda raw: decode(raw, BlobQuery),
}


def read_topic(incoming: Incoming) -> Topic:
    """Return the station, shard and leaf that the topic of a message names.

    Raises:
        Refused: ``bad_topic``, also for a topic that only the county publishes on.
    """
    topic = topics.parse(incoming.topic)
    if topic.leaf not in _READERS:
        raise Refused("bad_topic", f"no station publishes on {topic.leaf!r}")
    return topic


def read_message(topic: Topic, incoming: Incoming) -> UpMessage:
    """Return the message in ``incoming``.

    Raises:
        Refused: As the contract's readers; ``wrong_station`` if the payload names another station than its topic;
            ``bad_topic`` if the broker had retained it, because no station sends retained messages.
    """
    if incoming.retained:
        raise Refused("bad_topic", "a retained message")
    message = _READERS[topic.leaf](incoming.payload)
    if message.station != topic.station:
        raise Refused("wrong_station", f"the payload names {message.station}")
    return message


_LEAVES: dict[type, Down] = {
    Receipt: "receipt",
    Welcome: "welcome",
    Match: "match",
    BlobMissing: "missing",
    Desired: "desired",
    ShelfNamed: "desired",
    Command: "command",
}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to the station that it names, in that station's shard."""

    shard: int
    message: DownMessage
    may_be_untold: bool = True
    """Only for a welcome: whether its station understands `NOT_TOLD` in place of the time."""

    @property
    def topic(self) -> str:
        """The topic on which the station hears it."""
        return topics.topic(shard=self.shard, station=self.message.station, leaf=_LEAVES[type(self.message)])

    @property
    def must_arrive(self) -> bool:
        """Whether it goes by QoS 1.

        A station that misses a receipt, a welcome or the like asks again. It does not ask for a desired state, an
        index or a command, because it does not know of them.
        """
        return isinstance(self.message, Desired | ShelfNamed | Command)


def seal_outgoing(
    outgoing: Outgoing, key: Ed25519PrivateKey, *, wall_ms: int, tells: bool = True, clock_run: bytes | None = None
) -> bytes:
    """Sign and encode a message.

    Args:
        wall_ms: The county's clock at this moment. A command always states it.
        tells: Whether the county's clock is good enough to be told. If so, a welcome states ``wall_ms`` and
            ``clock_run``, the run of the county's clock that it comes from.
    """
    match outgoing.message:
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
        case ShelfNamed() as named:
            return seal_shelf_named(key, named)
        case Command() as command:
            return seal_command(key, msgspec.structs.replace(command, issued=wall_ms))
