"""Decisions about months of attendance."""

from typing import Annotated

from msgspec import Meta

from protocol.decision_base import DecisionKind, RegionCode
from protocol.units import Sha256

type Month = Annotated[str, Meta(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])\Z")]


class MonthClosed(DecisionKind, frozen=True, kw_only=True, tag="month_closed"):
    """A village's sheet of a month was closed; ``sha256`` is that of the content that was signed so."""

    village: RegionCode
    month: Month
    """Such as ``2026-03``."""
    sha256: Sha256
