"""Which part of the county an account of each role may see: a village, a township or the whole."""

from server_broker.accounts.models import Role
from server_broker.regions.models import COUNTY_DIGITS, TOWNSHIP_DIGITS, subtree_prefix

_VILLAGE_DIGITS = 12
_WORDS = {COUNTY_DIGITS: "县", TOWNSHIP_DIGITS: "镇办", _VILLAGE_DIGITS: "村"}
_LEVELS = {
    Role.SECRETARY: (_VILLAGE_DIGITS,),
    Role.SUPERVISION: (_VILLAGE_DIGITS,),
    Role.ORGANISATION: (COUNTY_DIGITS, TOWNSHIP_DIGITS),
}
"""The levels at which a role may be placed, by the digits that name a region there. Other roles fit every level."""


def misplaced(role: str, region: str | None) -> str:
    """Return in Chinese why an account of ``role`` can't be placed in ``region``; an empty text if it can."""
    levels = _LEVELS.get(Role(role))
    if levels is None or (region is not None and len(subtree_prefix(region)) in levels):
        return ""
    return f"{Role(role).label}的区划应为{'或'.join(_WORDS[digits] for digits in levels)}"
