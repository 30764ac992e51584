"""Right or wrong, by sign and word, with the answer, the explanation and where it comes from."""

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.places.room import Room
from kiosk_tui.screens.question import heading, in_what, leaving, space_after_cap
from kiosk_tui.screens.text import ScreenText
from kiosk_tui.views.learning import MarkedView, ReviewView
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from kiosk_tui.words import learning as words_learning
from protocol.kiosk_learning import Marked, QuestionShown


def marked_text(view: MarkedView, _: Room) -> ScreenText:
    """Explain the answer. This is shown after every one."""
    onward = KeyHint(words.ENTER, words_learning.KEY_RESULT if view.last else words_learning.KEY_NEXT)
    return ScreenText(
        heading(view.question),
        (*_above(view), *_blocks(view.question, view.marked)),
        (onward, KeyHint("0", leaving(view.question)), KeyHint("9", words.KEY_HELP)),
        right=in_what(view.question, view.marked.lives),
    )


def _above(view: MarkedView) -> list[Block]:
    """Return the line above the explanation: what leaving means, or a short notice."""
    said = view.note
    if view.leaving and view.question.mode == "review":
        said = words_learning.LEAVE_BOOK
    elif view.leaving:
        said = words_learning.leave(named=view.named, marked=True, ended=view.last)
    return [Block(said, " ", theme.WARNING, theme.WARNING)] if said else []


def review_text(view: ReviewView, _: Room) -> ScreenText:
    """Explain a wrong answer of the level that has ended, below its question."""
    onward = KeyHint(
        words.ENTER, words_learning.KEY_NEXT_WRONG if view.number < view.of else words_learning.KEY_REVIEWED
    )
    return ScreenText(
        words_learning.wrong_place(view.number, view.of),
        (Block(view.question.stem, style=theme.STRONG, gap=1), *_blocks(view.question, view.marked)),
        (onward, KeyHint("0", words.KEY_BACK), KeyHint("9", words.KEY_HELP)),
    )


def _blocks(question: QuestionShown, marked: Marked) -> tuple[Block, ...]:
    style = theme.RIGHT if marked.right else theme.WRONG
    verdict = Block(words_learning.RIGHT if marked.right else words_learning.WRONG, " ", style, style, gap=1)
    return (
        verdict,
        *(_order(question, marked) if question.kind == "ordering" else _choice(question, marked)),
        Block(marked.explanation, gap=2),
        Block(words_learning.source(marked.source), style=theme.QUIET, gap=2),
    )


def _choice(question: QuestionShown, marked: Marked) -> list[Block]:
    given = [] if marked.right else [Block(_texts(question, marked.chosen), words_learning.YOUR_ANSWER, gap=2)]
    answer = Block(
        _texts(question, marked.answer),
        words_learning.ANSWER_IS,
        theme.STRONG,
        theme.STRONG,
        gap=2 if marked.right else 0,
    )
    return [*given, answer]


def _order(question: QuestionShown, marked: Marked) -> list[Block]:
    given = "→".join(str(number + 1) for number in marked.chosen)
    right = "→".join(str(number + 1) for number in marked.answer)
    space = space_after_cap(question)
    steps = (
        Block(space + question.options[number], f" {number + 1} ", "", theme.CAP)
        for number in marked.answer
        if 0 <= number < len(question.options)
    )
    mine = [] if marked.right else [Block(given, words_learning.YOUR_ORDER, gap=2)]
    return [
        *mine,
        Block(right, words_learning.ANSWER_ORDER, theme.STRONG, theme.STRONG, gap=2 if marked.right else 0),
        *steps,
    ]


def right_answer(question: QuestionShown, marked: Marked) -> str:
    """Return the right options in one line; of an order, one after the other."""
    if question.kind != "ordering":
        return _texts(question, marked.answer)
    return "→".join(question.options[number] for number in marked.answer if 0 <= number < len(question.options))


def _texts(question: QuestionShown, numbers: list[int]) -> str:
    return words.listed(question.options[number] for number in numbers if 0 <= number < len(question.options))
