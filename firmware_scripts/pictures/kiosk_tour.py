"""Draw every screen of the kiosk on one screen of 1920×1080, and all of them on one sheet.

`SHOTS` is the table: a line for each screen, with the keys that lead there from home. A new place gets a line here.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image, ImageDraw, ImageFont

from firmware_scripts.demo.level_player import number_before, way_back
from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.demo.sample_documents import BULBS, LAMPS, POLICY, SUBSIDIES, money_of
from firmware_scripts.demo.samples import POLICY_LETTERS
from firmware_scripts.pictures.stage import Screen, Stage, stage
from kiosk_tui.drawing.textsize import LAYOUTS
from kiosk_tui.words import common as words
from kiosk_tui.words import documents as words_documents
from kiosk_tui.words import feedback as words_feedback
from kiosk_tui.words import find as words_find
from kiosk_tui.words import help as words_help
from kiosk_tui.words import learning as words_learning
from kiosk_tui.words import months as words_months
from kiosk_tui.words import notices as words_notices
from kiosk_tui.words import visits as words_visits
from protocol.china_time import CHINA

SCREEN = Screen(1920, 1080)
type Instead = Literal["touch", "answer", "receipt", "rest"]
"""In place of a key. ``touch``: somebody's card. ``answer``: any answer to a question of any kind, which is one key,
several and Enter, or all in some order and Enter. ``receipt``: the number of a question that was answered, figure by
figure. ``rest``: nobody presses a key."""
TOUCH: Instead = "touch"
ANSWER: Instead = "answer"
RECEIPT: Instead = "receipt"
REST: Instead = "rest"
SIZE = "/"
"""This key changes the size of the text, and no word tells it."""
NORMAL_CELLS = LAYOUTS[0]
_IN_TIME_S = 30
_REST_S = 200
"""Longer than home stands before the notices come."""
_FIGURE_S = 0.35
"""Between two figures; the same figure sooner would be one key held down."""
_COLUMNS, _THUMB = 4, (480, 270)
_CAPTION_PX = 34
_PREFIX = "kiosk-tour-"
_GUIDE_SIZE, _GUIDE_COLOURS = (960, 540), 48
_FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"


class Line(str):
    """In place of a key: the number that stands before these words."""


class Step(NamedTuple):
    """A key, and words of which one is on the screen then."""

    key: str
    shows: Sequence[str]


class Shot(NamedTuple):
    """A screen: its name, and the way to it from home, or if it ``goes_on``, from the screen before it."""

    name: str
    steps: tuple[Step, ...] = ()
    goes_on: bool = False

    @property
    def rests(self) -> bool:
        """Whether nobody is there, and no key is named."""
        return any(step.key == REST for step in self.steps)


def _to(key: str, *shows: str) -> Step:
    return Step(key, shows)


def _own(code: str, shows: str) -> Step:
    return _to(Line(words_visits.VISIT_CAN[code]), shows)


def _letters(typed: str) -> tuple[Step, ...]:
    return tuple(_to(letter, f"{typed[:place]}_") for place, letter in enumerate(typed, 1))


_RESULT = _to(TOUCH, *words.ANSWER.values())
_VISIT = (_RESULT, _to("1", words_visits.VISIT_CAN["month"]))
_MAP = _to("3", words_learning.CHOOSE_PACK)
_PACK = (_MAP, _to("1", words_learning.CHOOSE_LEVEL))
_QUESTION = (*_PACK, _to("1", *words_learning.KIND.values()))
_DOCUMENTS = _to("4", words_documents.CHOOSE)
_MONEY = money_of(datetime.now(CHINA).date())
_FIND = _to("6", words_find.LETTERS)
_TOPICS = (_to("5", words_feedback.MENU[0]), _to("1", words_feedback.TOPIC_ASK))
_ANY_TOPIC = _to("1", words_feedback.MATTER_ASK)
_LARGER = Step(SIZE, ())
_NAMED = (words.KEY_HELP, words.KEY_BACK, words_learning.KEY_LEAVE, words_visits.KEY_LEAVE_VISIT)
_FOOT_ROWS = 3

SHOTS = (
    Shot("home"),
    Shot("home-large", (_LARGER,)),
    Shot("home-largest", (_LARGER, _LARGER)),
    Shot("touch", (_RESULT,)),
    Shot("touch-largest", (_LARGER, _LARGER, _RESULT)),
    Shot("today", (_to("1", words.DUTY_WHOLE),)),
    Shot("duty", (_to("1", words.DUTY_WHOLE), _to("1", words.DUTY_TODAY))),
    Shot("mine", (_to("2", words_visits.ASK_CARD),)),
    Shot("map", (_MAP,)),
    Shot("pack", _PACK),
    Shot("question", _QUESTION),
    Shot("question-large", (_LARGER,), goes_on=True),
    Shot("question-largest", (_LARGER,), goes_on=True),
    Shot("marked-largest", (_to(ANSWER, words_learning.KEY_NEXT),), goes_on=True),
    Shot("marked", (_LARGER,), goes_on=True),
    Shot("documents", (_DOCUMENTS,)),
    Shot("document", (_to(Line(_MONEY), LAMPS),), goes_on=True),
    Shot("document-sum", (_to(Line(LAMPS), BULBS),), goes_on=True),
    Shot("document-table", (_DOCUMENTS, _to(Line(SUBSIDIES), "示例户1"))),
    Shot("document-table-2", (_to("8", words_documents.page(2)),), goes_on=True),
    Shot("document-largest", (_LARGER, _LARGER, _DOCUMENTS, _to(Line(_MONEY), LAMPS))),
    Shot("questions", (_to("5", words_feedback.MENU[0]),)),
    Shot("question-topics", _TOPICS),
    Shot("question-confirm", (*_TOPICS, _ANY_TOPIC, _to("1", words_feedback.CONFIRM))),
    Shot("question-receipt", (_to("Enter", words_feedback.TAKEN_KEEP),), goes_on=True),
    Shot("question-follow", (_to("5", words_feedback.MENU[1]), _to("2", words_feedback.FOLLOW_ASK))),
    Shot("question-answer", (_to(RECEIPT, ""), _to("Enter", words_feedback.RATE_ASK)), goes_on=True),
    Shot("find", (_FIND,)),
    Shot("find-hits", _letters(POLICY_LETTERS), goes_on=True),
    Shot("find-choose", (_to("Enter", words_find.CHOOSE),), goes_on=True),
    Shot("find-policy", (_to("1", POLICY),), goes_on=True),
    Shot("help", (_to("9", words_help.KEY_CALL),)),
    Shot("help-called", (_to("1", words_help.URGENT),), goes_on=True),
    Shot("visit", _VISIT),
    Shot("visit-largest", (_LARGER, _LARGER, *_VISIT)),
    Shot("month", (*_VISIT, _own("month", words_months.KEY_MISSING))),
    Shot("month-line", (_to("1", words_months.OBJECT),), goes_on=True),
    Shot("requests", (*_VISIT, _own("requests", words_months.NO_REQUESTS))),
    Shot("own-map", (*_VISIT, _own("learning", words_learning.CHOOSE_PACK))),
    Shot("new-pin", (*_VISIT, _own("set_pin", words_visits.ENTRY_ASK["new_pin"]))),
    Shot("rest", (_to(REST, words_notices.WAKE),)),
)

DARK_SHOTS = (
    Shot("dark-home"),
    Shot("dark-touch", (_RESULT,)),
    Shot("dark-question", _QUESTION),
    Shot("dark-marked", (_to(ANSWER, words_learning.KEY_NEXT),), goes_on=True),
    Shot("dark-document", (_DOCUMENTS, _to(Line(_MONEY), LAMPS))),
    Shot("dark-rest", (_to(REST, words_notices.WAKE),)),
)
"""The same in the colours for a dark room."""


GUIDE = (
    *("home", "home-largest", "touch", "today", "visit", "month", "month-line", "new-pin", "documents", "document"),
    *("document-sum", "find-hits", "find-choose", "question-topics", "question-receipt", "question-answer"),
    *("help", "question", "rest"),
)
"""The screens that docs/guides/村务大屏使用说明.md shows: its pictures lie in docs/pictures."""


def take(
    socket: Path, out_dir: Path, *, touch: Callable[[], object], receipt: str, shots: Sequence[Shot] = SHOTS
) -> list[Path]:
    """Draw the screens of a table into ``out_dir`` and return the files.

    Args:
        socket: The kiosk socket of a running agent that has a level to play and the samples on its shelf.
        touch: Presents a card to that agent.
        receipt: The number of a question that was answered.

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
            for step in shot.steps:
                _take_step(kiosk, step, touch, receipt)
            if not shot.rests:
                wait_for_keys(kiosk)
            drawn.append(kiosk.photograph(out_dir / f"{_PREFIX}{shot.name}.png"))
    return drawn


