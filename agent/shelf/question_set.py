"""A pack whose questions stay on disk. Twenty packs of a thousand questions would not fit the agent's memory."""

from collections.abc import Callable, Collection

from protocol.packs import (
    AnswerKey,
    Level,
    LevelHead,
    PackHead,
    Question,
    find_questions,
    read_head,
    read_keys,
    read_level,
)


class QuestionSet:
    """The head of a pack, and a way to its questions, which are read one level at a time."""

    def __init__(self, head: PackHead, read: Callable[[], bytes]) -> None:
        """Take a pack whose head was read and checked before.

        Args:
            read: Returns the encoded `protocol.packs.Pack`, the same bytes each time, or raises ``OSError`` or
                ``Refused``.
        """
        self.head = head
        self._read = read

    @classmethod
    def checked(cls, read: Callable[[], bytes]) -> "QuestionSet":
        """Read and check the whole pack once.

        Raises:
            Refused: The pack contradicts itself.
            OSError: It can't be read.
        """
        return cls(read_head(read()), read)

    @property
    def id(self) -> str:
        """The pack's id."""
        return self.head.id

    @property
    def version(self) -> int:
        """The pack's version."""
        return self.head.version

    @property
    def title(self) -> str:
        """The subject, for people."""
        return self.head.title

    @property
    def sample(self) -> bool:
        """Whether the material is plainly fictional."""
        return self.head.sample

    @property
    def levels(self) -> list[LevelHead]:
        """The levels in their order, without questions."""
        return self.head.levels

    def is_for(self, type_: str) -> bool:
        """Tell whether it is shown to people of a type; of an empty one: to whoever has not shown who they are."""
        return not self.head.types or type_ in self.head.types

    def read_keys(self) -> dict[str, AnswerKey]:
        """Return the answers of all its questions, by id.

        Raises:
            Refused: The file is no longer what it was.
            OSError: It can't be read.
        """
        return read_keys(self._read())

    def find_questions(self, names: Collection[str]) -> dict[str, tuple[LevelHead, Question]]:
        """Return those of these questions that the pack has, each with its level, by id.

        Raises:
            Refused: The file is no longer what it was.
            OSError: It can't be read.
        """
        return find_questions(self._read(), names)

    def read_level(self, level: str) -> Level:
        """Read one level with its questions.

        Raises:
            KeyError: The pack has no such level.
            Refused: The file is no longer what it was.
            OSError: It can't be read.
        """
        for place, head in enumerate(self.head.levels):
            if head.id == level:
                return read_level(self._read(), place)
        raise KeyError(level)
