"""Every sentence of the kiosk is in one catalogue, and English has all of them."""

import re
from pathlib import Path

import polib
import pytest

from kiosk_tui.catalogue import POT, languages, translations
from kiosk_tui.drawing.typeset import cells, clean, wrap
from tests.kiosk_tui import sentences
from tests.kiosk_tui.sentences import CHINESE, PLACEHOLDER, Sentence, outside_the_catalogue

RENEW = "run: .venv/bin/python -m tests.kiosk_tui.sentences"
SENTENCES = sentences.sentences()
FOR_WHO_INSTALLS = {"cli.py", "watched.py", "session/session.py"}
"""They speak Chinese on a command line, before there is a kiosk."""
PUNCTUATION = {"drawing/typeset.py"}
"""It knows what may not begin a line."""
LINE_CELLS = 40
"""A line of the largest text holds 20 Chinese characters, and a few cells more."""
NAME = "阿卜杜热依木·买买提明"
LONGEST = {
    **dict.fromkeys(("name", "by", "viewer", "owner", "office", "where"), NAME[:12]),
    "window": "上午坐班",
    "marks": "上班卡",
    "direction": "上班",
    "change": "改为上班",
    "weekday": "星期三",
    "month": "11月",
    "rating": "很不满意",
    "wait": "90 分钟",
    "start": "08:30",
    "end": "12:00",
    "left": "9:59",
    "at": "14:05 ",
}
"""The longest that is put into a sentence. Anything else is a number."""
JOINED = {
    "{label}：{text}",
    "{first}{second}",
    "（{text}）",
    "来源：{source}",
    "来源：{source}  {day}公布",
    "扫不了就打开 {page} 输入",
    "● {viewer}正在通过摄像头看本室 · 剩余 {left}",
}
"""What is put into these is cut to the room that there is, or is a sentence of its own."""


def test_what_a_person_sees_is_in_the_catalogue() -> None:
    outside = [
        f"{found.place}: {found.text}"
        for path in sorted(sentences.ROOM.rglob("*.py"))
        if path.relative_to(sentences.ROOM).as_posix() not in FOR_WHO_INSTALLS | PUNCTUATION
        for found in outside_the_catalogue(path.read_text(encoding="utf-8"), path.name)
    ]
    assert outside == [], "put them through kiosk_tui.catalogue._"


def test_the_search_finds_what_is_outside() -> None:
    source = (
        '"""一。"""\nHERE = _("二")\nBARE = "三"\n'
        'def said(n: int) -> str:\n    """四。"""\n    return f"{n}：{_(\'五\')}"\n'
    )
    assert [found.text for found in outside_the_catalogue(source, "some.py")] == ["三", "："]


def test_the_template_has_what_the_kiosk_says() -> None:
    assert str(sentences.read(POT)) == str(sentences.pot()), RENEW


@pytest.mark.parametrize("path", sentences.catalogues(), ids=lambda path: path.parents[1].name)
def test_a_language_has_every_sentence(path: Path) -> None:
    catalogue = sentences.read(path)
    assert str(catalogue) == str(sentences.renewed(catalogue)), f"sentences are missing, or are not said now; {RENEW}"
    assert [entry.msgid for entry in catalogue] == list(SENTENCES)
    assert [entry.msgid for entry in catalogue if not entry.translated()] == []
    assert [entry.msgid for entry in catalogue if CHINESE.search("".join(forms_of(entry)))] == []


@pytest.mark.parametrize("path", sentences.catalogues(), ids=lambda path: path.parents[1].name)
def test_a_translation_takes_what_the_sentence_takes(path: Path) -> None:
    for entry in sentences.read(path):
        for form in forms_of(entry):
            assert Sentence(form).placeholders == SENTENCES[entry.msgid].placeholders, entry.msgid


def forms_of(entry: polib.POEntry) -> list[str]:
    """Return a sentence in the other language, for one thing and for many where these differ."""
    return list(entry.msgstr_plural.values()) or [entry.msgstr]


def test_what_the_template_lacks_and_what_is_left_over_is_noticed() -> None:
    catalogue = polib.pofile(
        '# In some language.\nmsgid ""\nmsgstr "Language: xx\\n"\n\nmsgid "早就不说的"\nmsgstr "gone"\n'
    )
    renewed = sentences.renewed(catalogue)
    assert renewed.find("早就不说的") is None
    assert {entry.msgid for entry in renewed.untranslated_entries()} == SENTENCES.keys()


def test_a_language_that_is_not_here_is_chinese() -> None:
    assert languages() == ("zh", "en")
    english = translations("en")
    assert english.gettext("返回") == "Back"
    assert [english.ngettext("{count} 天", "{count} 天", count) for count in (0, 1, 2)] == [
        "{count} days",
        "{count} day",
        "{count} days",
    ]
    assert [translations(other).gettext("返回") for other in ("zh", "xx", "../en", "")] == ["返回"] * 4


def test_each_sentence_is_short() -> None:
    long = []
    for sentence in SENTENCES.keys() - JOINED:
        filled = PLACEHOLDER.sub(lambda found: LONGEST.get(found[1], "10"), sentence)
        long += [part for part in re.split("(?<=[。；？])", filled) if cells(clean(part)) > LINE_CELLS]
        long += [filled] * (len(wrap(filled, LINE_CELLS)) > 2)
    assert long == [], "at most 20 characters to a full stop, and two lines of large text"
