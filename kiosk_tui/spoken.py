"""What of a screen can be said aloud: `*` asks the agent to say it, and another screen ends it.

The sentences are named by codes that county and station share (`protocol.spoken_lines`). No screen with something of
one person is here, and nothing is offered that nobody has recorded.
"""

from collections.abc import Callable

from kiosk_tui import words, words_help, words_visits
from kiosk_tui.guard import Face
from kiosk_tui.views import (
    AskCardView,
    HelpView,
    HomeView,
    LevelsView,
    MarkedView,
    OverView,
    QuestionView,
    TouchView,
    View,
)
from kiosk_tui.views_feedback import CallView
from protocol.kiosk import ToAgent
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
        "learn.choose_level": words.CHOOSE_LEVEL,
        "learn.no_levels": words.NO_LEVELS,
        **{f"learn.{kind}": text for kind, text in words.KIND.items()},
        "learn.leave": words.LEAVE,
        "learn.right": words.RIGHT,
        "learn.wrong": words.WRONG,
        "learn.passed": words.PASSED,
        "learn.failed": words.FAILED,
        "learn.well_done": words.WELL_DONE,
        "learn.try_again": words.TRY_AGAIN,
        "help.called": words_help.RECORDED,
        **{f"help.{number}": text for number, (_, text) in enumerate(words_help.LINES, 1)},
    }.items()
}
"""The kiosk's own words by the codes under which they are recorded."""


def lines_of(view: View) -> tuple[str, ...]:
    """Return the codes of the sentences of a screen, in the order in which they are read."""
    match view:
        case HomeView():
            return ("present_card",) if view.home.reader_ready else ("reader_gone",)
        case AskCardView(reader_ready=True):
            return ("ask_card", "ask_card.then", "ask_card.what")
        case AskCardView():
            return ("reader_gone", "ask_card.what")
        case TouchView():
            return (f"touch.{view.touch.problem or view.touch.answer}",)
        case LevelsView():
            return ("learn.choose_level",) if view.levels else ("learn.no_levels",)
        case QuestionView():
            return ("learn.leave",) if view.leaving else (f"learn.{view.question.kind}",)
        case MarkedView():
            return ("learn.right" if view.marked.right else "learn.wrong",)
        case OverView():
            return ("learn.passed", "learn.well_done") if view.over.passed else ("learn.failed", "learn.try_again")
        case HelpView():
            return tuple(f"help.{number}" for number in range(1, len(words_help.LINES) + 1))
        case CallView(state=HelpState(), refused=""):
            return ("help.called",)
        case _:
            return ()


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
