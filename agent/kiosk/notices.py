"""Answer a kiosk that shows the notices: their lines from memory, and the text of one from the shelf."""

import logging
from collections.abc import Sequence
from typing import Protocol

from agent.clocking.desk import KioskScreens
from agent.kiosk.table import Rows
from agent.shelf.gist import NoticeLine as HeldLine
from agent.shelf.state import HeldBundle
from protocol.bundle_contents import Notice, Notices, read_content
from protocol.bundles import Bundle
from protocol.kiosk_notices import MAX_NOTICES, AskNotices, NoticeLine, NoticeShown, NoticesShown, OpenNotice
from protocol.refusal import Refused

log = logging.getLogger(__name__)


class OfferedNotices(Protocol):
    """The shelf, as this room needs it."""

    def notices(self) -> Sequence[tuple[HeldBundle, HeldLine]]:
        """Return the notices that can be shown now, each with its bundle."""

    def read(self, bundle: HeldBundle) -> Bundle:
        """Read a bundle.

        Raises:
            Refused: The file is no longer what it was.
            OSError: It can't be read.
        """


class NoticeRoom:
    """The notices of the county and the village. Used on the core thread."""

    def __init__(self, *, offered: OfferedNotices, screens: KioskScreens) -> None:
        self._offered = offered
        self._screens = screens

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {AskNotices: self._ask, OpenNotice: self._open}

    def _ask(self, kiosk: int, _: AskNotices) -> None:
        lines = [
            NoticeLine(id=line.id, line=line.line, kind=line.kind, urgent=line.urgent)
            for _, line in self._offered.notices()
        ]
        self._screens.answer(kiosk, NoticesShown(notices=lines[:MAX_NOTICES]))

    def _open(self, kiosk: int, asked: OpenNotice) -> None:
        found = next((held for held, line in self._offered.notices() if line.id == asked.id), None)
        notice = self._notice(found, asked.id) if found is not None else None
        if notice is None:
            self._screens.answer(kiosk, NoticeShown(id=asked.id))
            return
        shown = NoticeShown(
            id=notice.id,
            line=notice.line,
            text=notice.text,
            kind=notice.kind,
            source=notice.source,
            owner=notice.owner,
            until=notice.not_after,
        )
        self._screens.answer(kiosk, shown)

    def _notice(self, held: HeldBundle, id: str) -> Notice | None:
        try:
            content = read_content(self._offered.read(held))
        except (Refused, OSError) as error:
            log.warning("the notices %s %d can't be read: %s", held.id, held.version, error)
            return None
        notices = content.notices if isinstance(content, Notices) else []
        return next((one for one in notices if one.id == id), None)
