"""Let people read the documents that the county published: the list, and each document in parts.

Nothing of a document stays decoded here. Each part is read from the disk when it is asked for, so that an agent with
fifty documents on its shelf needs no more memory than one without.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

from agent.clocking import duty
from agent.clocking.desk import KioskScreens
from agent.kiosk.county_lists import OfferedBundles
from agent.kiosk.document_parts import cleaned, parts_of
from agent.kiosk.table import Rows
from agent.shelf.gist import DocumentHead
from agent.shelf.state import HeldBundle
from agent.timekeeping.clock import StationClock
from protocol.bundles import BundleKind
from protocol.documents import Document, read_document
from protocol.kiosk_documents import (
    MAX_PICTURE_BYTES,
    SHELF_PAGE,
    AskPicture,
    CloseDocument,
    DocumentGone,
    DocumentShown,
    GoneWhy,
    OpenDocument,
    OpenShelf,
    PictureShown,
    ShelfEntry,
    ShelfShown,
)
from protocol.plain_text import one_line
from protocol.refusal import Refused

log = logging.getLogger(__name__)

KINDS: tuple[BundleKind, ...] = ("disclosure", "library")
"""Kinds of bundle that hold documents, in the order of the list."""
NEW_DAYS = 7
"""For so many days a document counts as new."""


class ShelfOfDocuments(OfferedBundles, Protocol):
    """The shelf, as this room needs it."""

    def heads(self, bundle: HeldBundle) -> Sequence[DocumentHead]:
        """Return what documents stand on the shelf in a bundle."""

    def has(self, bundle: str) -> bool:
        """Tell whether a bundle is in force here, whether or not its time has come or is over."""

    def read_item(self, bundle: HeldBundle, name: str) -> bytes:
        """Read a file of a bundle.

        Raises:
            KeyError: The bundle has no such file.
            Refused: The file is no longer what it was.
            OSError: It can't be read.
        """


class _Reading(NamedTuple):
    """What somebody reads at a kiosk."""

    bundle: str
    version: int
    document: str


class DocumentDesk:
    """Answers `OpenShelf`, `OpenDocument` and `AskPicture`. Used on the core thread only."""

    def __init__(self, *, clock: StationClock, shelf: ShelfOfDocuments, screens: KioskScreens) -> None:
        self._clock = clock
        self._shelf = shelf
        self._screens = screens
        self._reading: dict[int, _Reading] = {}
        """By the kiosks that are there; the socket bounds their number."""

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {
            OpenShelf: self._list,
            OpenDocument: self._open,
            CloseDocument: self._close,
            AskPicture: self._picture,
        }

    def kiosk_left(self, kiosk: int) -> None:
        """Nobody reads any more at a kiosk that is gone."""
        self._reading.pop(kiosk, None)

    def look(self) -> None:
        """Tell whoever reads a document that is no longer in force."""
        for kiosk, reading in list(self._reading.items()):
            held = self._held(reading.bundle)
            if held is None or held.version != reading.version:
                del self._reading[kiosk]
                self._gone(kiosk, reading.bundle, reading.document, self._why_gone(held, reading.bundle))

    def _list(self, kiosk: int, asked: OpenShelf) -> None:
        entries = self._entries(KINDS if asked.what == "all" else tuple(k for k in KINDS if k == asked.what))
        page = entries[asked.start : asked.start + SHELF_PAGE]
        self._screens.answer(kiosk, ShelfShown(what=asked.what, start=asked.start, total=len(entries), entries=page))

    def _entries(self, kinds: Sequence[BundleKind]) -> list[ShelfEntry]:
        today = duty.local_day(self._clock.now().wall)
        # Without the date nothing can be called new.
        since = (today - timedelta(days=NEW_DAYS)).isoformat() if self._clock.dated else "9999-12-31"
        found: list[ShelfEntry] = []
        for kind in kinds:
            of_kind = [
                ShelfEntry(
                    bundle=held.id,
                    document=head.id,
                    title=one_line(head.title),
                    kind=head.kind,
                    period=head.period,
                    published=head.published,
                    source=one_line(head.source),
                    sample=head.sample,
                    new=head.published > since,
                )
                for held in self._shelf.bundles(kind)
                for head in self._shelf.heads(held)
            ]
            # By title first, so that documents of one day keep one order whatever bundle they came in.
            of_kind.sort(key=lambda entry: (entry.title, entry.bundle))
            of_kind.sort(key=lambda entry: entry.published, reverse=True)
            found += of_kind
        return found

    def _open(self, kiosk: int, asked: OpenDocument) -> None:
        held = self._held(asked.bundle)
        if held is None or asked.version not in (0, held.version):
            self._gone(kiosk, asked.bundle, asked.document, self._why_gone(held, asked.bundle))
            return
        document = self._read(held, asked.document)
        parts = parts_of(document) if document is not None else []
        if document is None or asked.part >= len(parts):
            self._gone(kiosk, asked.bundle, asked.document, "unreadable")
            return
        part = parts[asked.part]
        self._reading[kiosk] = _Reading(held.id, held.version, asked.document)
        self._screens.answer(
            kiosk,
            DocumentShown(
                bundle=held.id,
                version=held.version,
                document=document.id,
                part=asked.part,
                more=asked.part + 1 < len(parts),
                title=one_line(document.title),
                kind=document.kind,
                period=document.period,
                published=document.published,
                source=one_line(document.source),
                sample=document.sample,
                blocks=[cleaned(block) for block in part.blocks],
                continues=part.continues,
                wrong=part.wrong,
            ),
        )

    def _close(self, kiosk: int, _: CloseDocument) -> None:
        self._reading.pop(kiosk, None)

    def _read(self, held: HeldBundle, document: str) -> Document | None:
        heads = self._shelf.heads(held)
        ident = document or (heads[0].id if heads else "")
        try:
            return read_document(self._shelf.read(held).content, ident)
        except (Refused, OSError, KeyError) as error:
            log.warning("a document of bundle %s can't be read: %s", held.id, error)
            return None

    def _picture(self, kiosk: int, asked: AskPicture) -> None:
        content = b""
        held = self._held(asked.bundle, (*KINDS, "questions"))
        try:
            if held is not None and asked.version in (0, held.version):
                content = self._shelf.read_item(held, asked.item)
        except (Refused, OSError, KeyError) as error:
            log.warning("a picture of bundle %s can't be read: %s", asked.bundle, error)
        # What is too large for a line is not shown; its words stand for it.
        fits = len(content) <= MAX_PICTURE_BYTES
        self._screens.answer(
            kiosk, PictureShown(bundle=asked.bundle, item=asked.item, content=content if fits else b"")
        )

    def _held(self, bundle: str, kinds: tuple[BundleKind, ...] = KINDS) -> HeldBundle | None:
        return next((held for kind in kinds for held in self._shelf.bundles(kind) if held.id == bundle), None)

    def _why_gone(self, held: HeldBundle | None, bundle: str) -> GoneWhy:
        if held is not None:
            return "replaced"
        return "over" if self._shelf.has(bundle) else "withdrawn"

    def _gone(self, kiosk: int, bundle: str, document: str, why: GoneWhy) -> None:
        self._reading.pop(kiosk, None)
        self._screens.answer(kiosk, DocumentGone(bundle=bundle, document=document, why=why))
