"""Find what people may see now by the digits of its title."""

import logging
from collections.abc import Callable

from agent.shelf.find_index import FINDABLE, FindIndex, NotIndexed
from agent.shelf.offered import Offered
from protocol.kiosk_find import MAX_HITS, Found, Hit

log = logging.getLogger(__name__)


class Finder:
    """Asks the index. Used on the core thread."""

    def __init__(self, index: FindIndex, *, offered: Offered, lacking: Callable[[], None]) -> None:
        """Begin.

        Args:
            lacking: Called when the index lacks something, so that it is made anew.
        """
        self._index = index
        self._offered = offered
        self._lacking = lacking
        self._readable = True

    def find(self, digits: str) -> Found:
        """Return what fits these digits."""
        offered = [one for kind in FINDABLE for one in self._offered.bundles(kind)]
        if not offered:
            return Found(digits=digits)
        try:
            fitting, complete = self._index.search(digits, offered, limit=MAX_HITS + 1)
        except NotIndexed as error:
            if self._readable:
                log.info("titles can't be searched: %s", error)
            fitting, complete, self._readable = [], False, False
        else:
            self._readable = True
        if not complete:
            self._lacking()
        hits = [Hit(bundle=one.held.id, of=one.of, kind=one.held.kind, title=one.title) for one in fitting]
        return Found(digits=digits, hits=hits[:MAX_HITS], more=len(hits) > MAX_HITS, ready=complete)
