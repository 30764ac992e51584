"""Count how people answer each question, as an aid for whoever writes questions (docs/learning.md, 7.2).

Each night the attempts at each pack are counted once, because years of them would be too many for a page. Only attempts
with the options that a question has now are counted, so that a share says something of these options. Of fewer than ten
people nothing is kept, and what is kept stands until ten more have answered, so that two nights never differ by one
person.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from django.db import transaction
from django.utils import timezone

from protocol.packs import Pack, Question, is_right
from server_broker.attendance.tables import TOUCHES
from server_broker.fleet.alarm_codes import COUNTS_SET_ASIDE
from server_broker.fleet.alarms import raise_or_resolve
from server_broker.fleet.tables import known_wall
from server_broker.learning.marking import questions_in, read_stored, set_of
from server_broker.learning.models import LearningPack
from server_broker.learning.packs import newest_packs
from server_broker.learning.tables import ATTEMPTS
from server_broker.platform.set_aside import Aside
from server_broker.platform.sql import query
from server_broker.progress.models import LEAST_SHOWN, PackCounted, QuestionCount
from server_broker.progress.surplus import is_apart

_MOST_NAMED = 3
_ANSWERS = f"""
WITH asked AS (
    SELECT a.question, a.chosen::text AS chosen, a.run, a.took_ms, a.epoch, a.seq,
        {known_wall("a")} AS at,
        coalesce((
            SELECT b.person_id::text FROM progress_visit v
            JOIN {TOUCHES} t ON (t.station_id, t.epoch, t.seq) = (v.station_id, v.epoch, v.seq)
            JOIN people_card c ON c.token = v.card_token
            JOIN people_binding b ON b.subject_id = c.id AND b.superseded_at IS NULL AND b.state = 'held'
                AND tstzrange(b.valid_from, b.valid_to) @> coalesce({known_wall("t")}, t.received_at)
            WHERE (v.station_id, v.epoch, v.seq) = (a.station_id, a.by_epoch, a.by_seq)
            UNION ALL
            SELECT r.subject_id::text FROM progress_visit v JOIN people_personrecord r ON r.number = v.number
            WHERE (v.station_id, v.epoch, v.seq) = (a.station_id, a.by_epoch, a.by_seq) AND v.number <> ''
            LIMIT 1
        ), CASE WHEN a.by_seq IS NULL THEN encode(a.run, 'hex') ELSE '' END) AS who
    FROM {ATTEMPTS} a
    JOIN unnest(%(questions)s::text[], %(since)s::int[]) AS w (question, since)
        ON a.question = w.question AND a.pack_version >= w.since
    WHERE a.pack = %(pack)s AND NOT {is_apart(ATTEMPTS, "a")}
), counted AS (
    SELECT *, row_number() OVER (PARTITION BY question, who ORDER BY at NULLS LAST, epoch, seq) AS nth FROM asked
)
"""  # noqa: S608 - our own constants
_BY_CHOICE = """SELECT question, chosen, count(*), count(*) FILTER (WHERE nth = 1) FROM counted GROUP BY 1, 2"""
_BY_QUESTION = """
SELECT question, count(DISTINCT run), (percentile_cont(0.5) WITHIN GROUP (ORDER BY took_ms))::int FROM asked GROUP BY 1
"""


@dataclass(slots=True)
class _Counted:
    asked: int = 0
    firsts: int = 0
    firsts_right: int = 0
    chosen: dict[int, int] = field(default_factory=lambda: defaultdict(int))


def count_next(now: dt.datetime, aside: Aside[str]) -> bool:
    """Count the attempts at the next pack that was not counted today; tell whether there was one to try.

    Args:
        aside: The packs over which the program failed. Of these, what was counted before stands.
    """
    today = timezone.localdate(now)
    done = set(PackCounted.objects.filter(on=today).values_list("pack", flat=True))
    rows = {row.pack: row for row in newest_packs() if row.pack not in done}
    due = aside.due(rows, now)[:1]

    def count(some: Sequence[str]) -> None:
        for pack in some:
            count_pack(rows[pack], today)

    with transaction.atomic():
        counted = aside.do(due, count, now)
    failed = [rows[pack].title for pack in rows if pack in aside.failed]
    # After a restart those that had failed are among the others that wait.
    if failed or len(counted) == len(rows):
        raise_or_resolve(station=None, code=COUNTS_SET_ASIDE, severity="minor", detail=_told(failed), at=now)
    return bool(due)


def _told(failed: Sequence[str]) -> str:
    named = "、".join(f"“{title}”" for title in failed[:_MOST_NAMED])
    return f"{len(failed)} 个学习包的答题情况统计不出来（{named}），留着以前统计的；别的照常统计" if failed else ""


def count_pack(row: LearningPack, today: dt.date) -> None:
    """Count the attempts at the questions of a pack's newest version, in a fixed number of queries."""
    pack = read_stored(row)
    questions = questions_in(pack)
    asked = {
        "pack": pack.id,
        "questions": list(questions),
        "since": [question.key_since or pack.version for question in questions.values()],
    }
    counts = _by_choice(questions, query(_ANSWERS + _BY_CHOICE, asked))
    standing = {
        name for name, firsts in _firsts_shown(pack, questions).items() if counts[name].firsts < firsts + LEAST_SHOWN
    }
    runs = {question: (runs, median) for question, runs, median in query(_ANSWERS + _BY_QUESTION, asked)}
    QuestionCount.objects.filter(pack=pack.id).exclude(question__in=standing).delete()
    QuestionCount.objects.bulk_create(
        QuestionCount(
            pack=pack.id,
            question=name,
            runs=runs[name][0],
            asked=one.asked,
            firsts=one.firsts,
            firsts_right=one.firsts_right,
            median_ms=runs[name][1],
            chosen=[one.chosen[place] for place in range(len(questions[name].options))],
            answer=set_of(questions[name]),
        )
        for name, one in sorted(counts.items())
        # First tries are as many as people, each run of nobody counting as one: ten runs of one person say all of them.
        if one.firsts >= LEAST_SHOWN and name not in standing
    )
    PackCounted.objects.update_or_create(pack=pack.id, defaults={"version": pack.version, "on": today})


