"""Facts of the stream itself: where it begins, what it carries of earlier ones, what is lost."""

from typing import Annotated, Literal

from msgspec import Meta

from protocol.fact_base import MAX_BODY_BYTES, StationFact
from protocol.units import Epoch, Salt, Seq, Through

type EpochReason = Literal["first", "ahead", "differs", "corrupt"]


class EpochOpened(StationFact, frozen=True, kw_only=True, tag="epoch_opened"):
    """First fact of every stream: why it was opened, and how far the county has the stream before."""

    reason: EpochReason
    previous: Epoch | None = None
    matched: Through = 0


class Reissued(StationFact, frozen=True, kw_only=True, tag="reissued"):
    """A fact of an earlier stream, byte for byte. Its identity stays ``(epoch, seq)`` of that stream."""

    epoch: Epoch
    seq: Seq
    salt: Salt
    body: Annotated[bytes, Meta(max_length=MAX_BODY_BYTES)]


class FactsLost(StationFact, frozen=True, kw_only=True, tag="facts_lost"):
    """The facts ``first`` to ``last`` of ``epoch`` can't be recovered. The ledger shows them as lost."""

    epoch: Epoch
    first: Seq
    last: Seq
