"""What of a screen can be said aloud: `*` asks the agent to say it, and another screen ends it.

The sentences are named by codes that county and station share (`protocol.spoken_lines`). Only what stands in that table
is said. So no name, number, day, touch, request or answer is said on any screen, and nothing is offered that nobody has
recorded.
"""

from collections.abc import Callable

from kiosk_tui.guard import Face
from kiosk_tui.places.asking import TOPIC_PAGES, matters_of
from kiosk_tui.places.own_month import MARKS, REASONS, UNDIRECTED
from kiosk_tui.places.own_wishes import A_PAGE, WISHES
from kiosk_tui.views.common import AskCardView, HelpView, HomeView, NoticeView, TodayView, TouchView, View
from kiosk_tui.views.feedback import AskView, CallView, ReceiptView
from kiosk_tui.views.learning import (
    AmendedView,
    BeginView,
    MapView,
    MarkedView,
    OverView,
    PackView,
    QuestionView,
)
from kiosk_tui.views.meetings import AbsentView, MeetingsView
from kiosk_tui.views.months import ChoiceView, ConfirmView, MonthView, TakenView
from kiosk_tui.views.reading import DocumentView, FindView, ShelfView
from kiosk_tui.views.wishes import SwapAskedView, WishView
from kiosk_tui.words import common as words
from kiosk_tui.words import documents as words_documents
from kiosk_tui.words import feedback as words_feedback
from kiosk_tui.words import find as words_find
from kiosk_tui.words import help as words_help
from kiosk_tui.words import learning as words_learning
from kiosk_tui.words import meetings as words_meetings
from kiosk_tui.words import months as words_months
from kiosk_tui.words import notices as words_notices
from kiosk_tui.words import visits as words_visits
from kiosk_tui.words import wishes as words_wishes
from protocol.kiosk import Home, ToAgent
from protocol.kiosk_feedback import HelpState
from protocol.kiosk_sound import Play, SoundShown, StopSound
from protocol.spoken_lines import spoken_as

