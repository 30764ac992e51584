"""Decisions about people, their cards and PINs, duty windows and regions, and the lists that bring them in."""

from protocol.decision_base import DecisionKind, RegionCode, RowNumber


class PersonMade(DecisionKind, frozen=True, kw_only=True, tag="person_made"):
    """A person was put on file."""

    person: RowNumber


class PersonChanged(DecisionKind, frozen=True, kw_only=True, tag="person_changed"):
    """Name, village, post or unit of a person changed."""

    person: RowNumber


class PersonLeft(DecisionKind, frozen=True, kw_only=True, tag="person_left"):
    """A person no longer belongs to the county's staff."""

    person: RowNumber


class CardBound(DecisionKind, frozen=True, kw_only=True, tag="card_bound"):
    """A card was given to a person."""

    card: RowNumber
    person: RowNumber


class CardLost(DecisionKind, frozen=True, kw_only=True, tag="card_lost"):
    """A card was reported as lost."""

    card: RowNumber


class CardFound(DecisionKind, frozen=True, kw_only=True, tag="card_found"):
    """A lost card is in its owner's hands again."""

    card: RowNumber


class CardMoved(DecisionKind, frozen=True, kw_only=True, tag="card_moved"):
    """A card was taken from a wrong person and given to ``person``; nil: to nobody."""

    card: RowNumber
    person: RowNumber | None = None


class PinReset(DecisionKind, frozen=True, kw_only=True, tag="pin_reset"):
    """The township reset a person's PIN."""

    person: RowNumber


class WindowMade(DecisionKind, frozen=True, kw_only=True, tag="window_made"):
    """A duty window was made."""

    window: RowNumber


class WindowChanged(DecisionKind, frozen=True, kw_only=True, tag="window_changed"):
    """Name, times or people of a duty window changed."""

    window: RowNumber


class WindowEnded(DecisionKind, frozen=True, kw_only=True, tag="window_ended"):
    """A duty window ends."""

    window: RowNumber


class RegionChanged(DecisionKind, frozen=True, kw_only=True, tag="region_changed"):
    """A region was made, renamed, given another code, merged or ended; ``code`` is its code after that."""

    code: RegionCode


class RowsImported(DecisionKind, frozen=True, kw_only=True, tag="rows_imported"):
    """A list was imported; the rows say what it wrote."""
