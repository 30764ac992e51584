"""From an MQTT message to one of the contract's messages, or a refusal. Pure.

Who sent it is what the topic says, because the broker lets a station publish on its own topics alone; a payload
that claims another station is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass

from protocol import topics
from protocol.birth import Birth, Compare, Gone
from protocol.blobs import BlobChunk, BlobQuery, decode_chunk
from protocol.codec import decode
from protocol.envelope import Envelope, decode_envelope
from protocol.refusal import Refused
from protocol.topics import Down, Topic, Up
from protocol.twin import Reported
from protocol.vitals import Vitals

type UpMessage = Envelope | Birth | Compare | Gone | Vitals | Reported | BlobChunk | BlobQuery


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as the broker handed it over. ``ticket`` names it to the source when it is acknowledged."""

    topic: str
    payload: bytes
    retained: bool = False
    ticket: object = None

    @property
    def leaf(self) -> str:
        """What the last level of its topic says; anything where the topic is none of the contract's."""
        return self.topic.rpartition("/")[2]


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
    """Return where a message came in.

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
        Refused: As the contract's readers; ``wrong_station`` when the payload names another than its topic;
            ``bad_topic`` when it was retained, because nothing here ever is.
    """
    if incoming.retained:
        raise Refused("bad_topic", "a retained message")
    message = _READERS[topic.leaf](incoming.payload)
    if message.station != topic.station:
        raise Refused("wrong_station", f"the payload names {message.station}")
    return message
