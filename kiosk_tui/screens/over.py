"""How a run ended, and what was learnt: the answers that were wrong, with what is right and why."""

from kiosk_tui.drawing import pixels, theme
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.places.room import Room
from kiosk_tui.screens.marked import right_answer
from kiosk_tui.screens.text import READ_ON, ScreenText
from kiosk_tui.views.learning import AT_ONCE, OverView, Wrong
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from kiosk_tui.words import learning as words_learning

_FIRST = {
    "next": words_learning.KEY_NEXT_LEVEL,
    "again": words_learning.KEY_AGAIN,
    "go_on": words_learning.KEY_GO_ON,
    "review": words_learning.KEY_BOOK,
}


def over_text(view: OverView, room: Room) -> ScreenText:
    """Say how the run ended. Where nothing went wrong there is room for large stars."""
    large = view.over.mode == "level" and view.over.passed and not view.wrong
    return ScreenText(
        view.title,
        tuple(_with_large_stars(view) if large else _with_what_was_learnt(view)),
        _hints(view),
        art=_stars(view.over.stars) if large else None,
        above=2 if room.tall else 1,
        centred=large,
    )


def _hints(view: OverView) -> tuple[KeyHint, ...]:
    first = (KeyHint("1", _FIRST[view.first]),) if view.first else ()
    return (*first, KeyHint("0", words.KEY_BACK), READ_ON, KeyHint("9", words.KEY_HELP))


def _stars(count: int) -> tuple[str, ...]:
    filled = max(0, min(count, 3))
    stars = [pixels.STAR] * filled + [pixels.STAR_OUTLINE] * (3 - filled)
    return tuple(pixels.draw(pixels.beside(*stars, gap=3)))


def _with_large_stars(view: OverView) -> list[Block]:
    over = view.over
    return [
        Block(words_learning.PASSED, style=theme.TITLE),
        Block(words_learning.score(over.right, over.of), gap=1),
        *_what_follows(view),
    ]


def _with_what_was_learnt(view: OverView) -> list[Block]:
    over = view.over
    if over.mode == "review":
        head = words_learning.score(over.right, over.of)
    else:
        head = words_learning.verdict(passed=over.passed, count=over.stars, right=over.right, of=over.of)
    learnt = (block for one in view.wrong[:AT_ONCE] for block in _learnt(one))
    others = Block(f" {words_learning.other_wrong(view.more_wrong)}", " 2 ", "", theme.CAP, gap=2)
    ended = [Block(head, style=theme.TITLE, gap=1), *_what_follows(view)]
    return [*ended, *learnt, *([others] if view.more_wrong else [])]


def _what_follows(view: OverView) -> list[Block]:
    """Return in a line or two what the run did, and what comes of it."""
    over = view.over
    texts = []
    if over.complete:
        texts.append(words_learning.COMPLETE)
    if over.mode == "review":
        texts.append(words_learning.still_due(over.left))
    elif not over.passed:
        texts.append(words_learning.NEVER_MIND if view.enough else words_learning.TRY_AGAIN)
    if view.enough and not over.left:
        texts.append(words_learning.DONE_TODAY)
    elif view.enough and over.mode == "level":
        texts.append(words_learning.enough_but_book(over.left))
    if not view.named:
        texts.append(words_learning.UNNAMED_OVER)
    elif over.back is not None and view.wrong:
        texts.append(words_learning.comes_back(over.back, view.today))
    elif over.mode == "level":
        texts.append(words_learning.RECORDED)
    return [Block(text, style=theme.STRONG if text == words_learning.COMPLETE else theme.QUIET) for text in texts]


def _learnt(one: Wrong) -> tuple[Block, ...]:
    question, marked = one
    return (
        Block(f" {question.stem}", " × ", theme.STRONG, theme.WRONG, gap=2),
        Block(right_answer(question, marked), words_learning.ANSWER_IS, theme.STRONG, theme.STRONG),
        Block(marked.explanation),
    )
