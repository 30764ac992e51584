"""The answers that count for attempts with earlier versions of the packs that are here."""

import logging

from agent.kiosk.library import Library
from protocol.packs import AnswerKey
from protocol.refusal import Refused

log = logging.getLogger(__name__)

PACKS_KEPT = 4
"""Packs whose answers are in memory: those that people here played in an earlier version."""


class KeyBook:
    """Finds the answer by which an attempt is marked now (``docs/learning.md``, section 2)."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._keys: dict[tuple[str, int], dict[str, AnswerKey]] = {}
        """By pack and version."""

    def key(self, pack: str, question: str, version: int) -> AnswerKey | None:
        """Return the answer in the newest version of the pack that is here, if it counts for an attempt with this
        version; None otherwise: then the attempt stays as it was marked."""
        here = self._library.find(pack)
        # Whoever played the version that is here was marked by it, and an older one marks nobody anew.
        if here is None or here.version <= version:
            return None
        name = (pack, here.version)
        if name not in self._keys:
            while len(self._keys) >= PACKS_KEPT:
                del self._keys[next(iter(self._keys))]
            try:
                self._keys[name] = here.read_keys()
            except (OSError, Refused) as error:
                log.warning("pack %s can't be read: %s", pack, error)
                return None
        found = self._keys[name].get(question)
        return found if found is not None and found.since <= version else None
