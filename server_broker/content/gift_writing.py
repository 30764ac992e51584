"""Write a question bank in GIFT, so that a Moodle shows it sensibly and `gift_reading` reads the same bank again.

The texts are marked ``[plain]``, because ours have no markup and a Moodle must not take ``<`` for any. The source is
the last line of the general feedback. What a Moodle has no place for stands in comments (`gift_marks`).
"""

import html
from collections.abc import Iterator

from protocol.packs import Question
from server_broker.content import gift_marks as marks
from server_broker.content.bank import TRUE_FALSE, Bank, BankLevel
from server_broker.content.gift_reading import ARROW
from server_broker.content.gift_signs import escape

_SHARES = {1: "100", 2: "50", 3: "33.33333", 4: "25", 5: "20", 6: "16.66667"}
"""The weights of so many right answers, as a Moodle lets one choose them."""


def gift_of(bank: Bank) -> str:
    """Return the bank as the text of a GIFT file."""
    return "\n".join(_lines(bank))


def _lines(bank: Bank) -> Iterator[str]:
    yield marks.say(marks.BANK_ID, bank.id)
    yield marks.say(marks.TITLE, bank.title)
    if bank.sample:
        yield marks.say(marks.SAMPLE, marks.YES)
    if bank.owner:
        yield marks.say(marks.OWNER, bank.owner)
    if bank.review_by is not None:
        yield marks.say(marks.REVIEW, bank.review_by.isoformat())
    yield ""
    for level in bank.levels:
        yield from _level(bank, level)


def _level(bank: Bank, level: BankLevel) -> Iterator[str]:
    yield marks.say(marks.LEVEL_ID, level.id)
    yield marks.say(marks.DRAW, str(level.draw))
    # Blanks beside the slash, because a name may begin or end with one.
    yield f"$CATEGORY: $course$ / top / {_part(bank.title)} / {_part(level.name)}"
    yield ""
    for question in level.questions:
        yield from _question(question)
        yield ""


def _part(name: str) -> str:
    return name.replace("\\", "\\\\").replace("/", "//")


def _question(question: Question) -> Iterator[str]:
    tags = []
    if question.picture is not None:
        tags.append(marks.tag(marks.PICTURE, question.picture))
    if question.sound is not None:
        tags.append(marks.tag(marks.SOUND, question.sound))
    plain_word = question.kind == "true_false" and tuple(question.options) == TRUE_FALSE
    if question.kind == "true_false" and not plain_word:
        tags.append(marks.tag(marks.KIND, marks.TRUE_FALSE_KIND))
    if tags:
        yield f"// {' '.join(tags)}"
    # GIFT has no escape for an arrow, but HTML has.
    as_html = question.kind == "ordering" and any(ARROW in option for option in question.options)
    texts = _Texts(as_html=as_html)
    yield f"::{escape(question.id)}::{texts.stem(question.stem)}{{{_word(question) if plain_word else ''}"
    if not plain_word:
        yield from _options(question, texts)
    yield f"####{texts.two_lines(question.explanation, f'出处：{question.source}')}"
    yield "}"


def _word(question: Question) -> str:
    return "T" if question.answer == [0] else "F"


def _options(question: Question, texts: "_Texts") -> Iterator[str]:
    for number, option in enumerate(question.options):
        written = texts.of(option)
        match question.kind:
            case "ordering":
                yield f"\t={written} {ARROW} {question.answer.index(number) + 1}"
            case "multiple":
                # Choosing everything must not be right.
                weight = _SHARES[len(question.answer)] if number in question.answer else "-100"
                yield f"\t~%{weight}%{written}"
            case _ if number in question.answer:
                yield f"\t={written}"
            case _:
                # Otherwise a text that begins with a percentage would be taken for a weight.
                yield f"\t~{'%0%' if option.startswith('%') else ''}{written}"


class _Texts:
    """Writes the texts of one question, all in one format."""

    def __init__(self, *, as_html: bool) -> None:
        self._as_html = as_html
        self._mark = "[html]" if as_html else "[plain]"

    def stem(self, text: str) -> str:
        """Return the stem with the mark that holds for all texts of the question."""
        return self._mark + escape(self._written(text))

    def of(self, text: str) -> str:
        """Return another text. One that begins like a mark must not be one, so it gets the mark that holds anyway."""
        return (self._mark if text.startswith("[") else "") + escape(self._written(text))

    def two_lines(self, text: str, below: str) -> str:
        """Return two texts, one below the other."""
        return self.of(text) + escape(f"{'<br>' if self._as_html else chr(10)}{self._written(below)}")

    def _written(self, text: str) -> str:
        # A backslash or a dollar could begin a formula.
        return html.escape(text).replace("\\", "&#92;").replace("$", "&#36;") if self._as_html else text
