"""The dated turns of duty that are on the shelf, as the rooms below it ask for them."""

from agent.clocking.duty_dates import DatedTurns
from agent.kiosk.county_lists import OfferedBundles


def latest_turns(offered: OfferedBundles) -> DatedTurns | None:
    """Return the newest turns in force; None if there are none."""
    held = max(offered.bundles("duty"), key=lambda one: one.version, default=None)
    return None if held is None else DatedTurns(sha256=held.sha256, read=lambda: offered.read(held))
