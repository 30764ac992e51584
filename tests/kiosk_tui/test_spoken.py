"""`*` has a screen said aloud if somebody has recorded it, and another screen ends it; otherwise nothing offers it."""

import json
import os
import subprocess
import sys

import pytest

from kiosk_tui.catalogue import LANGUAGE_VARIABLE, SOURCE_LANGUAGE, languages
from kiosk_tui.spoken import SENTENCES, lines_of
from kiosk_tui.views.common import HelpView
from protocol.kiosk import Sorry
from protocol.kiosk_documents import DocumentGone
from protocol.kiosk_sound import MAX_LINES, Play, SoundShown, StopSound
from protocol.spoken_lines import SPOKEN
from tests.kiosk_tui import document_samples, samples
from tests.kiosk_tui.asked_in_another_language import asked as asked_everywhere
from tests.kiosk_tui.edges import DRAWN
from tests.kiosk_tui.rig import STATES, OpenKiosk

ALL = SoundShown(lines=list(SPOKEN))


def test_the_county_records_the_kiosks_own_words() -> None:
    wanted = "\n".join(f'    "{code}": "{words}",' for code, words in SENTENCES.items())
    assert dict(SPOKEN) == SENTENCES, f"protocol/spoken_lines.py must say:\n{wanted}"


@pytest.mark.parametrize("state", STATES)
def test_each_screen_says_sentences_that_can_be_recorded(state: str) -> None:
    lines = lines_of(OpenKiosk(state).flow.view())
    assert set(lines) <= SPOKEN.keys()
    assert len(lines) <= MAX_LINES
    if state in ("visit", "visit-month", "visit-month-line", "visit-requests", "visit-request", "visit-phone"):
        assert lines == ()


@pytest.mark.parametrize("language", [one for one in languages() if one != SOURCE_LANGUAGE])
def test_a_kiosk_asks_for_the_same_recordings_in_every_language(language: str) -> None:
    """Two Chinese sentences may be one in another language, and yet each screen asks for its own."""
    there = subprocess.run(
        [sys.executable, "-m", "tests.kiosk_tui.asked_in_another_language"],
        env={**os.environ, LANGUAGE_VARIABLE: language},
        check=True,
        capture_output=True,
    )
    assert json.loads(there.stdout) == asked_everywhere()


SAID = {
    "home-refused": (),
    "home-shared": ("present_card",),
    "today-refused": ("today.clock.synced",),
    "today-shared": ("today.clock.synced",),
    "today": ("today.clock.synced", "today.link.connected"),
    "notice": (),
    "notice-over": ("notice.over",),
    "shelf": ("documents.choose",),
    "document": ("document.wrong_sum",),
    "find-some": (),
    "find-many": ("find.choose", "find.more"),
    "ask-topic": ("ask.topic", "ask.topic.keys1", "ask.topic.more"),
    "ask-confirm": ("ask.confirm",),
    "ask-receipt": ("ask.taken", "ask.taken.keep", "ask.taken.later", "ask.taken.unnamed"),
    "follow-answered": (),
    "visit-month-reason": ("month.reason", "month.reason.keys"),
    "visit-month-confirm": ("request.whose_word",),
    "visit-month-undated": ("month.mark", "month.mark.keys", "month.no_day"),
    "visit-month-taken": ("request.told", "request.offline_too", "month.no_day"),
}


@pytest.mark.parametrize("state", SAID)
def test_what_is_the_same_for_everybody_is_said_and_nothing_of_what_somebody_reads_or_asks(state: str) -> None:
    assert lines_of(OpenKiosk(DRAWN[state]).flow.view()) == SAID[state]


def test_the_steps_of_a_question_are_said_with_their_keys() -> None:
    kiosk = OpenKiosk("home")
    kiosk.press("5")
    assert lines_of(kiosk.flow.view()) == ("ask", "ask.keys")
    kiosk.press("1")
    assert lines_of(kiosk.flow.view()) == ("ask.topic", "ask.topic.keys1", "ask.topic.more")
    kiosk.press("8")
    assert lines_of(kiosk.flow.view()) == ("ask.topic", "ask.topic.keys2")
    kiosk.press("6")
    assert lines_of(kiosk.flow.view()) == ("ask.matter", "ask.matter.keys")
    kiosk.press("3", "enter")
    assert lines_of(kiosk.flow.view()) == ()
    kiosk.flow.agent_said(Sorry(reason="too_many"))
    assert lines_of(kiosk.flow.view()) == ("ask.too_many",)


def test_a_document_that_was_taken_away_is_said_to_be() -> None:
    kiosk = OpenKiosk("document")
    kiosk.flow.agent_said(DocumentGone(bundle=document_samples.BUNDLE, document="finance", why="withdrawn"))
    kiosk.flow.agent_said(document_samples.shelf())
    assert lines_of(kiosk.flow.view()) == ("documents.withdrawn", "documents.choose")


def test_the_day_that_somebody_chooses_is_not_said() -> None:
    kiosk = OpenKiosk("visit-month")
    kiosk.press("6")
    assert lines_of(kiosk.flow.view()) == ("month.day",)


def asked(kiosk: OpenKiosk) -> list[object]:
    return [one for one in kiosk.said if isinstance(one, Play | StopSound)]


def test_without_a_recording_nothing_is_offered_or_said() -> None:
    kiosk = OpenKiosk("home")
    assert not kiosk.flow.speaks
    kiosk.press("repeat")
    assert asked(kiosk) == []
    assert isinstance(kiosk.flow.view(), HelpView)


def test_home_is_said_and_the_next_screen_ends_it() -> None:
    kiosk = OpenKiosk("home")
    kiosk.flow.agent_said(ALL)
    assert kiosk.flow.speaks
    kiosk.press("repeat")
    assert asked(kiosk) == [Play(lines=["present_card"])]
    kiosk.press("1")
    kiosk.flow.tick()
    assert asked(kiosk)[1:] == [StopSound()]
    kiosk.flow.tick()
    assert len(asked(kiosk)) == 2


def test_only_what_was_recorded_is_asked_for() -> None:
    kiosk = OpenKiosk("help-rules")
    kiosk.flow.agent_said(SoundShown(lines=["help.2"]))
    kiosk.press("repeat")
    assert asked(kiosk) == [Play(lines=["help.2"])]


def test_a_question_is_said_where_it_can_be_heard() -> None:
    kiosk = OpenKiosk("question-single")
    shown = samples.QUESTION
    kiosk.flow.agent_said(SoundShown(run=shown.run, question="another"))
    assert not kiosk.flow.speaks
    kiosk.flow.agent_said(SoundShown(run=shown.run, question=shown.question))
    kiosk.press("repeat")
    assert asked(kiosk) == [Play(run=shown.run)]


def test_the_result_of_a_touch_is_kept_and_said_without_its_name() -> None:
    kiosk = OpenKiosk("touch-in")
    kiosk.flow.agent_said(ALL)
    kiosk.press("repeat")
    assert asked(kiosk) == [Play(lines=["touch.recorded"])]


def test_where_figures_are_typed_the_star_takes_one_back() -> None:
    kiosk = OpenKiosk("entry-number")
    kiosk.flow.agent_said(ALL)
    assert not kiosk.flow.speaks
    kiosk.press("1", "repeat")
    assert asked(kiosk) == []


def test_without_an_agent_nothing_can_be_heard() -> None:
    kiosk = OpenKiosk("home")
    kiosk.flow.agent_said(ALL)
    kiosk.flow.agent_away()
    assert not kiosk.flow.speaks