SENTENCES: dict[str, str] = {
    code: spoken_as(text)
    for code, text in {
        "present_card": words.PRESENT_CARD,
        "reader_gone": words.READER_GONE,
        "ask_card": words_visits.ASK_CARD,
        "ask_card.then": words_visits.ASK_CARD_THEN,
        "ask_card.what": words_visits.ASK_CARD_WHAT,
        "touch.recorded": words.ANSWER["recorded"],
        "touch.repeat": words.DETAIL["repeat"],
        "touch.unknown": words.DETAIL["unknown"],
        "touch.lost": words.ANSWER["lost"],
        "touch.not_recorded": words.ANSWER["not_recorded"],
        **{f"touch.{code}": text for code, text in words.PROBLEM.items() if code},
        "learn.choose_pack": words_learning.CHOOSE_PACK,
        "learn.look_at_pack": words_learning.LOOK_AT_PACK,
        "learn.choose_level": words_learning.CHOOSE_LEVEL,
        "learn.no_levels": words_learning.NO_LEVELS,
        "learn.unnamed": words_learning.UNNAMED,
        "learn.amended": words_learning.AMENDED_BECAUSE,
        "learn.closed": words_learning.CLOSED,
        "learn.pack_gone": words_learning.PACK_GONE,
        "learn.enough": words_learning.ENOUGH,
        "learn.nothing_due": words_learning.NOTHING_DUE,
        "learn.level_gone": words_learning.LEVEL_GONE,
        "learn.interrupted": words_learning.INTERRUPTED,
        **{f"learn.{kind}": text for kind, text in words_learning.KIND.items()},
        "learn.leave": words_learning.LEAVE,
        "learn.leave_named": words_learning.LEAVE_NAMED,
        "learn.leave_book": words_learning.LEAVE_BOOK,
        "learn.right": words_learning.RIGHT,
        "learn.wrong": words_learning.WRONG,
        "learn.passed": words_learning.PASSED,
        "learn.failed": words_learning.FAILED,
        "learn.complete": words_learning.COMPLETE,
        "learn.try_again": words_learning.TRY_AGAIN,
        "learn.never_mind": words_learning.NEVER_MIND,
        "learn.done_today": words_learning.DONE_TODAY,
        "learn.book_done": words_learning.BOOK_DONE,
        **{f"today.clock.{quality}": text for quality, text in words.CLOCK_SAID.items()},
        **{f"today.link.{link}": text for link, text in words.LINK_SAID.items()},
        "today.no_notices": words_notices.NO_NOTICES,
        "notice.over": words_notices.OVER,
        "documents.choose": words_documents.CHOOSE,
        "documents.none": words_documents.NOTHING_HERE,
        **{f"documents.{why}": text for why, text in words_documents.GONE.items()},
        "document.wrong_sum": words_documents.DOES_NOT_ADD_UP,
        "document.other_sum": words_documents.OTHER_SUM,
        "find.choose": words_find.CHOOSE,
        "find.more": words_find.MORE,
        "find.sorting": words_find.SORTING,
        "find.nothing": words_find.NOTHING,
        "ask": words_feedback.MENU_ASK,
        "ask.keys": words.keys_aloud(words_feedback.MENU),
        "ask.topic": words_feedback.TOPIC_ASK,
        **{f"ask.topic.keys{number}": words.keys_aloud(page) for number, page in enumerate(TOPIC_PAGES, 1)},
        "ask.topic.more": words_feedback.MORE_ALOUD,
        "ask.matter": words_feedback.MATTER_ASK,
        "ask.matter.keys": words.keys_aloud(words_feedback.MATTER.values()),
        "ask.matter.keys2": words.keys_aloud(words_feedback.MATTER[matter] for matter in matters_of("accounts")),
        "ask.name": words_feedback.NAME_ASK,
        "ask.name.keys": words.keys_aloud(words_feedback.NAMES),
        "ask.confirm": words_feedback.CONFIRM,
        **{f"ask.{reason}": words_feedback.SORRY[reason] for reason in ("too_many", "not_recorded", "too_late")},
        "ask.failed": words_feedback.FAILED,
        "ask.taken": words_feedback.TAKEN,
        "ask.taken.keep": words_feedback.TAKEN_KEEP,
        "ask.taken.later": words_feedback.TAKEN_LATER,
        "ask.taken.unnamed": words_feedback.TAKEN_UNNAMED,
        "month.no_list": words_months.NO_LIST,
        **{f"month.{ask}": text for ask, text in words_months.ASK.items()},
        "month.reason.keys": words.keys_aloud(words_months.option("reason", code) for code in REASONS),
        "month.reason.keys2": words.keys_aloud(words_months.option("reason", code) for code in UNDIRECTED),
        "month.mark.keys": words.keys_aloud(words_months.option("mark", code) for code in MARKS),
        "month.no_day": words_months.NO_DAY_KNOWN,
        "request.whose_word": words_months.WHOSE_WORD,
        "request.told": words_months.TOLD,
        "request.offline_too": words_months.OFFLINE_TOO,
        "request.answer_first": words_months.ANSWER_FIRST,
        "meeting.sign_in": words_meetings.SIGN_IN_HERE,
        "meeting.none": words_meetings.NO_MEETING,
        "meeting.undated": words_meetings.UNDATED,
        "meeting.choose_person": words_meetings.CHOOSE_PERSON,
        "meeting.everybody": words_meetings.EVERYBODY_CAME,
        "meeting.who_vouches": words_meetings.WHO_VOUCHES,
        **{f"wish.{step}": text for step, text in words_wishes.STEP.items()},
        **{
            f"wish.kind.keys{first // A_PAGE + 1}": words.keys_aloud(
                words_wishes.what(code) for code in WISHES[first : first + A_PAGE]
            )
            for first in range(0, len(WISHES), A_PAGE)
        },
        "wish.length.keys": words.keys_aloud(words_wishes.LENGTH.values()),
        "wish.half.keys": words.keys_aloud(words_wishes.HALF_OF_A_DAY.values()),
        "wish.half.keys2": words.keys_aloud(words_wishes.HALF_OF_MANY.values()),
        "wish.figures": words_wishes.FOUR_FIGURES,
        "wish.figures8": words_wishes.EIGHT_FIGURES,
        "wish.same_day": words_wishes.SAME_DAY,
        "wish.who_decides": words_wishes.WHO_DECIDES,
        "wish.ask_them": words_wishes.ASK_THEM,
        "wish.from_now": words_wishes.FROM_NOW,
        "wish.lost_now": words_wishes.LOST_NOW,
        "wish.agree.keys": words.keys_aloud((words_wishes.YES, words_wishes.NO)),
        "help.ask": words_help.ASK,
        "help.called": words_help.RECORDED,
        "help.not_called": words_help.NOT_CALLED,
        **{f"help.{number}": text for number, (_, text) in enumerate(words_help.LINES, 1)},
    }.items()
}
"""The kiosk's own words by the codes under which they are recorded."""
_CODES = {(code.split(".")[0], text): code for code, text in SENTENCES.items()}


