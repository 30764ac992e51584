"""Frames of a live view: pictures that pass by and are kept nowhere, in parts so small that a fact never waits long.

QoS 0: a part that is lost costs its frame, and the next frame is on its way. Parts of one frame come in order.
"""

from typing import Annotated

from msgspec import Meta

from protocol.codec import VersionedMessage, decode
from protocol.commands import CommandId
from protocol.refusal import Refused
from protocol.units import StationId

MAX_FRAME_BYTES = 65_536
MAX_PART_BYTES = 32_768


class Frame(VersionedMessage, frozen=True, kw_only=True):
    """Bytes of a JPEG (ITU-T T.81) from ``offset`` on."""

    station: StationId
    command: CommandId
    """The order that leases the frames."""
    number: Annotated[int, Meta(ge=1, le=100_000)]
    """Counts the frames of a lease; one that is given up leaves a gap."""
    size: Annotated[int, Meta(ge=1, le=MAX_FRAME_BYTES)]
    offset: Annotated[int, Meta(ge=0, le=MAX_FRAME_BYTES)]
    data: Annotated[bytes, Meta(min_length=1, max_length=MAX_PART_BYTES)]


def decode_frame(raw: bytes) -> Frame:
    """Read a part that lies within its frame.

    Raises:
        Refused: As `protocol.codec.decode`; ``malformed`` when it reaches past ``size``.
    """
    frame = decode(raw, Frame)
    if frame.offset + len(frame.data) > frame.size:
        raise Refused("malformed", f"part ends at {frame.offset + len(frame.data)} of {frame.size}")
    return frame
