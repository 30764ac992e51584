"""A question and its options."""

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.picture_shape import Shape
from kiosk_tui.drawing.placing import place
from kiosk_tui.drawing.typeset import Block, cells
from kiosk_tui.places.lesson import PICTURE_KEY
from kiosk_tui.places.room import Room
from kiosk_tui.screens.text import ScreenText
from kiosk_tui.views.learning import PictureView, QuestionView
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from kiosk_tui.words import learning as words_learning
from protocol.kiosk_learning import QuestionShown

_NARROW_ROOM = 47
"""Cells that an option has on the narrowest screen, beside its cap and a space. A longer option goes without the
space."""


_STATE = 3
"""Lines that are left below the options beside a picture, so that it keeps its size whatever stands there."""


def question_text(view: QuestionView, room: Room) -> ScreenText:
    """Ask one question of a run, with its picture where that is large enough to be made out."""
    question = view.question
    picking = question.kind in ("multiple", "ordering")
    back = KeyHint("0", words.KEY_CLEAR if view.chosen and picking else leaving(question))
    confirm = (KeyHint(words.ENTER, words.KEY_CONFIRM),) if picking else ()
    enlarge = (KeyHint(PICTURE_KEY, words_learning.KEY_PICTURE),) if view.picture else ()
    width, height = room.body
    # Chosen options look otherwise and take the same room.
    text = _asked(question, (), view.picture)
    return ScreenText(
        heading(question),
        (*_asked(question, view.chosen, view.picture), *_state(view)),
        (*confirm, *enlarge, back, KeyHint("9", words.KEY_HELP)),
        right=in_what(question, question.lives),
        picture=place(view.picture, text, Shape(width, height - _STATE)) if view.picture else None,
    )


def picture_text(view: PictureView, room: Room) -> ScreenText:
    """Show a question's picture alone."""
    placed = place(view.picture, (), Shape(*room.body))
    return ScreenText(
        heading(view.question),
        () if placed is not None else (Block(words_learning.NO_PICTURE),),
        (KeyHint("0", words_learning.KEY_TO_QUESTION), KeyHint("9", words.KEY_HELP)),
        picture=placed,
    )


def _asked(question: QuestionShown, chosen: tuple[int, ...], picture: bytes | None) -> tuple[Block, ...]:
    space = space_after_cap(question)
    options = []
    for number, text in enumerate(question.options):
        gap = 1 if number else 2
        if number in chosen:
            options.append(Block(space + text, f"[{number + 1}]", theme.CHOSEN, theme.CHOSEN_CAP, gap))
        else:
            options.append(Block(space + text, f" {number + 1} ", "", theme.CAP, gap))
    sound = [Block(words_learning.HAS_SOUND, style=theme.TITLE)] if question.sound else []
    lacks = words_learning.PICTURE_COMES if picture is None else words_learning.NO_PICTURE
    return (
        Block(question.stem, style=theme.STRONG, gap=1),
        *sound,
        *([Block(lacks, style=theme.QUIET)] if question.picture is not None and not picture else []),
        Block(words_learning.KIND[question.kind], style=theme.QUIET),
        *options,
    )


def in_what(question: QuestionShown, lives: int) -> str:
    """Return what stands at the right of the title: the lives of a level, or that it is the wrong book."""
    return words_learning.BOOK if question.mode == "review" else words_learning.lives(lives)


def leaving(question: QuestionShown) -> str:
    """Return what 0 leaves."""
    return words_learning.KEY_LEAVE_BOOK if question.mode == "review" else words_learning.KEY_LEAVE


def heading(question: QuestionShown) -> str:
    """Return the question's place in its level, and the level's name; a sample pack is named as one."""
    level = f"{words.SAMPLE}·{question.level}" if question.sample else question.level
    # The place goes first: a narrow screen cuts a long name, and how far one is must stay.
    return f"{words_learning.question_place(question.number, question.of)}·{level}"


def space_after_cap(question: QuestionShown) -> str:
    """Return the space between an option's cap and its text; none if the longest option needs all the room."""
    return " " if max(map(cells, question.options), default=0) <= _NARROW_ROOM else ""


def _state(view: QuestionView) -> list[Block]:
    """Return the line below the options: a warning, or that the answer is being judged, or what is chosen so far."""
    if view.leaving:
        level = words_learning.leave(named=view.named, marked=False)
        warning = words_learning.LEAVE_BOOK if view.question.mode == "review" else level
        return [Block(warning, " ", theme.WARNING, theme.WARNING, gap=2)]
    if view.note:
        return [Block(view.note, " ", theme.WARNING, theme.WARNING, gap=2)]
    if view.asked:
        return [Block(words_learning.RECORDING, style=theme.QUIET, gap=2)]
    numbers = [number + 1 for number in view.chosen]
    if view.question.kind == "ordering":
        return [Block(words_learning.chosen_order(numbers), style=theme.TITLE, gap=2)]
    if view.question.kind == "multiple":
        return [Block(words_learning.chosen(numbers), style=theme.TITLE, gap=2)]
    return []
