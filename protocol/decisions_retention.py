"""Decisions about what is kept longer than its time, and what is erased."""

from typing import Annotated

from msgspec import Meta

from protocol.decision_base import DecisionKind
from protocol.units import Sha256, ShortText


class HoldSet(DecisionKind, frozen=True, kw_only=True, tag="hold_set"):
    """Something is kept past its retention, because a case needs it."""

    what: ShortText


class HoldLifted(DecisionKind, frozen=True, kw_only=True, tag="hold_lifted"):
    """Something is no longer kept past its retention."""

    what: ShortText


class Erased(DecisionKind, frozen=True, kw_only=True, tag="erased"):
    """Content was erased because its time was over or its owner asked. Its digests stay.

    ``contents`` earlier contents of ``rows`` (ids in ``table``) were erased from the county's records of decisions.
    """

    table: ShortText
    ids: Annotated[list[ShortText], Meta(min_length=1, max_length=100)]
    contents: Annotated[int, Meta(ge=0, le=2**53 - 1)] = 0


class FactsErased(DecisionKind, frozen=True, kw_only=True, tag="facts_erased"):
    """The content of ``facts`` facts of stations was erased at the end of its time; ``digest`` covers which."""

    holding: ShortText
    facts: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    digest: Sha256
