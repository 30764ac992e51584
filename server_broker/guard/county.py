"""What a county has decided, as the guard needs it for something that is published for certain regions."""

from collections.abc import Sequence

from server_broker.guard.finding import County
from server_broker.guard.models import Permit, SecretWord
from server_broker.regions.models import subtree_prefix


def county_for(regions: Sequence[str]) -> County:
    """Return the words of the county, and the numbers that may be published in all of these regions.

    Args:
        regions: Beginnings of region codes. The empty one is everywhere.
    """
    permits = Permit.objects.holding().select_related("region")
    allowed = {
        permit.number
        for permit in permits
        if regions and all(prefix.startswith(subtree_prefix(permit.region.code)) for prefix in regions)
    }
    words = SecretWord.objects.filter(ended_at=None)
    return County(allowed=frozenset(allowed), words={row.word: tuple(row.harmless) for row in words})
