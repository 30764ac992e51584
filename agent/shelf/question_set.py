"""A pack whose questions stay on disk. Twenty packs of a thousand questions would not fit the agent's memory."""

from collections.abc import Callable

from protocol.packs import Level, LevelHead, PackHead, read_head, read_level


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
