"""What can be on the screen while somebody reads or finds what the county published, as plain values."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from kiosk_tui.drawing.document_pages import Page
from kiosk_tui.guard import SCREEN_MS, Face
from protocol.kiosk_documents import DocumentShown, ShelfShown
from protocol.kiosk_find import Found, Hit

HITS_A_PAGE = 6


class ShelfView(msgspec.Struct, frozen=True):
    """The documents that can be read, a page of them. None while they are asked for. ``note`` says what went wrong."""

    shown: ShelfShown | None
    note: str
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """The documents that the number keys open now."""
        entries = () if self.shown is None else self.shown.entries
        return ("shelf", self.note, tuple((entry.bundle, entry.document) for entry in entries))


class DocumentView(msgspec.Struct, frozen=True):
    """A page of a document. ``head`` is None while it is asked for; ``number`` counts pages from 1, ``depth`` the
    documents that lie over one another. ``picture`` is that of the page: None while it is asked for, empty if it can't
    be had."""

    bundle: str
    document: str
    version: int
    head: DocumentShown | None
    page: Page
    number: int
    depth: int
    picture: bytes | None
    note: str
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """This page of this document."""
        return ("document", self.bundle, self.document, self.version, self.number, self.head is None)


class FindView(msgspec.Struct, frozen=True):
    """What was typed and what fits it, None while it is asked for. ``page`` counts from 0; None while digits type.
    ``note`` says what went wrong."""

    typed: str
    found: Found | None
    page: int | None
    note: str
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """That digits type, whatever fits so far; or what the number keys open now."""
        if self.page is None:
            return ("find",)
        return ("find", tuple((hit.bundle, hit.of, hit.kind) for hit in self.shown))

    @property
    def pages(self) -> int:
        """How many pages the hits take, at least one."""
        return max(1, -(-len(self._hits) // HITS_A_PAGE))

    @property
    def shown(self) -> tuple[Hit, ...]:
        """The hits of this page, chosen by 1 to 6; while digits type, the first ones."""
        start = (self.page or 0) * HITS_A_PAGE
        return tuple(self._hits[start : start + HITS_A_PAGE])

    @property
    def _hits(self) -> Sequence[Hit]:
        return () if self.found is None else self.found.hits


type DocumentsView = ShelfView | DocumentView
type ReadingView = DocumentsView | FindView
