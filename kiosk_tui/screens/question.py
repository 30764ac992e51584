"""A question and its options."""

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import Block, cells
from kiosk_tui.places.room import Room
from kiosk_tui.screens.text import ScreenText
from kiosk_tui.views.common import QuestionView
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from protocol.kiosk_learning import QuestionShown

_NARROW_ROOM = 47
"""Cells that an option has on the narrowest screen, beside its cap and a space. A longer option goes without the
space."""


def question_text(view: QuestionView, _: Room) -> ScreenText:
    """Ask one question of a level."""
    question = view.question
    space = space_after_cap(question)
    options = []
    for number, text in enumerate(question.options):
        gap = 1 if number else 2
        if number in view.chosen:
            options.append(Block(space + text, f"[{number + 1}]", theme.CHOSEN, theme.CHOSEN_CAP, gap))
        else:
            options.append(Block(space + text, f" {number + 1} ", "", theme.CAP, gap))
    blocks = (
        Block(question.stem, style=theme.STRONG, gap=1),
        Block(words.KIND[question.kind], style=theme.QUIET),
        *options,
        *_state(view),
    )
    picking = question.kind in ("multiple", "ordering")
    back = KeyHint("0", words.KEY_CLEAR if view.chosen and picking else words.KEY_LEAVE)
    confirm = (KeyHint(words.ENTER, words.KEY_CONFIRM),) if picking else ()
    hints = (*confirm, back, KeyHint("9", words.KEY_HELP))
    return ScreenText(heading(question), blocks, hints, right=words.lives(question.lives))


def heading(question: QuestionShown) -> str:
    """Return the level's name and the question's place in it; a sample pack is named as one."""
    place = f"{question.level}·{words.question_place(question.number, question.of)}"
    return f"{words.SAMPLE}·{place}" if question.sample else place


def space_after_cap(question: QuestionShown) -> str:
    """Return the space between an option's cap and its text; none if the longest option needs all the room."""
    return " " if max(map(cells, question.options), default=0) <= _NARROW_ROOM else ""


def _state(view: QuestionView) -> list[Block]:
    """Return the line below the options: a warning, or that the answer is being judged, or what is chosen so far."""
    if view.leaving:
        return [Block(words.LEAVE, " ", theme.WARNING, theme.WARNING, gap=2)]
    if view.note:
        return [Block(view.note, " ", theme.WARNING, theme.WARNING, gap=2)]
    if view.asked:
        return [Block(words.RECORDING, style=theme.QUIET, gap=2)]
    numbers = [number + 1 for number in view.chosen]
    if view.question.kind == "ordering":
        return [Block(words.chosen_order(numbers), style=theme.TITLE, gap=2)]
    if view.question.kind == "multiple":
        return [Block(words.chosen(numbers), style=theme.TITLE, gap=2)]
    return []