def codes_of(subject: str, *texts: str) -> tuple[str, ...]:
    """Return the codes of those of some texts that are sentences of the table, each once.

    Args:
        subject: The first word of the codes. Two Chinese sentences may be one in another language, but not of one
            subject.
    """
    found = (_CODES.get((subject, spoken_as(text))) for text in texts)
    return tuple(dict.fromkeys(code for code in found if code is not None))


def lines_of(view: View) -> tuple[str, ...]:
    """Return the codes of the sentences of a screen, in the order in which they are read."""
    match view:
        case HomeView():
            return _lines_of_home(view.home)
        case AskCardView(reader_ready=True):
            return ("ask_card", "ask_card.then", "ask_card.what")
        case AskCardView():
            return ("reader_gone", "ask_card.what")
        case TouchView():
            return (f"touch.{view.touch.problem or view.touch.answer}",)
        case QuestionView() if view.leaving and view.question.mode == "review":
            return ("learn.leave_book",)
        case QuestionView() if view.leaving:
            return ("learn.leave_named" if view.named else "learn.leave",)
        case QuestionView():
            # A sound that belongs to a question is heard by itself.
            return () if view.question.sound else (f"learn.{view.question.kind}",)
        case MarkedView():
            return ("learn.right" if view.marked.right else "learn.wrong",)
        case CallView(state=HelpState(), refused=""):
            return ("help.called",)
        case CallView() if view.refused:
            return codes_of("help", words_help.not_called(view.refused))
        case HelpView():
            return codes_of("help", *(text for _, text in words_help.LINES)) if view.rules else ("help.ask",)
        case _:
            return _lines_of_reading(view)


def _lines_of_home(home: Home) -> tuple[str, ...]:
    if home.county_refuses:
        # Shown and not said: no clip has it.
        return ()
    return ("present_card",) if home.reader_ready else ("reader_gone",)


def _lines_of_reading(view: View) -> tuple[str, ...]:
    """Return the same of a screen that shows more than sentences of the table; the rest is left out."""
    match view:
        case TodayView():
            none = ("today.no_notices",) if view.notices == () else ()
            # Of a machine that the county refuses, or whose identity another one has, no clip says it.
            silent = view.home.county_refuses or view.home.identity_shared
            link = () if silent else (f"today.link.{view.home.link}",)
            return (*none, f"today.clock.{view.home.quality}", *link)
        case NoticeView() if view.shown is not None and not view.shown.line:
            return ("notice.over",)
        case ShelfView() if view.shown is not None:
            choose = "documents.choose" if view.shown.entries else "documents.none"
            return (*codes_of("documents", view.note), choose)
        case DocumentView():
            wrong = (line.text for line in view.page.lines if line.role == "wrong")
            return codes_of("document", *wrong, view.note)
        case FindView() if view.page is not None and view.found is not None:
            more = ("find.more",) if view.found.more else ()
            choose = "find.choose" if view.shown else "find.nothing"
            return (*codes_of("find", view.note), choose, *(more if view.found.ready else ("find.sorting",)))
        case MeetingsView() | AbsentView():
            return _lines_of_meetings(view)
        case MapView() | AmendedView() | PackView() | BeginView() | OverView():
            return _lines_of_learning(view)
        case _:
            return _lines_of_asking(view)


def _lines_of_learning(view: MapView | AmendedView | PackView | BeginView | OverView) -> tuple[str, ...]:
    """Return the same before and after a run: no name of a pack, no number and no day."""
    match view:
        case MapView():
            unnamed = () if view.visit or view.shown is None else ("learn.unnamed",)
            choose = "learn.look_at_pack" if view.enough else "learn.choose_pack"
            return (*unnamed, choose) if view.packs else ("learn.no_levels",) if not view.waits else ()
        case AmendedView():
            return ("learn.amended",)
        case PackView() | BeginView():
            if not isinstance(view, PackView) or not view.levels:
                return codes_of("learn", view.note)
            return (*codes_of("learn", view.note), "learn.enough" if view.enough else "learn.choose_level")
        case OverView():
            return _lines_of_end(view)


def _lines_of_end(view: OverView) -> tuple[str, ...]:
    """Return the same of the end of a run: what comes of it, and whether that was all for today."""
    done = ("learn.done_today",) if view.enough and not view.over.left else ()
    if view.over.mode == "review":
        return () if view.over.left else ("learn.book_done", *done)
    if view.over.passed:
        return ("learn.passed", *(("learn.complete",) if view.over.complete else ()), *done)
    return ("learn.failed", "learn.never_mind" if view.enough else "learn.try_again", *done)


def _lines_of_meetings(view: MeetingsView | AbsentView) -> tuple[str, ...]:
    """Return the same of a meeting: how many have come is no sentence of the table."""
    match view:
        case MeetingsView() if not view.lines:
            return ("meeting.none",)
        case MeetingsView() if any(line.count is not None for line in view.lines):
            return ("meeting.sign_in",) if view.dated else ("meeting.undated",)
        case AbsentView():
            waits = ("meeting.who_vouches",) if any(one.entered for one in view.absent) else ()
            return ("meeting.choose_person" if view.absent else "meeting.everybody", *waits)
        case _:
            return ()


def _lines_of_asking(view: View) -> tuple[str, ...]:
    """Return the same of the steps of a question or a request."""
    match view:
        case AskView():
            more = words_feedback.MORE_ALOUD if view.turn == ("8", words_feedback.MORE) else ""
            return codes_of("ask", view.ask, words.keys_aloud(view.options), more, view.note)
        case ReceiptView():
            unnamed = () if view.named else ("ask.taken.unnamed",)
            return ("ask.taken", "ask.taken.keep", "ask.taken.later", *unnamed)
        case MonthView() if view.shown is not None and not view.shown.begins:
            return ("month.no_list",)
        case ChoiceView():
            options = (words_months.option(view.ask, code) for code in view.options)
            keys = codes_of("month", words.keys_aloud(options))
            return (f"month.{view.ask}", *keys, *(("month.no_day",) if view.ask == "mark" and view.day is None else ()))
        case ConfirmView(waiting=False):
            return ("request.whose_word",)
        case WishView():
            return _lines_of_wish(view)
        case SwapAskedView(waiting=False):
            return ("wish.agree.keys",)
        case TakenView():
            texts = words_months.taken(view.taken)
            return (*codes_of("request", *texts), *codes_of("month", *texts))
        case _:
            return ()


def _lines_of_wish(view: WishView) -> tuple[str, ...]:
    """Return the same of a step on the way to a request: what anybody can choose there, and nothing that is theirs."""
    match view.step:
        case "kind" | "length" | "half":
            options = (words_wishes.option(view.step, code, of_a_day=view.of_a_day) for code in view.options)
            return (f"wish.{view.step}", *codes_of("wish", words.keys_aloud(options)))
        case "first" | "last":
            same_day = ("wish.same_day",) if view.step == "last" else ()
            return (f"wish.{view.step}", *same_day, "wish.figures" if view.today else "wish.figures8")
        case "confirm":
            return codes_of("wish", words_wishes.what_follows(view.wish.kind))
        case "waiting":
            return ()
        case _:
            return (f"wish.{view.step}",)


class Voice:
    """What can be heard here, and what is being said."""

    def __init__(self, say: Callable[[ToAgent], None]) -> None:
        self._say = say
        self._heard = SoundShown()
        self._saying: tuple[Face] | None = None

    def told(self, heard: SoundShown) -> None:
        """Take note of what can be heard."""
        self._heard = heard

    def agent_away(self) -> None:
        """Without an agent nothing is said."""
        self._heard, self._saying = SoundShown(), None

    def can_say(self, view: View) -> bool:
        """Tell whether some of a screen can be heard."""
        return self._of(view) is not None

    def again(self, view: View) -> bool:
        """Have the screen said; return False if nothing of it can be heard."""
        asked = self._of(view)
        if asked is None:
            return False
        self._say(asked)
        self._saying = (view.face,)
        return True

    def shown(self, view: View) -> None:
        """Fall silent once another screen stands here than the one that is being said."""
        if self._saying is not None and self._saying != (view.face,):
            self._saying = None
            self._say(StopSound())

    def _of(self, view: View) -> Play | None:
        lines = [code for code in lines_of(view) if code in self._heard.lines]
        run = ""
        if isinstance(view, QuestionView) and not view.leaving:
            asked = (view.question.run, view.question.question)
            run = view.question.run if asked == (self._heard.run, self._heard.question) else ""
        return Play(lines=lines, run=run) if lines or run else None
