"""The screen of text: one for all views that are a title, text in pages, and keys.

It stands all the time and only its words change, because a screen of its own for each of these views would take more
memory, and building it would make a key slow on a Raspberry Pi.
"""

from collections.abc import Callable
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical

from kiosk_tui.drawing.typeset import Block
from kiosk_tui.places.room import Room
from kiosk_tui.screens.ask import ask_text
from kiosk_tui.screens.base import KioskScreen
from kiosk_tui.screens.documents import shelf_text
from kiosk_tui.screens.entry import entry_text
from kiosk_tui.screens.finding import find_text
from kiosk_tui.screens.followed import followed_text
from kiosk_tui.screens.home import ask_card_text
from kiosk_tui.screens.large_number import call_text, number_text, receipt_text
from kiosk_tui.screens.learning_map import amended_text, begin_text, map_text, pack_text
from kiosk_tui.screens.marked import marked_text, review_text
from kiosk_tui.screens.meetings import (
    absent_text,
    agenda_text,
    hands_text,
    item_text,
    meeting_text,
    meetings_text,
)
from kiosk_tui.screens.month import (
    choice_text,
    confirm_text,
    month_line_text,
    month_text,
    request_text,
    requests_text,
    taken_text,
)
from kiosk_tui.screens.notices import notice_text
from kiosk_tui.screens.over import over_text
from kiosk_tui.screens.plain import away_text, help_text, idle_text, wait_text
from kiosk_tui.screens.question import picture_text, question_text
from kiosk_tui.screens.results import result_text, results_text
from kiosk_tui.screens.text import ScreenText
from kiosk_tui.screens.today import today_text
from kiosk_tui.screens.visit import visit_text
from kiosk_tui.screens.wishes import swap_asked_text, wish_text, wishes_opening_text
from kiosk_tui.views.common import (
    AskCardView,
    AwayView,
    EntryView,
    HelpView,
    IdleView,
    NoticeView,
    TodayView,
    View,
    VisitView,
    WaitView,
)
from kiosk_tui.views.feedback import AskView, CallView, FollowedView, NumberView, ReceiptView
from kiosk_tui.views.learning import (
    AmendedView,
    BeginView,
    MapView,
    MarkedView,
    OverView,
    PackView,
    PictureView,
    QuestionView,
    ReviewView,
)
from kiosk_tui.views.meetings import AbsentView, AgendaView, HandsView, ItemView, MeetingsView, MeetingView
from kiosk_tui.views.months import (
    ChoiceView,
    ConfirmView,
    MonthLineView,
    MonthView,
    RequestsView,
    RequestView,
    TakenView,
)
from kiosk_tui.views.reading import FindView, ShelfView
from kiosk_tui.views.results import ResultsView, ResultView
from kiosk_tui.views.wishes import SwapAskedView, WishOpeningView, WishView
from kiosk_tui.widgets.bars import HeaderBar, KeyBar, KeyHint
from kiosk_tui.widgets.lines import PixelArt
from kiosk_tui.widgets.page_body import PageBody
from kiosk_tui.words import common as words

TEXTS: dict[type[Any], Callable[[Any, Room], ScreenText]] = {
    TodayView: today_text,
    NoticeView: notice_text,
    AskCardView: ask_card_text,
    MapView: map_text,
    AmendedView: amended_text,
    PackView: pack_text,
    BeginView: begin_text,
    PictureView: picture_text,
    QuestionView: question_text,
    MarkedView: marked_text,
    ReviewView: review_text,
    OverView: over_text,
    HelpView: help_text,
    AskView: ask_text,
    ReceiptView: receipt_text,
    NumberView: number_text,
    FollowedView: followed_text,
    CallView: call_text,
    EntryView: entry_text,
    FindView: find_text,
    VisitView: visit_text,
    MonthView: month_text,
    MonthLineView: month_line_text,
    ChoiceView: choice_text,
    ConfirmView: confirm_text,
    TakenView: taken_text,
    RequestsView: requests_text,
    RequestView: request_text,
    ResultsView: results_text,
    ResultView: result_text,
    WishView: wish_text,
    SwapAskedView: swap_asked_text,
    WishOpeningView: wishes_opening_text,
    ShelfView: shelf_text,
    MeetingsView: meetings_text,
    MeetingView: meeting_text,
    AbsentView: absent_text,
    AgendaView: agenda_text,
    ItemView: item_text,
    HandsView: hands_text,
    AwayView: away_text,
    WaitView: wait_text,
    IdleView: idle_text,
}
"""What stands on the screen of text for each kind of view, in the room that there is."""


class TextScreen(KioskScreen[View]):
    """A title, large signs where there are any, text in pages, and the keys below."""

    CSS_PATH = "text_screen.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._header = HeaderBar()
        self._art = PixelArt()
        self._art_row = Vertical(self._art, id="art")
        self._body = PageBody()
        self._keys = KeyBar()
        self._hints: tuple[KeyHint, ...] = ()
        self._kind: type[Any] = type(None)
        self._turned: dict[type[Any], tuple[int, int | None]] = {}
        """The page that stood in each kind of view when it was turned last, and the hash of its text. The text itself
        may be a person's and is not kept."""

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield self._header
        yield self._art_row
        yield self._body
        yield self._keys

    def show(self, view: View) -> None:
        """Draw what stands in the view; a text that was left, as for help, on the page on which it was left."""
        room = Room()
        room.resize(*self.app.size)
        self._kind = type(view)
        text = TEXTS[self._kind](view, room)
        self._header.display = text.title is not None
        self._header.left, self._header.right = text.title or "", text.right
        self._art_row.display = text.art is not None
        self._art_row.styles.padding = (text.above, 0, 0, 0)
        self._art.show(text.art or ())
        self._body.centred, self._body.picture = text.centred, text.picture
        self._body.show(*text.blocks, page=self._page_left(text.blocks))
        self._keys.display = text.hints is not None
        self._hints = text.hints or ()
        self.on_page_body_turned()

    def _page_left(self, blocks: tuple[Block, ...]) -> int:
        """Return the page on which a text was left; the first, if its kind of view has said something else since."""
        page, left = self._turned.get(self._kind, (0, None))
        if hash(blocks) == left:
            return page
        self._turned.pop(self._kind, None)
        return 0

    def turn_page(self, by: int) -> bool:
        """Turn the text to its next page (1) or back (-1); return False if there is none."""
        turned = self._body.turn(by)
        if turned:
            self._turned[self._kind] = (self._body.page, hash(self._body.blocks))
        return turned

    def forget(self) -> None:
        """Begin every text at its first page again, too."""
        super().forget()
        self._turned.clear()

    def on_page_body_turned(self) -> None:
        """Name the keys. While there is more text, Enter reads on, whatever it does at the end."""
        enter = words.KEY_READ_ON if self._body.more else None
        named = (KeyHint(hint.cap, enter) if enter and hint.cap == words.ENTER else hint for hint in self._hints)
        self._keys.hints = tuple(hint for hint in named if hint.label)
