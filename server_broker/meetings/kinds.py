"""What the county asks of each kind of meeting: how often a branch holds it, and which quorum is proposed.

The defaults for branches are those of 《中国共产党支部工作条例（试行）》, articles 11 to 16, and the two of villages
those of 《村民委员会组织法》, articles 22 and 26. A lecture a quarter is customary and stands in neither.
"""

import datetime as dt
from typing import NamedTuple

from django.db import transaction

from protocol.decisions import Decided
from protocol.meetings import Quorum
from server_broker.audit.log import record
from server_broker.dated.days import begin_of
from server_broker.dated.models import AsOf
from server_broker.dated.writing import Period, put
from server_broker.decisions.stream import decide
from server_broker.meetings.models import Kind, KindSubject, KindTerms, Rule
from server_broker.meetings.refused import MeetingRefused

SET = "meetings.kind_set"
MOST_TIMES, MOST_PARTS = 31, 100
PERIODS = {1: "每月", 3: "每季度"}


class Asked(NamedTuple):
    """What the county asks of a kind."""

    times: int
    """So often in ``months``; 0: as often as a branch likes."""
    months: int
    rule: str
    numerator: int
    denominator: int

    @property
    def quorum(self) -> Quorum | None:
        """The quorum that is proposed for a meeting of the kind."""
        return quorum_of(self.rule, self.numerator, self.denominator)


_HALF = (Rule.MORE_THAN, 1, 2)
_NO_RULE = (Rule.NONE, 0, 1)
DEFAULTS: dict[str, Asked] = {
    Kind.MEMBERS: Asked(1, 3, *_HALF),
    Kind.COMMITTEE: Asked(1, 1, Rule.AT_LEAST, 1, 2),
    Kind.GROUP: Asked(1, 1, *_NO_RULE),
    Kind.LECTURE: Asked(1, 3, *_NO_RULE),
    Kind.PARTY_DAY: Asked(1, 1, *_NO_RULE),
    Kind.REPRESENTATIVES: Asked(0, 3, Rule.AT_LEAST, 2, 3),
    Kind.VILLAGERS: Asked(0, 3, *_HALF),
    Kind.VILLAGE_COMMITTEE: Asked(0, 1, *_NO_RULE),
    Kind.OTHER: Asked(0, 1, *_NO_RULE),
}
OF_BRANCHES = (Kind.MEMBERS, Kind.COMMITTEE, Kind.GROUP, Kind.LECTURE, Kind.PARTY_DAY)
"""三会一课 and 主题党日, in the order of the table."""


def quorum_of(rule: str, numerator: int, denominator: int) -> Quorum | None:
    """Return a quorum from columns; None: none is needed."""
    if rule == Rule.NONE:
        return None
    more = rule == Rule.MORE_THAN
    return Quorum(rule="more_than" if more else "at_least", numerator=numerator, denominator=denominator)


def quorum_words(rule: str, numerator: int, denominator: int) -> str:
    """Return a quorum in words, such as 超过 1/2."""
    if rule == Rule.NONE:
        return "不要求"
    return f"{Rule(rule).label} {numerator}/{denominator}"


def asked_of_kinds(at: dt.datetime, *, known: dt.datetime | None = None) -> dict[str, Asked]:
    """Return what the county asked of each kind at a moment, in one query."""
    rows = KindTerms.objects.as_of(AsOf(at, known))
    said = {row.subject_id: Asked(row.times, row.months, row.rule, row.numerator, row.denominator) for row in rows}
    return {kind: said.get(kind, DEFAULTS[kind]) for kind in Kind.values}


def check_rule(rule: str, numerator: int, denominator: int) -> None:
    """Check a quorum's rule.

    Raises:
        MeetingRefused: No meeting could fulfil it, or it says nothing.
    """
    if rule not in Rule.values:
        raise MeetingRefused("请选到会人数的要求")
    if rule == Rule.NONE:
        return
    most = denominator - 1 if rule == Rule.MORE_THAN else denominator
    if not (1 <= numerator <= most and denominator <= MOST_PARTS):
        raise MeetingRefused(f"到会人数的要求写成几分之几：最多 {MOST_PARTS} 分，超过的不能是全部")


def set_kind(kind: str, asked: Asked, *, since: dt.date, actor: str, reason: str) -> None:
    """Have the county ask something else of a kind of meeting, from a day on.

    Raises:
        MeetingRefused: It makes no sense, or is so already.
    """
    if kind not in Kind.values:
        raise MeetingRefused("请选哪种会议")
    if not 0 <= asked.times <= MOST_TIMES or asked.months not in PERIODS:
        raise MeetingRefused(f"次数写 0 到 {MOST_TIMES}，0 是不要求")
    check_rule(asked.rule, asked.numerator, asked.denominator)
    content = {**asked._asdict(), "rule": str(asked.rule)}
    with transaction.atomic():
        KindSubject.objects.get_or_create(pk=kind)
        KindSubject.objects.select_for_update().get(pk=kind)
        if not put(KindTerms, [kind], Period(begin_of(since)), content, actor=actor, reason=reason):
            raise MeetingRefused("本来就是这样")
        entry = record(actor, SET, kind, {"times": asked.times, "months": asked.months, "since": str(since)})
        decide(entry, Decided(action=SET, subject=kind))
