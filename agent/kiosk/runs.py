"""A run: a person, or somebody, goes through questions of a level or of their wrong book.

It is in memory only and ends with the agent. Options are shuffled on the screen; facts name the pack's own option
numbers.
"""

import secrets
from collections.abc import Iterable, Sequence
from random import Random

from msgspec import Struct, field

from agent.kiosk.visits import Visit
from protocol.facts_learning import LearningMode
from protocol.kiosk_learning import Marked, QuestionShown
from protocol.packs import LIVES, Level, LevelHead, PackHead, Question, is_right
from protocol.progress import QuestionName


class Asked(Struct, frozen=True):
    """A question of a run with its options in the order shown: ``order[i]`` is the pack's number of the option shown
    at ``i``."""

    pack: PackHead
    level: LevelHead
    question: Question
    order: Sequence[int]

    def as_shown(self, numbers: Iterable[int]) -> list[int]:
        """Return the numbers as shown of the pack's options."""
        return [self.order.index(number) for number in numbers]

    def as_in_pack(self, numbers: Iterable[int]) -> list[int]:
        """Return the pack's numbers of the options shown."""
        return [self.order[number] for number in numbers]


def asked_of(pack: PackHead, level: LevelHead, question: Question, *, random: Random) -> Asked:
    """Shuffle a question's options; 对 and 错 stay where people look for them."""
    order = list(range(len(question.options)))
    if question.kind != "true_false":
        random.shuffle(order)
    return Asked(pack, level, question, order)


def drawn(pack: PackHead, level: Level, *, random: Random) -> list[Asked]:
    """Draw the questions of a run through a level, each as likely as every other, in a random order."""
    head = LevelHead(id=level.id, name=level.name)
    return [asked_of(pack, head, one, random=random) for one in random.sample(level.questions, level.draw)]


class Run(Struct):
    """Where somebody stands in a run."""

    asked: list[Asked]
    mode: LearningMode
    visit: Visit | None
    """The visit in which it was opened; None if nobody has said who they are."""
    began_ms: int
    """When its first question was shown, by the monotonic clock."""
    shown_ms: int
    """When the question that is open was shown for the first time."""
    id: bytes = field(default_factory=lambda: secrets.token_bytes(8))
    first: bool = False
    """The level had no star before."""
    wrong: set[QuestionName] = field(default_factory=set)
    place: int = 0
    lives: int = LIVES
    right: int = 0
    graded: Marked | None = None

    @property
    def now(self) -> Asked:
        """The question that is open."""
        return self.asked[self.place]

    @property
    def to_come(self) -> list[Asked]:
        """The questions that are not answered yet."""
        return self.asked[self.place + (self.graded is not None) :]

    @property
    def over(self) -> bool:
        """Whether nothing more is asked."""
        return self.lives == 0 or (self.place == len(self.asked) - 1 and self.graded is not None)

    @property
    def stars(self) -> int:
        """A star for each life that is left at the end of a level."""
        return self.lives if self.over and self.mode == "level" else 0

    def shown(self) -> QuestionShown:
        """Return the open question as the kiosk shows it."""
        asked = self.now
        question = asked.question
        return QuestionShown(
            run=self.id.hex(),
            title=asked.pack.title,
            level=asked.level.name,
            sample=asked.pack.sample,
            number=self.place + 1,
            of=len(self.asked),
            lives=self.lives,
            kind=question.kind,
            question=question.id,
            stem=question.stem,
            options=[question.options[number] for number in asked.order],
            pack=asked.pack.id,
            pack_version=asked.pack.version,
            picture=question.picture,
            sound=question.sound is not None,
            mode=self.mode,
        )

    def marked(self, chosen: Sequence[int]) -> Marked:
        """Mark an answer to the open question, given by the numbers shown. Nothing is changed yet."""
        asked = self.now
        right = is_right(asked.question, asked.as_in_pack(chosen))
        # Nobody loses a life over what comes back because it went wrong before.
        lost = not right and self.mode == "level"
        return Marked(
            run=self.id.hex(),
            question=asked.question.id,
            right=right,
            chosen=list(chosen),
            answer=asked.as_shown(asked.question.answer),
            explanation=asked.question.explanation,
            source=asked.question.source,
            lives=self.lives - lost,
        )

    def take(self, marked: Marked) -> None:
        """Count a marked answer."""
        self.lives = marked.lives
        self.right += marked.right
        if not marked.right:
            self.wrong.add((self.now.pack.id, marked.question))
        self.graded = marked

    def go_on(self, mono_ms: int) -> None:
        """Open the next question."""
        self.place, self.graded, self.shown_ms = self.place + 1, None, mono_ms
