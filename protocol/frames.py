"""Frames of a live view: pictures that are shown and never stored.

Frames travel in small parts, so that no fact waits long behind one. They are sent with QoS 0: if a part is lost, its
frame is lost, and the next frame follows soon. The parts of a frame come in order.
"""

from typing import Annotated

from msgspec import Meta

from protocol.codec import VersionedMessage, decode
from protocol.commands import CommandId
from protocol.refusal import Refused
from protocol.units import ShortText, StationId

MAX_FRAME_BYTES = 65_536
MAX_PART_BYTES = 32_768


class Frame(VersionedMessage, frozen=True, kw_only=True):
    """Bytes of a picture from ``offset`` on: a JPEG (ITU-T T.81) unless ``media`` says otherwise."""

    station: StationId
    command: CommandId
    """The ``live_view`` command to which the frame belongs."""
    number: Annotated[int, Meta(ge=1, le=100_000)]
    """Counts the frames of one command. A frame that is given up leaves a gap."""
    size: Annotated[int, Meta(ge=1, le=MAX_FRAME_BYTES)]
    offset: Annotated[int, Meta(ge=0, le=MAX_FRAME_BYTES)]
    data: Annotated[bytes, Meta(min_length=1, max_length=MAX_PART_BYTES)]
    media: ShortText = ""
    """The media type of the whole; empty: ``image/jpeg``."""


def decode_frame(raw: bytes) -> Frame:
    """Read a part that lies within its frame.

    Raises:
        Refused: As `protocol.codec.decode`; ``malformed`` when it reaches past ``size``.
    """
    frame = decode(raw, Frame)
    if frame.offset + len(frame.data) > frame.size:
        raise Refused("malformed", f"part ends at {frame.offset + len(frame.data)} of {frame.size}")
    return frame
