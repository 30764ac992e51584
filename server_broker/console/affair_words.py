"""The Chinese words for requests that somebody decides: how far each is, and how long it waits."""

import datetime as dt

from django.utils import timezone

from server_broker.console import words
from server_broker.console.words import Word
from server_broker.requests.cases import PARTNER, SECOND, Case
from server_broker.requests.kinds import done_words
from server_broker.requests.ranks import Rank
from server_broker.requests.words import span_words

STATES = {
    "open": Word("?", "等定", "warn"),
    SECOND: Word("?", "等第二个人定", "warn"),
    PARTNER: Word("?", "等对方答应", "quiet"),
    "accepted": Word("✓", "同意", "good"),
    "refused": Word("×", "不同意", "bad"),
    "withdrawn": Word("–", "已撤回", "quiet"),
}
RANKS = {Rank.VILLAGE: "村书记以上", Rank.TOWNSHIP: "镇办以上", Rank.COUNTY: "县里"}
_DAY, _HOUR, _MINUTE = dt.timedelta(days=1), dt.timedelta(hours=1), dt.timedelta(minutes=1)


def state_word(state: str) -> Word:
    """Return how far a request is."""
    return STATES.get(state, words.UNKNOWN)


def case_state(case: Case) -> Word:
    """Return how far a request is, or what has come of one that no approver decides."""
    word = state_word(case.state)
    done = done_words(case.asked.kind, case.state) if case.state in ("accepted", "refused") else ""
    return Word(word.sign, done, word.tone) if done else word


def rank_word(rank: int) -> str:
    """Return whose word is needed."""
    return RANKS.get(Rank(rank), "")


def who_acted(actor: str) -> str:
    """Return who took something back: the person themselves, or an account by its name."""
    return "本人" if actor.startswith("person:") else actor


def case_when(case: Case) -> str:
    """Return from when to when; for a window its name too."""
    asked = case.asked
    if asked.begin_at is None:
        return "没有写" if case.here is None else ""
    if asked.end_at is None:
        begin = timezone.localtime(asked.begin_at)
        return f"{begin.month}月{begin.day}日 {begin:%H:%M}"
    span = span_words(asked.begin_at, asked.end_at)
    return f"{span}（{case.here.window.name}）" if case.here is not None and case.here.window is not None else span


def how_long(span: dt.timedelta) -> str:
    """Return a length of time in one unit."""
    for unit, word in ((_DAY, "天"), (_HOUR, "小时"), (_MINUTE, "分钟")):
        if abs(span) >= unit:
            return f"{abs(span) // unit} {word}"
    return "不到 1 分钟"
