"""Draw every screen of the kiosk on one screen of 1920×1080, and all of them on one sheet.

`SHOTS` is the table: a line for each screen, with the keys that lead there from home. A new place gets a line here.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.pictures.stage import Screen, Stage, stage
from kiosk_tui import words, words_documents, words_feedback, words_find, words_help, words_months, words_visits
from kiosk_tui.textsize import LAYOUTS

SCREEN = Screen(1920, 1080)
TOUCH = "touch"
"""In place of a key: somebody's card."""
ANSWER = "answer"
"""Any answer to a question of any kind: one key, several and Enter, or all in some order and Enter."""
SIZE = "/"
"""This key changes the size of the text, and no word tells it."""
NORMAL_CELLS = LAYOUTS[0]
_IN_TIME_S = 30
_COLUMNS, _THUMB = 4, (480, 270)
_CAPTION_PX = 34
_FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"


class Step(NamedTuple):
    """A key, and words of which one is on the screen then."""

    key: str
    shows: Sequence[str]


class Shot(NamedTuple):
    """A screen: its name, and the way to it from home, or if it ``goes_on``, from the screen before it."""

    name: str
    steps: tuple[Step, ...] = ()
    goes_on: bool = False


def _to(key: str, *shows: str) -> Step:
    return Step(key, shows)


_RESULT = _to(TOUCH, *words.ANSWER.values())
_VISIT = (_RESULT, _to("1", words_visits.VISIT_CAN["month"]))
_LEVELS = _to("3", words.CHOOSE_LEVEL)
_QUESTION = (_LEVELS, _to("1", *words.KIND.values()))
_LARGER = Step(SIZE, ())
_NAMED = (words.KEY_HELP, words.KEY_BACK, words.KEY_LEAVE, words_visits.KEY_LEAVE_VISIT)
_FOOT_ROWS = 3
_TYPED = re.compile(rf"\*\s*({words.KEY_BACK}|{words.KEY_DELETE})")
"""The keys of a place where 0 is a figure."""

SHOTS = (
    Shot("home"),
    Shot("home-large", (_LARGER,)),
    Shot("home-largest", (_LARGER, _LARGER)),
    Shot("touch", (_RESULT,)),
    Shot("touch-largest", (_LARGER, _LARGER, _RESULT)),
    Shot("today", (_to("1", words.DUTY_WHOLE),)),
    Shot("duty", (_to("1", words.DUTY_WHOLE), _to("1", words.DUTY_TODAY))),
    Shot("mine", (_to("2", words_visits.ASK_CARD),)),
    Shot("levels", (_LEVELS,)),
    Shot("question", _QUESTION),
    Shot("question-large", (_LARGER,), goes_on=True),
    Shot("question-largest", (_LARGER,), goes_on=True),
    Shot("marked-largest", (_to(ANSWER, words.KEY_NEXT),), goes_on=True),
    Shot("marked", (_LARGER,), goes_on=True),
    Shot("documents", (_to("4", words_documents.CHOOSE, words_documents.NOTHING_HERE),)),
    Shot("questions", (_to("5", words_feedback.MENU[0]),)),
    Shot("question-topics", (_to("5", words_feedback.MENU[0]), _to("1", words_feedback.TOPIC_ASK))),
    Shot("find", (_to("6", words_find.LETTERS),)),
    Shot("help", (_to("9", words_help.KEY_CALL),)),
    Shot("visit", _VISIT),
    Shot("visit-largest", (_LARGER, _LARGER, *_VISIT)),
    Shot("month", (*_VISIT, _to("1", words_months.KEY_MISSING))),
    Shot("requests", (*_VISIT, _to("2", words_months.NO_REQUESTS))),
    Shot("own-levels", (*_VISIT, _to("3", words.CHOOSE_LEVEL))),
    Shot("new-pin", (*_VISIT, _to("4", words_visits.ENTRY_ASK["new_pin"]))),
)


