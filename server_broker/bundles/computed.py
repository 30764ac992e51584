"""Bundles that the county computes of its own tables for one station each, as drafts, and taking them back."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from protocol.bundles import BundleKind
from protocol.codec import Message, encode
from protocol.shelf_index import Access
from server_broker.bundles.drafts import Draft
from server_broker.bundles.models import Bundle
from server_broker.fleet.models import Station

COMPUTED_MONTHS = 4
"""A computed bundle ends by itself at a station that hears nothing of its county for so long."""


def end_of_computed(now: datetime) -> datetime:
    """Return the end of a computed bundle: the same all month, so that the same content is no new version."""
    month = now.year * 12 + now.month - 1 + COMPUTED_MONTHS
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)


def draft_for(
    station: Station,
    kind: BundleKind,
    title: str,
    content: Message | bytes,
    *,
    not_after: datetime,
    name: str = "",
    access: Access = "station",
    night: bool = False,
) -> Draft:
    """Return what one station alone gets.

    Args:
        content: Of the bundle, encoded or not.
        name: The bundle's id, where a station has several of a kind.
    """
    return Draft(
        id=name or f"{kind}-{station.pk}",
        kind=kind,
        title=title,
        regions=[station.village_id],
        station=station.pk,
        not_after=not_after,
        content=content if isinstance(content, bytes) else encode(content),
        access=access,
        night=night,
    )


def withdraw_others(kind: BundleKind, drafts: Mapping[str, Sequence[Draft]], *, reason: str, at: datetime) -> None:
    """Withdraw the computed bundles of a kind that stations have and that are not among their drafts.

    Args:
        drafts: By station; none where it has nothing any more.
    """
    named = [draft.id for some in drafts.values() for draft in some]
    gone = Bundle.objects.filter(kind=kind, station__in=list(drafts), author="", withdrawn_at=None)
    gone.exclude(bundle__in=named).update(withdrawn_at=at, withdrawn_by="service", withdrawn_reason=reason)
