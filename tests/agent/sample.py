"""A plainly fictional learning pack."""

from hashlib import sha256

from protocol.packs import Level, Pack, Question, seal_pack
from protocol.twin import PackRef
from tests.agent.bench import COUNTY_KEY


def question(number: int) -> Question:
    """Return a question whose right answer is option 1."""
    return Question(
        id=f"q{number}",
        kind="single",
        stem=f"示例题 {number}",
        options=["甲", "乙", "丙", "丁"],
        answer=[1],
        explanation="示例解释",
        source="示例来源",
    )


def pack(*, version: int = 1) -> Pack:
    """Return a pack of two levels of five questions."""
    levels = [
        Level(id=name, name=f"第{name}关", draw=5, questions=[question(n) for n in range(first, first + 7)])
        for name, first in (("1", 0), ("2", 10))
    ]
    return Pack(id="sample", version=version, title="示例学习包", sample=True, levels=levels)


def sealed(wanted: Pack) -> tuple[PackRef, bytes]:
    """Return a pack's file and the reference that names it."""
    file = seal_pack(COUNTY_KEY, wanted)
    ref = PackRef(pack=wanted.id, version=wanted.version, sha256=sha256(file).digest(), size=len(file))
    return ref, file