def take(socket: Path, out_dir: Path, *, touch: Callable[[], object], shots: Sequence[Shot] = SHOTS) -> list[Path]:
    """Draw the screens of the table into ``out_dir``, and ``kiosk-sheet.png`` with all of them; return the files.

    Args:
        socket: The kiosk socket of a running agent that has a level to play.
        touch: Presents a card to that agent.

    Raises:
        NotInTime: The kiosk did not show what was waited for.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    drawn: list[Path] = []
    with stage(socket, SCREEN) as kiosk:
        kiosk.wait_for(words.PRESENT_CARD)
        for shot in shots:
            if not shot.goes_on:
                _go_home(kiosk)
            _walk(kiosk, shot, touch)
            drawn.append(kiosk.photograph(out_dir / f"kiosk-tour-{shot.name}.png"))
    return [*drawn, _sheet(drawn, out_dir / "kiosk-sheet.png")]


def _walk(kiosk: Stage, shot: Shot, touch: Callable[[], object]) -> None:
    for step in shot.steps:
        _wait_for_keys(kiosk)
        if step.key == TOUCH:
            touch()
            kiosk.wait_for(*step.shows)
        elif step.key == ANSWER:
            _answer(kiosk, step.shows)
        elif step.key == SIZE:
            _change_size(kiosk)
        else:
            kiosk.press(step.key, *step.shows)
    _wait_for_keys(kiosk)


def _wait_for_keys(kiosk: Stage) -> None:
    """Wait until keys are named at the foot of the screen: they count, and the screen is drawn for its present size."""

    def named() -> bool:
        rows = kiosk.cells()[1]
        foot = "".join(kiosk.text().splitlines()[rows - _FOOT_ROWS : rows])
        return any(word in foot for word in _NAMED)

    wait_until(named, what="the names of keys", timeout_s=_IN_TIME_S)


def _answer(kiosk: Stage, shows: Sequence[str]) -> None:
    def answered() -> bool:
        for key in ("1", "2", "3", "4", "5", "6", "Enter"):
            kiosk.tmux("send-keys", key)
            try:
                kiosk.wait_for(*shows, timeout_s=1)
            except NotInTime:
                continue
            return True
        return False

    wait_until(answered, what="a mark", timeout_s=_IN_TIME_S)


def _change_size(kiosk: Stage) -> None:
    before = kiosk.cells()

    def changed() -> bool:
        return kiosk.cells() not in (before, (0, 0))

    def pressed() -> bool:
        kiosk.tmux("send-keys", SIZE)
        try:
            return wait_until(changed, what="another size", timeout_s=2)
        except NotInTime:
            return False

    wait_until(pressed, what="another size of text", timeout_s=_IN_TIME_S)


def _go_home(kiosk: Stage) -> None:
    """Leave whatever is shown, and set the normal size again."""

    def at_home() -> bool:
        if words.PRESENT_CARD in kiosk.text():
            return True
        # Where digits are typed, 0 is one of them.
        kiosk.tmux("send-keys", "*" if _TYPED.search(kiosk.text()) else "0")
        return False

    wait_until(at_home, what="home", timeout_s=_IN_TIME_S, every_s=0.5)
    _wait_for_keys(kiosk)
    while kiosk.cells() != NORMAL_CELLS:
        _change_size(kiosk)


def _sheet(pictures: Sequence[Path], into: Path) -> Path:
    """Draw all pictures on one sheet, each with its name."""
    rows = -(-len(pictures) // _COLUMNS)
    width, height = _THUMB
    sheet = Image.new("RGB", (_COLUMNS * width, rows * (height + _CAPTION_PX)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype(_FONT, 24)
    for place, path in enumerate(pictures):
        left, top = place % _COLUMNS * width, place // _COLUMNS * (height + _CAPTION_PX)
        with Image.open(path) as picture:
            sheet.paste(picture.convert("RGB").resize(_THUMB), (left, top + _CAPTION_PX))
        draw.text((left + 8, top), re.sub(r"^kiosk-tour-", "", path.stem), fill="black", font=font)
    sheet.save(into)
    return into
