"""Decisions about who may sign in, and what an account sees."""

from typing import Literal

from protocol.decision_base import DecisionKind, RegionCode, RowNumber
from protocol.units import ShortText


class AccountMade(DecisionKind, frozen=True, kw_only=True, tag="account_made"):
    """An account was made. ``region`` is the code of the region whose subtree it sees."""

    account: RowNumber
    role: ShortText
    region: RegionCode | None = None


class AccountChanged(DecisionKind, frozen=True, kw_only=True, tag="account_changed"):
    """Role, region or activity of an account changed; the values are the new ones."""

    account: RowNumber
    role: ShortText
    region: RegionCode | None = None
    active: bool = True


class AccessReset(DecisionKind, frozen=True, kw_only=True, tag="access_reset"):
    """The means by which an account signs in was set or reset."""

    account: RowNumber
    means: Literal["password", "second_factor", "link"]