def _firsts_shown(pack: Pack, questions: Mapping[str, Question]) -> dict[str, int]:
    """Return how many first tries were counted last, by question, where it had these options then."""
    counted = PackCounted.objects.filter(pack=pack.id).first()
    if counted is None:
        return {}
    same = [name for name, question in questions.items() if (question.key_since or pack.version) <= counted.version]
    return dict(QuestionCount.objects.filter(pack=pack.id, question__in=same).values_list("question", "firsts"))


def _by_choice(questions: Mapping[str, Question], rows: Iterable[tuple[str, str, int, int]]) -> dict[str, _Counted]:
    found: dict[str, _Counted] = defaultdict(_Counted)
    for name, text, count, firsts in rows:
        one, chosen = found[name], msgspec.json.decode(text, type=list[int])
        one.asked += count
        one.firsts += firsts
        one.firsts_right += firsts if is_right(questions[name], chosen) else 0
        for place in set(chosen):
            one.chosen[place] += count
    return found


@dataclass(frozen=True, slots=True)
class OptionShown:
    """An option, and in which share of the answers it was chosen. None: too few answers to say it."""

    text: str
    is_answer: bool
    percent: int | None


@dataclass(frozen=True, slots=True)
class QuestionShown:
    """A question of a pack's newest version, with what was counted of it."""

    level: str
    question: Question
    count: QuestionCount | None
    """None: fewer than ten people answered it, or since its answer was corrected."""
    options: Sequence[OptionShown]
    flags: Sequence[str]
    """What is worth a look, in Chinese."""

    @property
    def percent(self) -> int | None:
        """The share that was right at the first try."""
        return None if self.count is None else round(100 * self.count.firsts_right / self.count.firsts)

    @property
    def median_s(self) -> float | None:
        """The median of the time from the question to the answer."""
        if self.count is None or self.count.median_ms is None:
            return None
        return round(self.count.median_ms / 1000, 1)


def questions_shown(row: LearningPack) -> list[QuestionShown]:
    """Return the questions of a pack's newest version in their order, with what was counted. One query."""
    counts = {one.question: one for one in QuestionCount.objects.filter(pack=row.pack)}
    return [
        _shown(level.name, question, counts.get(question.id))
        for level in read_stored(row).levels
        for question in level.questions
    ]


def _shown(level: str, question: Question, count: QuestionCount | None) -> QuestionShown:
    if count is not None and (len(count.chosen) != len(question.options) or count.answer != set_of(question)):
        # A newer version has other options, or another answer, by which nobody has counted yet.
        count = None
    options = [
        OptionShown(
            text, place in question.answer, None if count is None else round(100 * count.chosen[place] / count.asked)
        )
        for place, text in enumerate(question.options)
    ]
    return QuestionShown(level, question, count, options, [] if count is None else _flags(question, count))


def _flags(question: Question, count: QuestionCount) -> list[str]:
    found = []
    if count.firsts_right == 0:
        found.append("第一次没有人答对")
    if count.firsts_right == count.firsts:
        found.append("第一次人人答对")
    # Whoever puts all options into an order chooses each of them.
    if question.kind != "ordering" and 0 in count.chosen:
        found.append("有选项没有人选")
    return found
