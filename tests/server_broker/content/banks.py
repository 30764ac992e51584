"""Question banks for tests, and any bank that hypothesis thinks of."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from hypothesis import strategies as st

from protocol.packs import Question, QuestionKind
from server_broker.content.bank import Bank, BankLevel, tidy, usual
from server_broker.content.gathering import Gathering, Outcome
from server_broker.content.gift_reading import read_gift

STARTER = Path(__file__).parents[3] / "server_broker" / "content" / "starter"
NASTY = "\\:#={}~%[]<>&/$-'\"+@,;|*_`!·，。“”（）《》？ "
"""Signs that mean something to GIFT, HTML, Markdown, a spreadsheet or CSV."""
_MARKS = """-> #### :: // [html] [plain] %50% %-100% $CATEGORY: \\n \\\\ <b> &lt; $$ _____ 出处： =1+1 '=1 '' 题库编号：
[tag:图片=a] _x0041_ TRUE 1.0 0012 \\( 村民"""
WORDS = st.sampled_from(_MARKS.split())


def text(longest: int) -> st.SearchStrategy[str]:
    """Any clean text of at most so many characters, with the signs that are hard to carry."""
    letters = st.one_of(
        st.sampled_from(NASTY), st.sampled_from("村务公开三会一课abcT1290"), st.characters(codec="utf-8")
    )
    pieces = st.lists(st.one_of(letters, letters, WORDS), min_size=1, max_size=longest)
    return pieces.map(lambda found: tidy("".join(found))[:longest]).map(tidy).filter(bool)


FILE_NAMES = st.from_regex(r"[a-z\]\[=图]{1,12}\.(jpg|ogg)", fullmatch=True)


@st.composite
def questions(draw: st.DrawFn, identity: str) -> Question:
    kind: QuestionKind = draw(st.sampled_from(["single", "multiple", "true_false", "ordering"]))
    count = 2 if kind == "true_false" else draw(st.integers(2, 6))
    options = draw(st.lists(text(24), min_size=count, max_size=count, unique=True))
    if kind == "true_false" and draw(st.booleans()):
        options = ["对", "错"]
    numbers = draw(st.permutations(range(count)))
    answer = {"single": numbers[:1], "true_false": numbers[:1], "ordering": numbers}.get(kind)
    return usual(
        Question(
            id=identity,
            kind=kind,
            stem=draw(text(60)),
            options=options,
            answer=answer if answer is not None else numbers[: draw(st.integers(1, count))],
            explanation=draw(text(120)),
            source=draw(text(60)),
            picture=draw(st.none() | FILE_NAMES),
            sound=draw(st.none() | FILE_NAMES),
        )
    )


@st.composite
def banks(draw: st.DrawFn) -> Bank:
    """A bank in its usual form. Its levels and questions have ids that differ."""
    ids = draw(st.lists(text(64), min_size=1, max_size=4, unique=True))
    names = draw(st.lists(text(64), min_size=1, max_size=3, unique=True))
    levels: list[BankLevel] = []
    for place, name in enumerate(names):
        own = ids[place :: len(names)]
        if own:
            found = tuple(draw(questions(identity)) for identity in own)
            levels.append(BankLevel(f"{draw(text(20))}{place}", name, draw(st.integers(0, 12)), found))
    return Bank(
        draw(text(64)),
        draw(text(64)),
        tuple(levels),
        draw(st.booleans()),
        draw(text(30) | st.just("")),
        draw(st.none() | st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31))),
    )


def gift(lines: str | Iterable[str]) -> tuple[Bank, list[Outcome]]:
    """Read GIFT text."""
    into = Gathering()
    outcomes = list(read_gift(lines.split("\n") if isinstance(lines, str) else lines, into))
    return into.bank(title="示例题库"), outcomes


def question(**changed: object) -> Question:
    """A question that is good, as far as it is not changed."""
    given = {
        "id": "q1",
        "kind": "single",
        "stem": "示例题目？",
        "options": ["甲", "乙", "丙"],
        "answer": [1],
        "explanation": "示例解释。",
        "source": "《示例办法》第一条",
    }
    return Question(**(given | changed))  # type: ignore[arg-type]
