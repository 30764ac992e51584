"""The part of the county that an account sees. Every query for a page starts with one of these functions."""

from django.contrib.auth.models import AnonymousUser

from server_broker.accounts.models import User
from server_broker.regions.models import COUNTY_DIGITS, Region, RegionQuerySet, subtree_prefix

type Viewer = User | AnonymousUser


def scope(user: Viewer) -> str | None:
    """Return the code of the region whose subtree ``user`` sees, or None if it sees nothing."""
    return user.region_id if isinstance(user, User) and user.is_open else None


def in_scope(user: Viewer, code: str) -> bool:
    """Return whether ``user`` sees the region ``code``."""
    own = scope(user)
    return own is not None and code.startswith(subtree_prefix(own))


def sees_county(user: Viewer) -> bool:
    """Return whether ``user`` sees a whole county, and so also what belongs to no single station."""
    own = scope(user)
    return own is not None and len(subtree_prefix(own)) == COUNTY_DIGITS


def regions_of(user: Viewer) -> RegionQuerySet:
    """Return the regions that ``user`` sees."""
    own = scope(user)
    return Region.objects.none() if own is None else Region.objects.all().under(own)
