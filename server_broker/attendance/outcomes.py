"""Whether a touch counts, and why not.

The list of a day, its sums, a person's month and the page that says what a change does ask here. So none of them
contradicts another.
"""

from typing import Literal

from server_broker.people.models import BindingState

type Outcome = Literal["recorded", "repeat", "unknown", "lost", "no_person"]
"""Only ``recorded`` counts. ``unknown``: the card was nobody's, and waits for a person to bind it. ``no_person``: the
touch was by number, and that number is of nobody for whom its station could speak; there is nothing to bind."""


def outcome_of(answer: str, *, by_card: bool, holds: str | None) -> Outcome:
    """Return whether a touch counts, and why not.

    What the county has on file decides, because a card is bound, reported lost and found for a time that is over. What
    the station said of the card was the county's word of an earlier day. Only the station knows what is a repeat.

    Args:
        answer: What the station said of the touch.
        holds: The `BindingState` in which somebody had the card then; HELD for a number that was somebody's; None if
            nobody had it.
    """
    if holds == BindingState.LOST:
        return "lost"
    if answer == "repeat":
        return "repeat"
    if holds is None:
        return "unknown" if by_card else "no_person"
    return "recorded"
