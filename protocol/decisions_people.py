"""Decisions about people, their cards and PINs, duty windows and regions, and the lists that bring them in."""

from protocol.decision_base import DecisionKind, RegionCode, RowNumber
from protocol.units import CodeWord


class _OfPerson(DecisionKind, frozen=True, kw_only=True):
    person: RowNumber


class _OfCard(DecisionKind, frozen=True, kw_only=True):
    card: RowNumber


class _OfWindow(DecisionKind, frozen=True, kw_only=True):
    window: RowNumber


class PersonMade(_OfPerson, frozen=True, kw_only=True, tag="person_made"):
    """A person was put on file."""


class PersonChanged(_OfPerson, frozen=True, kw_only=True, tag="person_changed"):
    """Name, village, post or unit of a person changed."""


class PersonLeft(_OfPerson, frozen=True, kw_only=True, tag="person_left"):
    """A person no longer belongs to the county's staff."""


class CardBound(_OfCard, frozen=True, kw_only=True, tag="card_bound"):
    """A card was given to a person."""

    person: RowNumber


class CardLost(_OfCard, frozen=True, kw_only=True, tag="card_lost"):
    """A card was reported as lost."""


class CardFound(_OfCard, frozen=True, kw_only=True, tag="card_found"):
    """A lost card is in its owner's hands again."""


class CardMoved(_OfCard, frozen=True, kw_only=True, tag="card_moved"):
    """A card was taken from a wrong person and given to ``person``; nil: to nobody."""

    person: RowNumber | None = None


class PinReset(_OfPerson, frozen=True, kw_only=True, tag="pin_reset"):
    """The township reset a person's PIN."""


class WindowMade(_OfWindow, frozen=True, kw_only=True, tag="window_made"):
    """A duty window was made."""


class WindowChanged(_OfWindow, frozen=True, kw_only=True, tag="window_changed"):
    """Name, times or people of a duty window changed."""


class WindowEnded(_OfWindow, frozen=True, kw_only=True, tag="window_ended"):
    """A duty window ends."""


class RegionChanged(DecisionKind, frozen=True, kw_only=True, tag="region_changed"):
    """A region was made, renamed, given another code, merged or ended; ``code`` is its code after that."""

    code: RegionCode


class RowsImported(DecisionKind, frozen=True, kw_only=True, tag="rows_imported"):
    """A list was imported; the rows say what it wrote."""


class RequestAnswered(DecisionKind, frozen=True, kw_only=True, tag="request_answered"):
    """The township answered what somebody asked for at a kiosk."""

    request: RowNumber
    outcome: CodeWord
    """``accepted`` or ``refused``."""
