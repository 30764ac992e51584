"""What is wrong with the county's record, as a value and as a Chinese sentence."""

from dataclasses import dataclass, field
from typing import Literal

type Where = Literal["stream", "audit", "row", "manifest", "station", "kept"]


@dataclass(frozen=True, slots=True)
class Problem:
    """The first thing that is wrong in one part of the record.

    Attributes:
        where: The part.
        place: Which one of it: a seq, an entry's number, a table and row, a manifest's number.
        said: What is wrong, in Chinese.
    """

    where: Where
    place: str
    said: str

    def sentence(self) -> str:
        """Return the problem in one Chinese sentence."""
        return f"{_PLACES[self.where].format(self.place)}：{self.said}"


_PLACES: dict[Where, str] = {
    "stream": "县记录链第 {} 条",
    "audit": "审计第 {} 条",
    "row": "{}",
    "manifest": "第 {} 号总账",
    "station": "站点 {}",
    "kept": "站点留下的第 {} 号总账",
}


@dataclass(slots=True)
class Verdict:
    """What a check has counted, and everything that it found wrong: the first thing of each part."""

    facts: int = 0
    entries: int = 0
    rows: int = 0
    derived: int = 0
    """Rows that were made of stations' facts."""
    manifests: int = 0
    notices: list[str] = field(default_factory=list)
    """What a person should know although nothing is wrong, in Chinese."""
    problems: list[Problem] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems
