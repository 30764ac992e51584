"""Facts of files: what was announced, and what was given up."""

from typing import Annotated, Literal

from msgspec import Meta

from protocol.fact_base import StationFact
from protocol.units import BlobSize, FactRef, Sha256, ShortText

type BlobPurpose = Literal["touch", "requested", "random", "door", "record", "log", "voice", "clip", "paper"]
"""Why a blob was made. A picture: of a touch, on the county's command, at a random moment of a duty window, at a door's
opening, for a work record. ``log`` is no picture but the end of the program's log. ``voice``: what somebody said.
``clip``: a short film. ``paper``: a picture of a sheet of paper."""


class BlobAnnounced(StationFact, frozen=True, kw_only=True, tag="blob_announced"):
    """A file whose bytes follow in chunks under the facts, named by its SHA-256."""

    sha256: Sha256
    size: BlobSize
    media_type: ShortText
    purpose: BlobPurpose
    about: FactRef | None = None
    seconds: Annotated[int, Meta(ge=0, le=3_600)] | None = None
    """How long sound or film lasts."""


class BlobEvicted(StationFact, frozen=True, kw_only=True, tag="blob_evicted"):
    """The station gave up the bytes of an announced blob before the county had them."""

    sha256: Sha256
    reason: Literal["disk", "data", "damaged"]
