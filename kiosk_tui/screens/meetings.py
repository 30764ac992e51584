"""Meetings: what everybody may see of them, and what a chair enters."""

from collections.abc import Iterable

from kiosk_tui.clock import village_time
from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.places.room import Room
from kiosk_tui.screens.text import READ_ON, ScreenText
from kiosk_tui.views.meetings import (
    AbsentView,
    AgendaView,
    HandsView,
    ItemView,
    MeetingKey,
    MeetingsView,
    MeetingView,
    is_entered,
)
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words
from kiosk_tui.words import dates as words_dates
from kiosk_tui.words import meetings as words_meetings
from protocol.kiosk_meetings import AbsentShown, MeetingCount, MeetingLine, MeetingShown
from protocol.units import WallMs

_BACK = KeyHint("0", words.KEY_BACK)
_HELP = KeyHint("9", words.KEY_HELP)
_TURN = KeyHint("7/8", words.KEY_NEXT_PAGE)
_OTHER = KeyHint("7/8", words_meetings.KEY_OTHER)
_KEYS: dict[MeetingKey, str] = {
    "absent": words_meetings.ENTER_WITHOUT_CARD,
    "agenda": words_meetings.AGENDA,
    "open": words_meetings.OPEN,
    "close": words_meetings.CLOSE,
}


def announcement(line: MeetingLine, minute: WallMs) -> str:
    """Return a meeting in one line, as home and 今日 announce it."""
    return words_meetings.announced(line, words_meetings.when(village_time(line.begin), village_time(minute)))


def next_meeting(line: MeetingLine) -> str:
    """Return the person's next meeting in one line."""
    said = words_meetings.announced(line, words_dates.moment(village_time(line.begin)))
    return words.labelled(words_meetings.NEXT, said)


def on_home(lines: Iterable[MeetingLine], minute: WallMs, turn: int, *, dated: bool) -> list[str]:
    """Return in two lines a meeting that is near and how many have come; several take turns. Nothing if none is."""
    near = [line for line in lines if line.count is not None]
    if not near:
        return []
    line = near[turn % len(near)]
    if line.count is None or not dated:
        return [line.title, words_meetings.UNDATED]
    return [announcement(line, minute), words_meetings.in_short(line.count)]


def _counted(count: MeetingCount) -> list[Block]:
    texts = [
        words_meetings.missing(count),
        words_meetings.quorum(count),
        words_meetings.began_with(count),
        *words_meetings.not_yet_counted(count),
    ]
    first = Block(words_meetings.came(count), style=theme.STRONG)
    return [first, *(Block(text) for text in texts if text)]


def _near(line: MeetingLine, minute: WallMs, *, dated: bool) -> list[Block]:
    begin, end = village_time(line.begin), village_time(line.end)
    where = words_meetings.where(line, begin, end)
    blocks = [Block(line.title, style=theme.TITLE, gap=1), Block(where)]
    if not dated:
        blocks.append(Block(words_meetings.UNDATED, style=theme.WARNING))
    elif minute <= line.end:
        blocks.append(Block(words_meetings.SIGN_IN_HERE))
    return [*blocks, *(_counted(line.count) if line.count is not None else [])]


def meetings_text(view: MeetingsView, _: Room) -> ScreenText:
    """Say what is near with its numbers, then what comes."""
    near = [line for line in view.lines if line.count is not None]
    coming = [line for line in view.lines if line.count is None]
    blocks = [block for line in near for block in _near(line, view.minute, dated=view.dated)]
    for line in coming:
        blocks.append(Block(announcement(line, view.minute), gap=1))
        if not line.here and not line.cancelled:
            blocks.append(Block(words_meetings.ELSEWHERE, style=theme.QUIET))
    if not blocks:
        blocks = [Block(words_meetings.NO_MEETING, gap=1)]
    return ScreenText(
        words_meetings.MEETING,
        (*blocks, Block(f" {words_meetings.SEE_TODAY}", " 1 ", "", theme.CAP, gap=1)),
        (_BACK, READ_ON, _HELP),
        right=f"{village_time(view.minute):%H:%M}" if view.dated else "",
    )


def _note(text: str) -> list[Block]:
    return [Block(text, style=theme.WARNING, gap=1)] if text else []


def _numbered(texts: Iterable[str]) -> list[Block]:
    return [Block(f" {text}", f" {number} ", "", theme.CAP, gap=1) for number, text in enumerate(texts, 1)]


def meeting_text(view: MeetingView, _: Room) -> ScreenText:
    """Say the meeting, whether the person has signed in, who has come by number, and what its chair can enter."""
    shown = view.shown
    if shown is None:
        return ScreenText(words_meetings.MEETING, (Block(view.note or words.OPENING, gap=1),), (_BACK, _HELP))
    if view.closing:
        hints = (KeyHint("1", words_meetings.CLOSE), KeyHint("0", words_meetings.KEY_NOT_YET), _HELP)
        return ScreenText(shown.meeting.title, (Block(words_meetings.CLOSE_SURELY, style=theme.TITLE, gap=1),), hints)
    line = shown.meeting
    where = words_meetings.where(line, village_time(line.begin), village_time(line.end))
    blocks = (
        *_note(view.note),
        Block(_own(shown), style=theme.TITLE, gap=1),
        Block(where),
        *(_counted(line.count) if line.count is not None else []),
        *_step(shown),
        *_numbered(_KEYS[key] for key in view.can),
    )
    other = (_OTHER,) if len(shown.others) > 1 else (READ_ON,)
    return ScreenText(line.title, blocks, (_BACK, *other, _HELP))


