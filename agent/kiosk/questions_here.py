"""Which questions of people's wrong books the packs here still have (``docs/learning.md``, 4.5)."""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable

from agent.shelf.question_set import QuestionSet
from protocol.progress import QuestionName
from protocol.refusal import Refused

log = logging.getLogger(__name__)

MOST_KEPT = 4_000
"""Questions of which it is remembered: four wrong books as long as they can be (`protocol.progress.MAX_QUESTIONS`)."""


class QuestionsHere:
    """Looks questions up in packs, and remembers what it found in a version, because each map asks for a whole book."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int], dict[str, bool]] = {}
        """By pack and version, whether it has a question."""

    def among(self, packs: Iterable[QuestionSet], names: Iterable[QuestionName]) -> set[QuestionName]:
        """Return those of these questions that one of these packs has. A pack that can't be read has none."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for pack, question in names:
            wanted[pack].add(question)
        if sum(map(len, self._found.values())) > MOST_KEPT:
            self._found = {}
        return {
            (pack.id, question) for pack in packs if pack.id in wanted for question in self._of(pack, wanted[pack.id])
        }

    def _of(self, pack: QuestionSet, names: Collection[str]) -> list[str]:
        found = self._found.setdefault((pack.id, pack.version), {})
        if new := set(names).difference(found):
            try:
                there = pack.find_questions(new)
            except (OSError, Refused) as error:
                log.warning("pack %s can't be read: %s", pack.id, error)
                return []
            found |= {name: name in there for name in new}
        return [name for name in names if found[name]]