def _take_step(kiosk: Stage, step: Step, touch: Callable[[], object], receipt: str) -> None:
    wait_for_keys(kiosk)
    match step.key:
        case Line():
            kiosk.wait_for(step.key)
            kiosk.press(number_before(step.key, kiosk.text()) or "", *step.shows)
        case "touch":
            touch()
            kiosk.wait_for(*step.shows)
        case "answer":
            _answer(kiosk, step.shows)
        case "/":
            _change_size(kiosk)
        case "receipt":
            for figure in receipt:
                kiosk.tmux("send-keys", figure)
                time.sleep(_FIGURE_S)
        case "rest":
            kiosk.wait_for(*step.shows, timeout_s=_REST_S)
        case _:
            kiosk.press(step.key, *step.shows)


def wait_for_keys(kiosk: Stage) -> None:
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
        kiosk.tmux("send-keys", way_back(kiosk.text()))
        return False

    wait_until(at_home, what="home", timeout_s=_IN_TIME_S, every_s=0.5)
    wait_for_keys(kiosk)
    while kiosk.cells() != NORMAL_CELLS:
        _change_size(kiosk)


def for_guide(pictures: Sequence[Path], out_dir: Path) -> list[Path]:
    """Write the pictures of `GUIDE` smaller and in few colours, as the guide shows them, and return their files."""
    drawn = []
    for path in pictures:
        name = path.stem.removeprefix(_PREFIX)
        if name in GUIDE:
            drawn.append(small(path, out_dir / f"guide-{name}.png"))
    return drawn


def small(path: Path, into: Path) -> Path:
    """Write a picture of a screen smaller and in few colours, and return its file."""
    with Image.open(path) as picture:
        resized = picture.convert("RGB").resize(_GUIDE_SIZE, Image.Resampling.LANCZOS)
    resized.quantize(_GUIDE_COLOURS, dither=Image.Dither.NONE).save(into, optimize=True)
    return into


def sheet(pictures: Sequence[Path], into: Path) -> Path:
    """Draw all pictures on one sheet, each with its name, and return its file."""
    rows = -(-len(pictures) // _COLUMNS)
    width, height = _THUMB
    sheet = Image.new("RGB", (_COLUMNS * width, rows * (height + _CAPTION_PX)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype(_FONT, 24)
    for place, path in enumerate(pictures):
        left, top = place % _COLUMNS * width, place // _COLUMNS * (height + _CAPTION_PX)
        with Image.open(path) as picture:
            sheet.paste(picture.convert("RGB").resize(_THUMB), (left, top + _CAPTION_PX))
        draw.text((left + 8, top), path.stem.removeprefix(_PREFIX), fill="black", font=font)
    sheet.save(into)
    return into