def _own(shown: MeetingShown) -> str:
    return words_meetings.own_at(shown.own, f"{village_time(shown.own_at):%H:%M}" if shown.own_at else "")


def _step(shown: MeetingShown) -> list[Block]:
    said = {"opened": words_meetings.OPENED, "item": words_meetings.OPENED, "closed": words_meetings.CLOSED}
    return [Block(said[shown.step], style=theme.QUIET)] if shown.step in said else []


def absent_text(view: AbsentView, _: Room) -> ScreenText:
    """List who has not signed in: a number enters one, and another person's card confirms it."""
    if view.asks is not None:
        hints = (KeyHint("1", words_meetings.TAKE_BACK), KeyHint("0", words_meetings.KEY_KEEP), _HELP)
        question = Block(words_meetings.ask_to_take_back(view.asks.name), style=theme.TITLE, gap=1)
        return ScreenText(words_meetings.ENTER_WITHOUT_CARD, (question,), hints)
    lacks = any(not one.vouched for one in view.absent)
    blocks = (
        *_note(view.note),
        Block(words_meetings.CHOOSE_PERSON if lacks else words_meetings.EVERYBODY_CAME, gap=1),
        *_numbered(_absent(one) for one in view.absent),
        *([Block(words_meetings.WHO_VOUCHES, gap=1)] if any(one.entered for one in view.absent) else []),
        *([Block(words_meetings.CAN_TAKE_BACK)] if any(map(is_entered, view.absent)) else []),
    )
    turn = (_TURN,) if view.pages > 1 else (READ_ON,)
    right = words.page(view.page + 1, view.pages) if view.pages > 1 else ""
    return ScreenText(words_meetings.ENTER_WITHOUT_CARD, blocks, (_BACK, *turn, _HELP), right=right)


def _absent(one: AbsentShown) -> str:
    if is_entered(one):
        note = words_meetings.HAS_WITNESS if one.vouched else words_meetings.WAITS
    else:
        note = words_meetings.EXCUSED.get(one.excused, one.excused)
    return words_meetings.absent(one.name, note)


def agenda_text(view: AgendaView, _: Room) -> ScreenText:
    """List the agenda; the item that is dealt with and those that were voted on are marked."""
    blocks = (
        *_note(view.note),
        Block(words_meetings.CHOOSE_ITEM if view.items else words_meetings.NO_AGENDA, gap=1),
        *_numbered(words_meetings.item(one, now=one.id == view.now) for one in view.items),
    )
    turn = (_TURN,) if view.pages > 1 else (READ_ON,)
    right = words.page(view.page + 1, view.pages) if view.pages > 1 else ""
    return ScreenText(words_meetings.AGENDA, blocks, (_BACK, *turn, _HELP), right=right)


def item_text(view: ItemView, _: Room) -> ScreenText:
    """Say an item and the outcome of its vote, and offer to deal with it or to enter the outcome."""
    item = view.item
    count = words_meetings.COUNT_AGAIN if item.votes else words_meetings.COUNT_HANDS
    blocks = (
        *_note(view.note),
        Block(item.title, style=theme.TITLE, gap=1),
        *(Block(text, gap=1) for text in words_meetings.outcome(item)),
        *([Block(words_meetings.DEALT_WITH, style=theme.QUIET, gap=1)] if view.now else []),
        *([] if view.now else [Block(f" {words_meetings.DEAL_WITH}", " 1 ", "", theme.CAP, gap=1)]),
        Block(f" {count}", " 2 ", "", theme.CAP, gap=1) if item.options else Block(words_meetings.NO_VOTE, gap=1),
    )
    return ScreenText(words_meetings.AGENDA, blocks, (_BACK, READ_ON, _HELP))


def hands_text(view: HandsView, _: Room) -> ScreenText:
    """Ask for the hands of one option after the other, then whether all is right."""
    item = view.item
    if view.is_asked:
        return _asked_for_hands(view)
    *votes, abstained = view.counts
    said = words_meetings.hands(item.options, votes, abstained)
    blocks = (
        Block(said, style=theme.TITLE, gap=1),
        Block(words_meetings.present(view.present), gap=1),
        *([Block(words_meetings.SAVING, gap=1)] if view.waiting else []),
    )
    keys = (KeyHint("1", words_meetings.SAVE), KeyHint("0", words_meetings.KEY_TYPE_AGAIN))
    return ScreenText(item.title, blocks, (*(() if view.waiting else keys), _HELP))


def _asked_for_hands(view: HandsView) -> ScreenText:
    option = [*view.item.options, words_meetings.ABSTAINED][view.option]
    blocks = (
        Block(words_meetings.how_many(option), style=theme.TITLE, gap=1),
        Block(f"{view.typed}_", style=theme.STRONG, gap=1),
        Block(view.note or words_meetings.TYPE_HANDS, style=theme.WARNING if view.note else "", gap=1),
        Block(words_meetings.present(view.present), style=theme.QUIET, gap=1),
    )
    hints = (KeyHint(words.ENTER, words.KEY_CONFIRM), KeyHint("*", words.KEY_DELETE if view.typed else words.KEY_BACK))
    return ScreenText(view.item.title, blocks, hints)
