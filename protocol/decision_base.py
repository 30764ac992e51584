"""What all decisions have in common."""

from typing import Annotated

from msgspec import Meta

from protocol.codec import Message

type RowNumber = Annotated[int, Meta(ge=0, le=2**63 - 1)]
type RegionCode = Annotated[str, Meta(pattern=r"^[0-9]{12}\Z")]
type Version = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class DecisionKind(Message, frozen=True, kw_only=True, tag_field="kind"):
    """Something that was decided in the county."""
