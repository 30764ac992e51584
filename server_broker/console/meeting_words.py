"""The Chinese words for meetings: who came, whether there were enough, what is wrong with a vote."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from django.utils import timezone

from server_broker.console.words import Word
from server_broker.meetings import signing, votes
from server_broker.meetings.models import Kind
from server_broker.meetings.reading import Look
from server_broker.meetings.signing import CAME, Judged, Standing, State

STATES = {
    State.CAME: Word("✓", "到会", "good"),
    State.LATE: Word("△", "迟到", "warn"),
    State.EXCUSED: Word("–", "请假", "quiet"),
    State.UNDATED: Word("?", "待核：打卡时间不明", "warn"),
    State.COMING: Word("◌", "还没到", "quiet"),
    State.AWAITED: Word("◌", "数据未到", "quiet"),
    State.ABSENT: Word("✕", "缺席", "bad"),
}
EXCUSES = {"leave": "请假", "field_duty": "外出报备", "meeting": "外出开会"}
WRONG = {
    votes.MORE_THAN_PRESENT: "票数比在场的人多，请核对",
    votes.MORE_THAN_SIGNED: "在场的人比签到的人多，请核对",
    votes.UNDATED: "站点当时不知道时间，算不出够不够人数",
    votes.NOT_CHAIR: "不是主持人填的，请核对",
    votes.OTHER_OPTIONS: "选项和议题对不上，请核对",
    votes.CHANGED_SINCE: "计票以后议题改过，这里按计票时的写，请核对",
    votes.DIFFERENT: "县里填的和站点记的不一样，请核对",
}
VOUCHING = {
    signing.Word.ENTERED: "主持人登记",
    signing.Word.CONFIRMED: "作证，算签到",
    signing.Word.OF_ONESELF: "给自己作证，不算",
    signing.Word.OF_A_STRANGER: "不是应到的人作证，不算",
    signing.Word.BEFORE_THE_ENTRY: "打卡在主持人登记以前，不算",
    signing.Word.OUTSIDE: "打卡不在签到的时间里，不算",
    signing.Word.UNDATED: "没有打卡，或时间不明，不算",
    signing.Word.TAKEN_BACK: "后来收回了，不算",
    signing.Word.TAKES_BACK: "主持人收回，以前登记和作证的不算",
    signing.Word.NOT_THE_CHAIR: "不是主持人收回，不算",
}
OUTSIDE = "外单位人员"
"""Somebody whom the viewer does not see."""
CANCELLED, WRITTEN_AFTER = Word("✕", "已取消", "bad"), Word("△", "补登", "warn")
_PHASES = (Word("◌", "还没开", "quiet"), Word("●", "正在开", "good"), Word("✓", "开完了", "quiet"))


def phase(look: Look, now: dt.datetime) -> Word:
    """Return how far a meeting is."""
    if look.row.cancelled:
        return CANCELLED
    return _PHASES[0 if now < look.row.begin else 1 if now < look.row.end else 2]


def kind_word(kind: str) -> str:
    """Return what kind of meeting it is. A kind of a later version is shown as it is."""
    return str(Kind(kind).label) if kind in Kind.values else kind


def state_word(one: Standing) -> Word:
    """Return how somebody stands to a meeting; for an excuse, which one."""
    word = STATES[one.state]
    return word._replace(word=EXCUSES[one.away]) if one.state == State.EXCUSED else word


def counts(look: Look) -> list[tuple[str, int, str]]:
    """Return 应到, 实到 and what else there is, as word, number and note.

    Where not everybody votes the note says how many of those who came do, because only they make a quorum.
    """
    by_state = Counter(one.state for one in look.standings)
    came = [one for one in look.standings if one.state in CAME]
    voters, late = sum(one.person in look.plan.voters for one in came), by_state[State.LATE]
    notes = []
    if look.plan.voters and not look.plan.voters.issuperset(look.plan.expected):
        notes = [f"有表决权的 {voters}，另有列席 {len(came) - voters}"]
    notes += [f"其中迟到 {late}"] if late else []
    shown = [("应到", by_state.total(), ""), ("实到", len(came), "，".join(notes))]
    rest = (State.EXCUSED, State.UNDATED, State.COMING, State.AWAITED, State.ABSENT)
    shown += [(STATES[state].word.partition("：")[0], by_state[state], "") for state in rest if by_state[state]]
    return shown


def quorum_sentence(judged: Judged | None, now: dt.datetime) -> tuple[Word, str]:
    """Return whether there were enough at a moment, and a sentence with the numbers."""
    if judged is None:
        return Word("–", "不要求", "quiet"), "这个会不要求到会人数"
    if judged.voters == 0:
        return Word("✕", "没有达到法定人数", "bad"), "没有人有表决权，请改会议"
    numbers = f"有表决权的应到 {judged.voters} 人，要到 {judged.needed} 人"
    if now < judged.at:
        return Word("◌", "还没到算的时候", "quiet"), f"{numbers}；{timezone.localtime(judged.at):%H:%M} 算"
    told = f"{numbers}；{timezone.localtime(judged.at):%H:%M} 有表决权的到了 {judged.there} 人"
    if judged.is_reached:
        return Word("✓", "达到法定人数", "good"), f"{told}，已够"
    return Word("✕", "没有达到法定人数", "bad"), f"{told}，还差 {judged.needed - judged.there} 人"


def wrong_words(codes: Iterable[str]) -> list[str]:
    """Return what is wrong with a vote."""
    return [WRONG[code] for code in codes]
