"""Documents on the kiosk socket: what lies on the shelf to be read, and one document in parts."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from protocol.documents import Block, DocumentLink
from protocol.kiosk_line import Line
from protocol.units import CodeWord, DayText, FileName, ShortText

SHELF_PAGE = 6
"""Entries in one `ShelfShown`: as many as a screen chooses from by 1 to 6."""
MAX_PART_BYTES = 40_000
"""Of the blocks of one part, as JSON."""
MAX_PICTURE_BYTES = 30_000
"""A picture that is larger is not sent; its words stand for it."""

type GoneWhy = Literal["withdrawn", "replaced", "over", "unreadable"]


class ShelfEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A document that can be read."""

    bundle: FileName
    document: DocumentLink
    title: ShortText
    kind: CodeWord
    period: ShortText
    published: DayText
    source: ShortText
    sample: bool = False
    new: bool = False
    """It was published within the last days."""


# Agent to kiosk.


class ShelfShown(Line, frozen=True, kw_only=True, tag="shelf"):
    """Some of the documents on the shelf, the newest first."""

    what: CodeWord
    start: Annotated[int, Meta(ge=0)]
    """The place of the first of ``entries``, from 0."""
    total: Annotated[int, Meta(ge=0)]
    entries: Annotated[list[ShelfEntry], Meta(max_length=SHELF_PAGE)] = []


class DocumentShown(Line, frozen=True, kw_only=True, tag="document"):
    """A part of a document. A table that is too long for one part goes on in the next."""

    bundle: FileName
    version: Annotated[int, Meta(ge=1)]
    document: DocumentLink
    part: Annotated[int, Meta(ge=0)]
    """From 0."""
    more: bool = False
    """There is a part after this one."""
    title: ShortText
    kind: CodeWord
    period: ShortText
    published: DayText
    source: ShortText
    sample: bool = False
    blocks: list[Block] = []
    continues: bool = False
    """The first block is a table that goes on with that of the part before; it has the same columns and no sums."""
    wrong: list[list[int]] = []
    """For each block, the columns whose published sum its rows do not make up; they are numbered from 0."""


class DocumentGone(Line, frozen=True, kw_only=True, tag="document_gone"):
    """A document can't be read, or no longer: whoever reads it is told so."""

    bundle: FileName
    document: DocumentLink
    why: GoneWhy


class PictureShown(Line, frozen=True, kw_only=True, tag="picture"):
    """A picture of a bundle; no ``content`` where it can't be shown."""

    bundle: FileName
    item: FileName
    content: Annotated[bytes, Meta(max_length=MAX_PICTURE_BYTES)] = b""


# Kiosk to agent.


class OpenShelf(Line, frozen=True, kw_only=True, tag="open_shelf"):
    """Somebody looks at the documents; the answer is `ShelfShown`, to this kiosk alone."""

    what: CodeWord
    """A kind of bundle, or ``all``."""
    start: Annotated[int, Meta(ge=0, le=100_000)] = 0


class OpenDocument(Line, frozen=True, kw_only=True, tag="open_document"):
    """Somebody reads a part of a document; the answer is `DocumentShown` or `DocumentGone`, to this kiosk alone."""

    bundle: FileName
    document: DocumentLink = ""
    """Empty: the first that stands on the shelf."""
    part: Annotated[int, Meta(ge=0, le=10_000)] = 0
    version: Annotated[int, Meta(ge=0)] = 0
    """The version whose earlier parts are here. If it is no longer in force the answer is `DocumentGone`. 0: any."""


class CloseDocument(Line, frozen=True, kw_only=True, tag="close_document"):
    """Nobody reads a document here any more, so nobody need be told of its end."""


class AskPicture(Line, frozen=True, kw_only=True, tag="ask_picture"):
    """The screen shows a picture; the answer is `PictureShown`, to this kiosk alone."""

    bundle: FileName
    item: FileName
    version: Annotated[int, Meta(ge=0)] = 0
    """The version of the bundle that shows it. Another one may have another picture by that name. 0: any."""
