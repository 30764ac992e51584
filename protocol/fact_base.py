"""What all facts have in common."""

from protocol.codec import Message
from protocol.units import Moment

MAX_BODY_BYTES = 8_192
"""Largest fact body. Anything bigger is a blob."""


class StationFact(Message, frozen=True, kw_only=True, tag_field="kind"):
    """Something that a station knows to have happened. ``at`` is when it was committed."""

    at: Moment
