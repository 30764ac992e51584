"""Finding on the kiosk socket: somebody types keypad letters and sees what begins to fit."""

from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.kiosk_line import Line
from protocol.units import CodeWord, FileName, ShortText

MAX_SEARCH_DIGITS = 12
MAX_HITS = 24

type SearchDigits = Annotated[str, Meta(pattern=rf"^[0-9]{{0,{MAX_SEARCH_DIGITS}}}\Z")]


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """Something on the shelf whose title fits."""

    bundle: FileName
    of: ShortText = ""
    """Its id in the bundle's content; empty: the bundle as a whole."""
    kind: CodeWord
    """The bundle's kind (`protocol.bundles.BundleKind`)."""
    title: ShortText


# Agent to kiosk.


class Found(Line, frozen=True, kw_only=True, tag="search_hits"):
    """What fits the digits. Titles that begin with them come first, then newer bundles before older ones. For no digits
    the newest titles, each thing once."""

    digits: SearchDigits
    hits: Annotated[list[Hit], Meta(max_length=MAX_HITS)] = []
    more: bool = False
    """There is more that fits than is listed."""
    ready: bool = True
    """False: the station is still sorting what the county sent, so something may be missing. Ask again."""


# Kiosk to agent.


class Search(Line, frozen=True, kw_only=True, tag="search"):
    """Somebody has typed these digits, or none yet; the answer is `Found`, to this kiosk alone."""

    digits: SearchDigits
