"""Say why an answer to somebody can't go to a kiosk: whoever stands there reads it."""

from collections.abc import Sequence

from protocol.plain_text import is_clean
from server_broker.guard.county import county_for
from server_broker.guard.finding import find
from server_broker.guard.telling import told


def reason_against(text: str, regions: Sequence[str]) -> str:
    """Return why a text can't be shown in these regions, in Chinese and without a full stop; empty if it can."""
    found = find(text, county_for(regions), where="答复")
    if found:
        return told(found)
    return "" if is_clean(text) else "答复里有看不见的字符，请重新打一遍"
